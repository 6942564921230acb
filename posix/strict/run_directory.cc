#include "posix/strict/run_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "platform/base/native_error.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/strict/locks.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix::os {
namespace {

absl::Status NotOurs(const std::string& path) {
  return absl::PermissionDeniedError(path + " is not a directory or file of this user alone");
}

uint16_t TagOf(const struct stat& file) {
  uint64_t mixed = (static_cast<uint64_t>(file.st_ino) * 0x9e3779b97f4a7c15U) ^
                   (static_cast<uint64_t>(file.st_dev) * 0xc2b2ae3d27d4eb4fU);
  mixed ^= mixed >> 32;
  return static_cast<uint16_t>(mixed ^ (mixed >> 16));
}

}  // namespace

const std::string& RunDirectory() {
  static const std::string* const path =
      new std::string("/tmp/isoproc-" + std::to_string(::geteuid()) + "/");
  return *path;
}

absl::Status EnsureRunDirectory() {
  std::string path = RunDirectory();
  path.pop_back();
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Annotate(PosixError(errno, "mkdir"), path);
  }
  struct stat directory;
  // Not followed: in a directory that everybody may write to, anybody can leave a link.
  if (::lstat(path.c_str(), &directory) != 0) return Annotate(PosixError(errno, "lstat"), path);
  if (!S_ISDIR(directory.st_mode) || directory.st_uid != ::geteuid() ||
      (directory.st_mode & 077) != 0) {
    return NotOurs(path);
  }
  return absl::OkStatus();
}

absl::StatusOr<AliveFile> OpenAliveFile() {
  const std::lock_guard<std::mutex> lock(RunMutex());
  return OpenAliveFileLocked();
}

absl::StatusOr<AliveFile> OpenAliveFileLocked() {
  // Once for the process and never closed: closing any descriptor of the file, also another one,
  // drops the locks of the process. A copy of the process goes on with its copy.
  static int alive_fd = -1;
  const std::string path = RunDirectory() + "alive";
  if (alive_fd < 0) {
    if (absl::Status status = EnsureRunDirectory(); !status.ok()) return status;
    const int fd = AboveStandardStreams(RetryOnEintr(
        [&] { return sys.open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600); }));
    if (fd < 0) return Annotate(PosixError(errno, "open"), path);
    alive_fd = fd;
  }
  struct stat file;
  if (::fstat(alive_fd, &file) != 0) return PosixError(errno, "fstat");
  if (!S_ISREG(file.st_mode) || file.st_uid != ::geteuid() || (file.st_mode & 077) != 0) {
    return NotOurs(path);
  }
  return AliveFile{.fd = alive_fd, .tag = TagOf(file)};
}

absl::StatusOr<bool> BirthIsLocked(int fd, uint64_t birth) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(birth);
  lock.l_len = 1;
  if (::fcntl(fd, F_GETLK, &lock) != 0) return PosixError(errno, "fcntl");
  return lock.l_type != F_UNLCK;
}

void SweepParkers(int fd, uint64_t own_birth, bool at_end) {
  DIR* const directory = ::opendir(RunDirectory().c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = ::readdir(directory)) {
    const absl::string_view name = entry->d_name;
    const size_t dot = name.find('.');
    uint64_t birth;
    if (name.empty() || name[0] != 'p' || dot == absl::string_view::npos ||
        !absl::SimpleAtoi(name.substr(1, dot - 1), &birth)) {
      continue;
    }
    bool remove = at_end && birth == own_birth;
    if (birth != own_birth) {  // the lock of the process itself looks free to it
      const absl::StatusOr<bool> locked = BirthIsLocked(fd, birth);
      remove = locked.ok() && !*locked;
    }
    if (remove) (void)::unlink((RunDirectory() + std::string(name)).c_str());
  }
  ::closedir(directory);
}

}  // namespace isoproc::port::posix::os
