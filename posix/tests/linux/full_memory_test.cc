// What happens where shared memory lies in a file system that is full. Linux lets a process have a
// small one of its own.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

// Whoever is not root may mount in a user namespace of his own, in which he is root.
bool BecomeRoot() {
  const std::string map = "0 " + std::to_string(::geteuid()) + " 1";
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  const int fd = ::open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
  const bool mapped =
      fd >= 0 && ::write(fd, map.data(), map.size()) == static_cast<ssize_t>(map.size());
  if (fd >= 0) ::close(fd);
  return mapped;
}

// From here on the calling process has a MiB of shared memory.
bool MountOneMebibyte() {
  return (::unshare(CLONE_NEWNS) == 0 || BecomeRoot()) &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m,mode=1777") == 0;
}

// In the Linux profile only memory with a name lies in that file system, in the strict one only
// memory without.
absl::StatusOr<std::unique_ptr<Segment>> CreateThere(const std::string& name, uint64_t size) {
  return HostPort().capabilities().profile == "linux" ? HostPort().CreateNamedSegment(name, size)
                                                      : HostPort().CreateSegment(size);
}

TEST(FullMemoryTest, IsAnErrorAndNoSignal) {
  if (!InForkedCopy(MountOneMebibyte)) {
    GTEST_SKIP() << "this system lets the user mount no file system of his own";
  }
  EXPECT_TRUE(InForkedCopy([] {
    if (!MountOneMebibyte()) return false;
    auto half = CreateThere("half", 512 << 10);
    if (!half.ok()) return false;
    std::memset((*half)->data().data(), 1, 512 << 10);
    const absl::Status full = CreateThere("more", 768 << 10).status();
    if (!absl::IsResourceExhausted(full)) return false;
    half->reset();
    auto more = CreateThere("more", 768 << 10);
    if (!more.ok()) return false;
    std::memset((*more)->data().data(), 1, 768 << 10);
    return true;
  }));
}

}  // namespace
}  // namespace isoproc::port::posix
