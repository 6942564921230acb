#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "platform/base/native_error.h"
#include "platform/port/capabilities.h"
#include "posix/errors.h"
#include "posix/os.h"

namespace isoproc::port::posix::os {
namespace {

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

absl::StatusOr<std::string> RealPath(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), ::free);
  if (resolved == nullptr) return Annotate(PosixError(errno, "realpath"), path);
  return std::string(resolved.get());
}

absl::StatusOr<std::string> Find(const std::string& argv0) {
  if (argv0.empty()) return absl::NotFoundError("the program was started without a name");
  if (argv0.find('/') != std::string::npos) return RealPath(argv0);
  // As the shell found it, unless PATH has changed since.
  const char* const path = ::getenv("PATH");
  for (absl::string_view directory : absl::StrSplit(path != nullptr ? path : "", ':')) {
    const std::string candidate =
        (directory.empty() ? std::string(".") : std::string(directory)) + "/" + argv0;
    struct stat file;
    if (::stat(candidate.c_str(), &file) == 0 && S_ISREG(file.st_mode) &&
        ::access(candidate.c_str(), X_OK) == 0) {
      return RealPath(candidate);
    }
  }
  return absl::NotFoundError("no program " + argv0 + " on the PATH");
}

}  // namespace

Capabilities DeclaredCapabilities() {
  return {.profile = "strict-posix",
          .processes = true,
          .fork_server = true,
          .fork = false,
          .pinned_image = false,
          .replaceable_image = true,
          .foreign_fork = true};
}

int UsableCpus(int online) { return online; }

FileTimes TimesOf(const struct stat& file) {
#if defined(__APPLE__)
  return {.written = Nanoseconds(file.st_mtimespec), .changed = Nanoseconds(file.st_ctimespec)};
#else
  return {.written = Nanoseconds(file.st_mtim), .changed = Nanoseconds(file.st_ctim)};
#endif
}

absl::StatusOr<std::string> ProgramPath(std::string_view argv0) {
  // Kept, because a relative path means something else after the program went elsewhere. The first
  // call is made by Init, which is the first statement of main.
  static std::mutex* const mutex = new std::mutex;
  static std::string* const known = new std::string;
  const std::lock_guard<std::mutex> lock(*mutex);
  if (known->empty()) {
    absl::StatusOr<std::string> found = Find(std::string(argv0));
    if (!found.ok()) return found.status();
    *known = *std::move(found);
  }
  return *known;
}

void RestoreProcessName() {}

absl::StatusOr<int> ThreadCount() { return 1; }

void ThreadPlacement::Narrow() { narrowed_ = false; }
void ThreadPlacement::Restore() const { (void)allowed_; }

}  // namespace isoproc::port::posix::os
