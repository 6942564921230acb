#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "win32/tests/support.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

TEST(SegmentTest, ImpossibleSizes) {
  for (const uint64_t size :
       {uint64_t{1} << 46, (uint64_t{1} << 47) + 1, uint64_t{1} << 63,
        std::numeric_limits<uint64_t>::max() - 5000, std::numeric_limits<uint64_t>::max()}) {
    EXPECT_EQ(CodeOf(HostPort().CreateSegment(size)), absl::StatusCode::kResourceExhausted);
  }
}

TEST(SegmentTest, WhatIsNoSegmentIsRefusedAndClosed) {
  ExpectNoHandleLeak([] {
    const HANDLE others[] = {
        ::CreateEventW(nullptr, TRUE, FALSE, nullptr),
        // Memory, but without a header.
        ::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 4096, nullptr),
        ::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 20000, nullptr),
        // A view that may not be written to.
        ::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READONLY, 0, 20000, nullptr),
    };
    for (const HANDLE other : others) {
      EXPECT_EQ(CodeOf(HostPort().MapSegment(HandleOf(UniqueHandle(other)))),
                absl::StatusCode::kInvalidArgument);
    }
    EXPECT_EQ(CodeOf(HostPort().MapSegment(Handle())), absl::StatusCode::kInvalidArgument);
  });
}

TEST(SegmentTest, SizesThatLieAreRefused) {
  for (const uint64_t lie :
       {uint64_t{0}, uint64_t{8193}, uint64_t{1} << 40, std::numeric_limits<uint64_t>::max()}) {
    absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().CreateSegment(8192);
    ASSERT_TRUE(segment.ok());
    // The header is the page before the bytes: magic number, size.
    uint64_t* const header = reinterpret_cast<uint64_t*>((*segment)->data().data() - 4096);
    ASSERT_EQ(header[1], 8192u);
    header[1] = lie;
    absl::StatusOr<Handle> handle = (*segment)->Share();
    ASSERT_TRUE(handle.ok());
    EXPECT_EQ(CodeOf(HostPort().MapSegment(*std::move(handle))),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(SegmentTest, NameHasSoManyPlaces) {
  ExpectNoHandleLeak([] {
    const std::string name = "places" + std::to_string(HostPort().ProcessId());
    std::vector<std::unique_ptr<Segment>> unlinked;
    absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().CreateNamedSegment(name, 1);
    while (segment.ok() && unlinked.size() < 100) {
      unlinked.push_back(*std::move(segment));
      EXPECT_TRUE(HostPort().UnlinkSegment(name).ok());
      segment = HostPort().CreateNamedSegment(name, 1);
    }
    EXPECT_EQ(unlinked.size(), 32u);
    EXPECT_EQ(CodeOf(segment), absl::StatusCode::kResourceExhausted);
    unlinked.erase(unlinked.begin() + 5);
    segment = HostPort().CreateNamedSegment(name, 1);
    EXPECT_TRUE(segment.ok());
    EXPECT_TRUE(HostPort().OpenNamedSegment(name, SegmentAccess::kReadOnly).ok());
  });
}

TEST(SegmentTest, SegmentsLeaveNoHandles) {
  ExpectNoHandleLeak([] {
    absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().CreateSegment(1);
    ASSERT_TRUE(segment.ok());
    absl::StatusOr<Handle> handle = (*segment)->Share();
    ASSERT_TRUE(handle.ok());
    EXPECT_TRUE(HostPort().MapSegment(*std::move(handle)).ok());
  });
}

}  // namespace
}  // namespace isoproc::port::win32
