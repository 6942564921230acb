#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "win32/tests/harness.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

const ChildProgram kWriteMemory("write-memory", [](ChildContext& context) {
  absl::StatusOr<Handle> handle = context.stream->ReceiveHandle(Generous());
  if (!handle.ok()) return 1;
  absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().MapSegment(*std::move(handle));
  if (!segment.ok()) return 2;
  SendLine(*context.stream, std::to_string((*segment)->data().size()));
  for (std::byte& b : (*segment)->data())
    b = std::byte{static_cast<unsigned char>(static_cast<int>(b) + 1)};
  // Shares what it was given, and dies.
  absl::StatusOr<Handle> again = (*segment)->Share();
  if (!again.ok()) return 3;
  const int64_t parent = std::stoll(context.arguments[0]);
  if (!context.stream->SendHandle(*again, parent, Generous()).ok()) return 4;
  ReceiveLine(*context.stream);
  return 0;
});

TEST(SegmentTest, SizeIsExactAlignedAndZero) {
  for (const uint64_t size : {1u, 4095u, 4096u, 4097u, 65535u, 65536u, 1000000u}) {
    absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().CreateSegment(size);
    ASSERT_TRUE(segment.ok()) << segment.status();
    const absl::Span<std::byte> data = (*segment)->data();
    EXPECT_EQ(data.size(), size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data.data()) % 4096, 0u);
    EXPECT_TRUE(
        std::all_of(data.begin(), data.end(), [](std::byte b) { return b == std::byte{}; }));
    data.front() = std::byte{7};
    data.back() = std::byte{7};
    absl::StatusOr<Handle> handle = (*segment)->Share();
    ASSERT_TRUE(handle.ok()) << handle.status();
    segment->reset();
    absl::StatusOr<std::unique_ptr<Segment>> mapped = HostPort().MapSegment(*std::move(handle));
    ASSERT_TRUE(mapped.ok()) << mapped.status();
    EXPECT_EQ((*mapped)->data().size(), size);
    EXPECT_EQ((*mapped)->data().back(), std::byte{7});
  }
}

TEST(SegmentTest, ImpossibleSizes) {
  EXPECT_EQ(CodeOf(HostPort().CreateSegment(0)), absl::StatusCode::kInvalidArgument);
  for (const uint64_t size :
       {uint64_t{1} << 46, (uint64_t{1} << 47) + 1, uint64_t{1} << 63,
        std::numeric_limits<uint64_t>::max() - 5000, std::numeric_limits<uint64_t>::max()}) {
    EXPECT_EQ(CodeOf(HostPort().CreateSegment(size)), absl::StatusCode::kResourceExhausted);
  }
}

TEST(SegmentTest, SharedBetweenProcesses) {
  absl::StatusOr<std::unique_ptr<Segment>> segment = HostPort().CreateSegment(10001);
  ASSERT_TRUE(segment.ok()) << segment.status();
  std::fill((*segment)->data().begin(), (*segment)->data().end(), std::byte{41});
  absl::StatusOr<StartedChild> child =
      Start(kWriteMemory, {std::to_string(HostPort().ProcessId())});
  ASSERT_TRUE(child.ok()) << child.status();
  {
    const absl::StatusOr<Handle> handle = (*segment)->Share();
    ASSERT_TRUE(handle.ok()) << handle.status();
    ASSERT_TRUE(child->stream->SendHandle(*handle, child->process->pid(), Generous()).ok());
  }
  segment->reset();  // the child has it now
  EXPECT_EQ(ReceiveLine(*child->stream), "10001");
  absl::StatusOr<Handle> back = child->stream->ReceiveHandle(Generous());
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_TRUE(child->process->Kill(9).ok());
  ASSERT_TRUE(child->process->Wait(Generous()).ok());
  absl::StatusOr<std::unique_ptr<Segment>> mapped = HostPort().MapSegment(*std::move(back));
  ASSERT_TRUE(mapped.ok()) << mapped.status();
  EXPECT_EQ((*mapped)->data().size(), 10001u);
  EXPECT_TRUE(std::all_of((*mapped)->data().begin(), (*mapped)->data().end(),
                          [](std::byte b) { return b == std::byte{42}; }));
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
