#include "posix/child_watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/linux/syscalls_linux.h"
#include "posix/os.h"
#include "posix/signals.h"
#include "posix/syscalls.h"
#include "posix/wait.h"

namespace isoproc::port::posix::os {
namespace {

absl::StatusOr<Fd> OpenPidfd(pid_t pid) {
  Fd pidfd(linux_sys.pidfd_open(pid));
  if (!pidfd) return PosixError(errno, "pidfd_open");
  pidfd.reset(AboveStandardStreams(pidfd.release()));
  if (!pidfd) return PosixError(errno, "fcntl");
  return pidfd;
}

class PidfdChildWatch final : public ChildWatch {
 public:
  explicit PidfdChildWatch(Fd pidfd) : pidfd_(std::move(pidfd)) {}

  absl::StatusOr<int> Descriptor() override { return pidfd_.get(); }

  absl::Status AwaitEnd(Deadline deadline) override {
    return PollOne(pidfd_.get(), POLLIN, deadline);
  }

  absl::StatusOr<State> Look() override {
    siginfo_t info;
    const int error = Wait(WNOWAIT, &info);
    if (error == ECHILD) return State::kGone;
    if (error != 0) return PosixError(error, "waitid");
    return info.si_pid != 0 ? State::kEnded : State::kRunning;
  }

  absl::StatusOr<std::optional<End>> Collect() override {
    siginfo_t info;
    const int error = Wait(0, &info);
    // Somebody else has taken the status.
    if (error == ECHILD) return End{};
    if (error != 0) return PosixError(error, "waitid");
    if (info.si_pid == 0) return std::nullopt;
    return End{.wait_status = WaitStatusOf(info)};
  }

  int Signal(int signal) override { return linux_sys.pidfd_send_signal(pidfd_.get(), signal); }

 private:
  int Wait(int options, siginfo_t* info) {
    *info = {};
    const int result = RetryOnEintr([&] {
      return sys.waitid(kWaitByPidfd, static_cast<id_t>(pidfd_.get()), info,
                        WEXITED | WNOHANG | options);
    });
    return result == 0 ? 0 : errno;
  }

  const Fd pidfd_;
};

// Where SIGCHLD is ignored, a child is gone as soon as it has ended, perhaps before it could be
// watched.
class GoneChildWatch final : public ChildWatch {
 public:
  absl::StatusOr<int> Descriptor() override { return kNone; }
  bool Ready(bool) override { return true; }
  absl::Status AwaitEnd(Deadline) override { return absl::OkStatus(); }
  absl::StatusOr<State> Look() override { return State::kGone; }
  absl::StatusOr<std::optional<End>> Collect() override { return End{}; }
  int Signal(int) override { return 0; }
};

class PidfdRef final : public ProcessRef {
 public:
  explicit PidfdRef(Fd pidfd) : pidfd_(std::move(pidfd)) {}

  absl::StatusOr<int> Descriptor() override { return pidfd_.get(); }

  bool Ended() override {
    pollfd entry = {.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    return RetryOnEintr([&] { return sys.poll(&entry, 1, 0); }) > 0;
  }

  int Signal(int signal) override { return linux_sys.pidfd_send_signal(pidfd_.get(), signal); }

 private:
  const Fd pidfd_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChildWatch>> WatchChild(pid_t pid) {
  absl::StatusOr<Fd> pidfd = OpenPidfd(pid);
  if (absl::IsNotFound(pidfd.status())) return std::make_unique<GoneChildWatch>();
  if (!pidfd.ok()) return pidfd.status();
  return std::make_unique<PidfdChildWatch>(*std::move(pidfd));
}

absl::StatusOr<std::unique_ptr<ProcessRef>> OpenProcess(pid_t pid) {
  absl::StatusOr<Fd> pidfd = OpenPidfd(pid);
  if (!pidfd.ok()) return pidfd.status();
  return std::make_unique<PidfdRef>(*std::move(pidfd));
}

}  // namespace isoproc::port::posix::os
