#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

class MemoryTest : public testing::Test {
 protected:
  void SetUp() override { before_ = OpenDescriptors(); }
  void TearDown() override { EXPECT_EQ(OpenDescriptors(), before_); }
  std::set<int> before_;
};

TEST_F(MemoryTest, SegmentsAreZeroAndOfTheSizeAskedFor) {
  for (const uint64_t size : {1U, 4095U, 4096U, 4097U, 1U << 20}) {
    auto segment = HostPort().CreateSegment(size);
    ASSERT_OK(segment);
    const absl::Span<std::byte> data = (*segment)->data();
    EXPECT_EQ(data.size(), size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data.data()) % 4096, 0U);
    EXPECT_TRUE(
        std::all_of(data.begin(), data.end(), [](std::byte b) { return b == std::byte{}; }));
    auto handle = (*segment)->Share();
    ASSERT_OK(handle);
    EXPECT_NE(::fcntl(static_cast<int>(handle->native()), F_GETFD) & FD_CLOEXEC, 0);
    auto other = HostPort().MapSegment(*std::move(handle));
    ASSERT_OK(other);
    EXPECT_EQ((*other)->data().size(), size);
    data[size - 1] = std::byte{7};
    EXPECT_EQ((*other)->data()[size - 1], std::byte{7});
    segment->reset();
    EXPECT_EQ((*other)->data()[size - 1], std::byte{7});
  }
}

TEST_F(MemoryTest, CopiesOfTheProcessShareIt) {
  auto segment = HostPort().CreateSegment(1);
  ASSERT_OK(segment);
  EXPECT_TRUE(InForkedCopy([&] {
    (*segment)->data()[0] = std::byte{9};
    return true;
  }));
  EXPECT_EQ((*segment)->data()[0], std::byte{9});
}

TEST_F(MemoryTest, SizesThatCannotBe) {
  EXPECT_CODE(HostPort().CreateSegment(0), kInvalidArgument);
  for (const uint64_t size :
       {uint64_t{1} << 50, uint64_t{std::numeric_limits<int64_t>::max()},
        std::numeric_limits<uint64_t>::max(), std::numeric_limits<uint64_t>::max() - 4096}) {
    EXPECT_CODE(HostPort().CreateSegment(size), kResourceExhausted);
  }
}

TEST_F(MemoryTest, OtherHandlesAreNoSegments) {
  Pipe pipe = MakePipe();
  EXPECT_CODE(HostPort().MapSegment(HandleOf(std::move(pipe.read))), kInvalidArgument);
  EXPECT_CODE(HostPort().MapSegment(HandleOf(Fd(::open("/dev/null", O_RDWR | O_CLOEXEC)))),
              kInvalidArgument);
  EXPECT_CODE(HostPort().MapSegment(HandleOf(Fd(::open("/bin/sh", O_RDONLY | O_CLOEXEC)))),
              kInvalidArgument);
  EXPECT_CODE(HostPort().MapSegment(Handle()), kInvalidArgument);
}

TEST_F(MemoryTest, NamesAreForThisUserOnly) {
  const std::string name = "Mine" + std::to_string(HostPort().ProcessId());
  const mode_t mask = ::umask(0777);
  auto segment = HostPort().CreateNamedSegment(name, 1);
  ::umask(mask);
  ASSERT_OK(segment);
  auto handle = (*segment)->Share();
  ASSERT_OK(handle);
  struct stat file;
  ASSERT_EQ(::fstat(static_cast<int>(handle->native()), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, 0600U);
  EXPECT_EQ(file.st_nlink, 1U);
  // What others could open does not count as ours.
  ASSERT_EQ(::fchmod(static_cast<int>(handle->native()), 0644), 0);
  EXPECT_CODE(HostPort().OpenNamedSegment(name, SegmentAccess::kReadOnly), kPermissionDenied);
  ASSERT_EQ(::fchmod(static_cast<int>(handle->native()), 0600), 0);
  EXPECT_OK(HostPort().UnlinkSegment(name));
}

TEST_F(MemoryTest, NobodyCanShrinkASegmentUnderTheOthers) {
  auto segment = HostPort().CreateSegment(8192);
  ASSERT_OK(segment);
  auto handle = (*segment)->Share();
  ASSERT_OK(handle);
  const int fd = static_cast<int>(handle->native());
  if (HostPort().capabilities().profile != "linux") {
    GTEST_SKIP() << "POSIX cannot seal memory; see the known limits in README.md";
  }
  EXPECT_NE(::ftruncate(fd, 0), 0);
  EXPECT_NE(::ftruncate(fd, 1 << 20), 0);
}

}  // namespace
}  // namespace isoproc::port::posix
