// Shared memory is a sealed memfd: no name, no limit of a file system, and nobody can shrink it
// under the feet of the others, which would kill them with SIGBUS. What has a name is a file in
// /dev/shm, which cannot be sealed; there, nobody but this user can get at it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/linux/cgroup.h"
#include "posix/linux/stat.h"
#include "posix/linux/syscalls_linux.h"
#include "posix/named_memory.h"
#include "posix/os.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix::os {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr unsigned int kNoExec = 8;  // MFD_NOEXEC_SEAL, since Linux 6.3

// What can still be given out without killing somebody; nullopt: the system does not tell.
std::optional<uint64_t> AvailableMemory() {
  const absl::StatusOr<std::string> text = ReadSmallFile("/proc/meminfo");
  if (!text.ok()) return std::nullopt;
  std::optional<uint64_t> available;
  uint64_t swap = 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    const bool is_memory = absl::ConsumePrefix(&line, "MemAvailable:");
    if (!is_memory && !absl::ConsumePrefix(&line, "SwapFree:")) continue;
    absl::ConsumeSuffix(&line, "kB");
    uint64_t kilobytes;
    if (!absl::SimpleAtoi(line, &kilobytes)) continue;
    if (is_memory) {
      available = kilobytes * 1024;
    } else {
      swap = kilobytes * 1024;
    }
  }
  if (available.has_value()) *available += swap;
  return available;
}

// The kernel reserves page by page and, when they run out, ends processes before it refuses. So
// what cannot end well is not begun.
bool Hopeless(uint64_t size) {
  constexpr uint64_t kNotWorthAsking = 4 << 20;
  if (size <= kNotWorthAsking) return false;
  const std::optional<uint64_t> available = AvailableMemory();
  if (available.has_value() && size > *available) return true;
  const std::optional<uint64_t> limit = MemoryLimit();
  return limit.has_value() && size > *limit;
}

// In pieces, since a signal makes the call give back what it had reserved and start anew.
int Reserve(int fd, off_t size) {
  constexpr off_t kPiece = 64 << 20;
  for (off_t offset = 0; offset < size; offset += kPiece) {
    const off_t length = std::min(kPiece, size - offset);
    if (RetryOnEintr([&] { return linux_sys.fallocate(fd, 0, offset, length); }) != 0) return -1;
  }
  return 0;
}

}  // namespace

absl::StatusOr<Fd> CreateMemory(uint64_t size) {
  constexpr unsigned int kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd fd(linux_sys.memfd_create("isoproc", kFlags | kNoExec));
  if (!fd && errno == EINVAL) fd.reset(linux_sys.memfd_create("isoproc", kFlags));
  if (!fd) return PosixError(errno, "memfd_create");
  fd.reset(AboveStandardStreams(fd.release()));
  if (!fd) return PosixError(errno, "fcntl");
  const absl::Status made = MakeMemory(fd.get(), size);
  if (!made.ok()) return made;
  if (sys.fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return PosixError(errno, "fcntl");
  return fd;
}

absl::Status MakeMemory(int fd, uint64_t size) {
  if (size > static_cast<uint64_t>(std::numeric_limits<off_t>::max()) || Hopeless(size)) {
    return PosixError(ENOMEM, "fallocate");
  }
  const auto length = static_cast<off_t>(size);
  if (RetryOnEintr([&] { return sys.ftruncate(fd, length); }) != 0) {
    return PosixError(errno, "ftruncate");
  }
  if (Reserve(fd, length) != 0) return PosixError(errno, "fallocate");
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> MemorySize(int fd) {
  const int seals = sys.fcntl(fd, F_GET_SEALS, 0);
  struct stat file;
  const bool sealed = seals >= 0 && (seals & kSeals) == kSeals;
  if (::fstat(fd, &file) != 0 || file.st_size <= 0 || !(sealed || IsOwnFile(file))) {
    return absl::InvalidArgumentError("the handle is not a segment");
  }
  return static_cast<uint64_t>(file.st_size);
}

absl::StatusOr<std::string> NamedMemoryPrefix() {
  return absl::StrCat("/dev/shm/isoproc.", ::geteuid(), ".");
}

}  // namespace isoproc::port::posix::os
