#include "posix/system.h"

#include <pthread.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/base/native_error.h"
#include "posix/errors.h"
#include "posix/os.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

// getpid() is a call of the system: 0.1 microseconds.
std::atomic<int64_t> known_id{0};
// Before main, so that it comes before those of the program's main. Until then nothing is kept.
const bool forgets_in_copies =
    ::pthread_atfork(nullptr, nullptr, [] { known_id.store(0, std::memory_order_relaxed); }) == 0;

}  // namespace

void RandomBytes(absl::Span<std::byte> into) {
  constexpr size_t kMostAtOnce = 256;
  while (!into.empty()) {
    const size_t size = std::min(into.size(), kMostAtOnce);
    // Names and keys that others can guess are worse than no program.
    if (RetryOnEintr([&] { return ::getentropy(into.data(), size); }) != 0) std::abort();
    into.remove_prefix(size);
  }
}

int CpuCount() { return std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN))); }

int UsableCpuCount() {
  const int online = CpuCount();
  return std::clamp(os::UsableCpus(online), 1, online);
}

int64_t ProcessId() {
  int64_t id = known_id.load(std::memory_order_relaxed);
  if (id == 0) {
    id = ::getpid();
    if (forgets_in_copies) known_id.store(id, std::memory_order_relaxed);
  }
  return id;
}

absl::StatusOr<std::string> FileIdentity(const std::string& path) {
  struct stat file;
  if (::stat(path.c_str(), &file) != 0) return Annotate(PosixError(errno, "stat"), path);
  // The change time as well: it also tells an image apart that was written over in place, with its
  // size kept and its modification time set back.
  const os::FileTimes times = os::TimesOf(file);
  return absl::StrCat(file.st_dev, ":", file.st_ino, ":", file.st_size, ":", times.written, ":",
                      times.changed);
}

void EndFamily() {
  // The caller is in the group, too: nobody is left to see another exit code.
  if (::getpgrp() == ::getpid()) (void)sys.kill(0, SIGKILL);
  ::_exit(1);
}

}  // namespace isoproc::port::posix
