// A process is named by its id and a random number, and alive while it holds the lock of that
// number: see run_directory.h.
#include "platform/port/liveness.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "posix/errors.h"
#include "posix/os.h"
#include "posix/strict/locks.h"
#include "posix/strict/run_directory.h"
#include "posix/syscalls.h"
#include "posix/system.h"
#include "posix/waitable.h"

namespace isoproc::port::posix::os {
namespace {

// Of a birth number, the upper 15 bits say which "alive" file it is a place in, and the lower 47
// are the place. It is positive as an off_t, and no process has the place 0.
constexpr int kPlaceBits = 47;
constexpr uint64_t kPlaceMask = (uint64_t{1} << kPlaceBits) - 1;

uint64_t TagBits(const AliveFile& file) {
  return static_cast<uint64_t>(file.tag & 0x7fff) << kPlaceBits;
}

// Guarded by RunMutex(); pid 0: none.
constinit ProcessIdentity known_self;

void RemoveOwnParkers() {
  const std::lock_guard<std::mutex> lock(RunMutex());
  const ProcessIdentity self = known_self;
  if (self.pid != ::getpid()) return;  // a copy, which inherits exit handlers
  const absl::StatusOr<AliveFile> file = OpenAliveFileLocked();
  if (file.ok()) SweepParkers(file->fd, self.birth, /*at_end=*/true);
}

// Takes a place that nobody has.
absl::StatusOr<uint64_t> TakePlace(const AliveFile& file) {
  while (true) {
    uint64_t birth;
    RandomBytes({reinterpret_cast<std::byte*>(&birth), sizeof(birth)});
    birth &= kPlaceMask;
    if (birth == 0) continue;
    birth |= TagBits(file);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(birth);
    lock.l_len = 1;
    const int result = RetryOnEintr([&] { return ::fcntl(file.fd, F_SETLK, &lock); });
    if (result == 0) return birth;
    if (errno != EACCES && errno != EAGAIN) return PosixError(errno, "fcntl");
  }
}

class LockDeathNotice final : public DeathNotice, public Pollable {
 public:
  explicit LockDeathNotice(const ProcessIdentity& process) : process_(process) {}

  // Waiting for a lock cannot be polled, so the waiter asks from time to time.
  absl::StatusOr<int> Descriptor() override { return kNone; }
  bool Ready(bool) override {
    const absl::StatusOr<bool> alive = IsAlive(process_);
    return alive.ok() && !*alive;
  }

 private:
  const ProcessIdentity process_;
};

}  // namespace

absl::StatusOr<ProcessIdentity> Self() {
  // A copy of the process must not find what is known of the original, even if it has got the
  // process id of one that was the original's original and is dead.
  static const int forgetful = ::pthread_atfork(nullptr, nullptr, [] { known_self = {}; });
  (void)forgetful;
  const std::lock_guard<std::mutex> lock(RunMutex());
  const int64_t pid = ::getpid();
  if (known_self.pid == pid) return known_self;
  const absl::StatusOr<AliveFile> file = OpenAliveFileLocked();
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> birth = TakePlace(*file);
  if (!birth.ok()) return birth.status();
  known_self = {.pid = pid, .birth = *birth};
  static const int registered = std::atexit(RemoveOwnParkers);
  (void)registered;
  return known_self;
}

absl::StatusOr<bool> IsAlive(const ProcessIdentity& process) {
  if (process.pid <= 0 || process.pid != static_cast<pid_t>(process.pid)) return false;
  if (sys.kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == ESRCH) return false;
  if (process.birth == 0) return true;  // or a zombie, which nothing portable tells apart
  if (process.pid == ::getpid()) {
    // A process does not see its own locks.
    const absl::StatusOr<ProcessIdentity> self = Self();
    if (!self.ok()) return self.status();
    return *self == process;
  }
  const absl::StatusOr<AliveFile> file = OpenAliveFile();
  if (!file.ok()) return file.status();
  if ((process.birth & ~kPlaceMask) != TagBits(*file)) {
    // Its file was removed from under it. To say "dead" of a living process does more harm than to
    // say nothing.
    return absl::UnavailableError("the process is registered in another file");
  }
  return BirthIsLocked(file->fd, process.birth);
}

absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process) {
  const absl::StatusOr<bool> alive = IsAlive(process);
  if (!alive.ok()) return alive.status();
  return std::make_unique<LockDeathNotice>(process);
}

}  // namespace isoproc::port::posix::os
