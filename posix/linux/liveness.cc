// A process is named by its id and the time of its start, which /proc tells.
#include "platform/port/liveness.h"

#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/native_error.h"
#include "posix/errors.h"
#include "posix/linux/stat.h"
#include "posix/os.h"
#include "posix/syscalls.h"
#include "posix/waitable.h"

namespace isoproc::port::posix::os {
namespace {

// What Self() has found; the first word is written last.
constinit std::atomic<int64_t> known_pid{0};
constinit std::atomic<uint64_t> known_birth{0};

// nullopt: there is no such process.
absl::StatusOr<std::optional<ProcessStat>> StatOf(int64_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  absl::StatusOr<std::string> text = ReadSmallFile(path.c_str());
  if (!text.ok()) {
    const std::optional<NativeCode> native = GetNativeCode(text.status());
    // ESRCH: it was reaped between open and read.
    if (!native.has_value() || (native->code != ENOENT && native->code != ESRCH)) {
      return text.status();
    }
    if (sys.kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return std::nullopt;
    // It has begun since, or is one that /proc does not show: to everybody (there is none), or to
    // us (mounted with hidepid). When in doubt, nobody is dead.
    text = ReadSmallFile(path.c_str());
    if (!text.ok()) return text.status();
  }
  const std::optional<ProcessStat> stat = ParseStat(*text);
  if (!stat.has_value()) return absl::InternalError("/proc says something strange: " + *text);
  return stat;
}

bool Dead(const ProcessStat& stat) {
  const bool zombie = stat.state == 'Z' || stat.state == 'X' || stat.state == 'x';
  // The first thread of a process may end before the others; it is then a zombie that is counted
  // among them.
  return zombie && stat.threads <= 1;
}

class PidfdDeathNotice final : public DeathNotice, public Pollable {
 public:
  // Null: dead already.
  explicit PidfdDeathNotice(std::unique_ptr<ProcessRef> process) : process_(std::move(process)) {}

  absl::StatusOr<int> Descriptor() override {
    if (process_ == nullptr) return kNone;
    return process_->Descriptor();
  }
  bool Ready(bool signalled) override { return process_ == nullptr || signalled; }

 private:
  const std::unique_ptr<ProcessRef> process_;
};

}  // namespace

absl::StatusOr<ProcessIdentity> Self() {
  // A copy of the process must not find what is known of the original, even if it has got the
  // process id of one that was the original's original and is dead.
  static const int registered = ::pthread_atfork(nullptr, nullptr, [] { known_pid.store(0); });
  (void)registered;
  const int64_t pid = ::getpid();
  if (known_pid.load(std::memory_order_acquire) == pid) {
    return ProcessIdentity{.pid = pid, .birth = known_birth.load(std::memory_order_relaxed)};
  }
  const absl::StatusOr<std::string> text = ReadSmallFile("/proc/self/stat");
  if (!text.ok()) return text.status();
  const std::optional<ProcessStat> stat = ParseStat(*text);
  if (!stat.has_value()) return absl::InternalError("/proc says something strange: " + *text);
  known_birth.store(stat->start_time, std::memory_order_relaxed);
  known_pid.store(pid, std::memory_order_release);
  return ProcessIdentity{.pid = pid, .birth = stat->start_time};
}

absl::StatusOr<bool> IsAlive(const ProcessIdentity& process) {
  if (process.pid <= 0 || process.pid != static_cast<pid_t>(process.pid)) return false;
  const absl::StatusOr<std::optional<ProcessStat>> stat = StatOf(process.pid);
  if (!stat.ok()) return stat.status();
  if (!stat->has_value() || Dead(**stat)) return false;
  return process.birth == 0 || (*stat)->start_time == process.birth;
}

absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process) {
  // Opened first and looked at then: what is alive after the pidfd was made is what the pidfd
  // means.
  absl::StatusOr<std::unique_ptr<ProcessRef>> ref =
      absl::NotFoundError("not the id of any process");
  if (process.pid > 0) ref = OpenProcess(static_cast<pid_t>(process.pid));
  const absl::StatusOr<bool> alive = IsAlive(process);
  if (!alive.ok()) return alive.status();
  if (!*alive) return std::make_unique<PidfdDeathNotice>(nullptr);
  if (!ref.ok()) return ref.status();
  return std::make_unique<PidfdDeathNotice>(*std::move(ref));
}

}  // namespace isoproc::port::posix::os
