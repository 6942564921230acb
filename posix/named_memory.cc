#include "posix/named_memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/syscalls.h"
#include "posix/system.h"

namespace isoproc::port::posix {
namespace {

// Some file systems do not tell a from A: a capital letter is "+" and the small one.
std::string FileNameOf(const std::string& name) {
  std::string file_name;
  for (const char c : name) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) file_name.push_back('+');
    file_name.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return file_name;
}

absl::StatusOr<std::string> PathOf(const std::string& name) {
  absl::StatusOr<std::string> path = os::NamedMemoryPrefix();
  if (path.ok()) *path += FileNameOf(name);
  return path;
}

// Anybody may have put anything there: a link is not followed, a FIFO not waited for.
absl::StatusOr<Fd> OpenOwnFile(const std::string& path, int access) {
  constexpr int kFlags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  Fd fd(AboveStandardStreams(
      RetryOnEintr([&] { return sys.open(path.c_str(), access | kFlags, 0); })));
  if (!fd) return PosixError(errno, "open");
  struct stat file;
  if (::fstat(fd.get(), &file) != 0) return PosixError(errno, "fstat");
  if (!IsOwnFile(file)) return absl::PermissionDeniedError(path + " is not this user's alone");
  return fd;
}

bool LeadsTo(const std::string& path, const Fd& fd) {
  struct stat named;
  struct stat file;
  return ::lstat(path.c_str(), &named) == 0 && ::fstat(fd.get(), &file) == 0 &&
         named.st_dev == file.st_dev && named.st_ino == file.st_ino;
}

bool Lock(const Fd& fd, int operation) {
  return RetryOnEintr([&] { return sys.flock(fd.get(), operation); }) == 0;
}

// Opens and holds the file at `path`; one that nobody else has is removed, and counts as not there.
absl::StatusOr<Fd> Hold(const std::string& path, int access) {
  while (true) {
    absl::StatusOr<Fd> fd = OpenOwnFile(path, access);
    if (!fd.ok()) return fd;
    if (Lock(*fd, LOCK_EX | LOCK_NB)) {
      if (LeadsTo(path, *fd) && ::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return PosixError(errno, "unlink");
      }
      continue;
    }
    if (errno != EWOULDBLOCK) return PosixError(errno, "flock");
    // It may be held by who has just found that nobody has the file; he goes on at once.
    if (!Lock(*fd, LOCK_SH)) return PosixError(errno, "flock");
    if (LeadsTo(path, *fd)) return fd;
  }
}

}  // namespace

bool IsOwnFile(const struct stat& file) {
  return S_ISREG(file.st_mode) && file.st_uid == ::geteuid() && (file.st_mode & 07777) == 0600;
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::exchange(other.path_, "")), fd_(std::move(other.fd_)) {}

NewFile::~NewFile() {
  if (!path_.empty()) (void)::unlink(path_.c_str());
}

absl::StatusOr<NewFile> NewFile::Create() {
  const absl::StatusOr<std::string> prefix = os::NamedMemoryPrefix();
  if (!prefix.ok()) return prefix.status();
  while (true) {
    std::byte random[16];
    RandomBytes(random);
    NewFile file(absl::StrCat(*prefix, "=",  // which no name has
                              absl::BytesToHexString(absl::string_view(
                                  reinterpret_cast<const char*>(random), sizeof(random)))));
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    file.fd_.reset(AboveStandardStreams(
        RetryOnEintr([&] { return sys.open(file.path_.c_str(), kFlags, 0600); })));
    if (!file.fd_) {
      // Not what the caller asked for is missing, but the place for it.
      return errno == ENOENT ? PosixErrorAs(absl::StatusCode::kUnavailable, errno, "open")
                             : PosixError(errno, "open");
    }
    // Whatever the user's mask has left of it.
    if (::fchmod(file.fd_.get(), 0600) != 0) return PosixError(errno, "fchmod");
    if (!Lock(file.fd_, LOCK_SH)) return PosixError(errno, "flock");
    // Until it was locked it was nobody's.
    if (LeadsTo(file.path_, file.fd_)) return file;
  }
}

absl::Status NewFile::Publish(const std::string& name) const {
  const absl::StatusOr<std::string> path = PathOf(name);
  if (!path.ok()) return path.status();
  if (sys.link(path_.c_str(), path->c_str()) != 0) return PosixError(errno, "link");
  return absl::OkStatus();
}

absl::StatusOr<Fd> OpenNamedMemory(const std::string& name, SegmentAccess access) {
  const absl::StatusOr<std::string> path = PathOf(name);
  if (!path.ok()) return path.status();
  return Hold(*path, access == SegmentAccess::kReadOnly ? O_RDONLY : O_RDWR);
}

absl::Status UnlinkNamedMemory(const std::string& name) {
  const absl::StatusOr<std::string> path = PathOf(name);
  if (!path.ok()) return path.status();
  const absl::StatusOr<Fd> fd = Hold(*path, O_RDONLY);
  if (!fd.ok()) return fd.status();
  if (::unlink(path->c_str()) != 0) return PosixError(errno, "unlink");
  return absl::OkStatus();
}

absl::StatusOr<bool> NamedMemoryExists(const std::string& name) {
  absl::StatusOr<Fd> fd = OpenNamedMemory(name, SegmentAccess::kReadOnly);
  if (fd.ok()) {
    // The last holder may have ended meanwhile, and have seen a file that is held.
    fd->reset();
    SweepNamedMemory();
    return true;
  }
  if (absl::IsNotFound(fd.status())) return false;
  return fd.status();
}

void SweepNamedMemory() {
  const absl::StatusOr<std::string> prefix = os::NamedMemoryPrefix();
  if (!prefix.ok()) return;
  const size_t slash = prefix->rfind('/');
  const std::string directory = prefix->substr(0, slash + 1);
  const absl::string_view begin = absl::string_view(*prefix).substr(slash + 1);
  DIR* const entries = ::opendir(directory.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    const absl::string_view file_name = entry->d_name;
    if (file_name.substr(0, begin.size()) != begin) continue;
    const std::string path = absl::StrCat(directory, file_name);
    const absl::StatusOr<Fd> fd = OpenOwnFile(path, O_RDONLY);
    if (fd.ok() && Lock(*fd, LOCK_EX | LOCK_NB) && LeadsTo(path, *fd)) (void)::unlink(path.c_str());
  }
  ::closedir(entries);
}

}  // namespace isoproc::port::posix
