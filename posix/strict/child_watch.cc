// Without pidfd, the end of a child can be waited for by a thread only. There is one for each child
// of which somebody wants to know the end in another way than by waiting for ever.
#include "posix/child_watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/report_pipe.h"
#include "posix/signals.h"
#include "posix/syscalls.h"
#include "posix/thread.h"
#include "posix/wait.h"

namespace isoproc::port::posix::os {
namespace {

constexpr size_t kWatcherStack = size_t{256} << 10;

// A child and who is waiting for it. Shared with the thread, which may outlive the watch.
class Observed : public std::enable_shared_from_this<Observed> {
 public:
  explicit Observed(pid_t pid) : pid_(pid) {}

  // Readable when the child has ended.
  absl::StatusOr<int> Descriptor() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!pipe_.read) {
      absl::StatusOr<ReportPipe> pipe = CreateReportPipe();
      if (!pipe.ok()) return pipe.status();
      pipe_ = *std::move(pipe);
      if (ended_) Announce();
    }
    if (!ended_ && !observing_) {
      absl::Status status =
          StartThread([self = shared_from_this()] { self->Block(); }, kWatcherStack);
      if (!status.ok()) return status;
      observing_ = true;
    }
    return pipe_.read.get();
  }

  absl::Status AwaitEnd(Deadline deadline) {
    if (deadline.never()) {
      std::unique_lock<std::mutex> lock(mutex_);
      if (ended_) return absl::OkStatus();
      if (!observing_) {
        observing_ = true;
        lock.unlock();
        Block();
        return absl::OkStatus();
      }
    }
    const absl::StatusOr<int> descriptor = Descriptor();
    if (!descriptor.ok()) return descriptor.status();
    return PollOne(*descriptor, POLLIN, deadline);
  }

  absl::StatusOr<ChildWatch::State> Look() {
    const std::lock_guard<std::mutex> lock(mutex_);
    siginfo_t info;
    const int error = Ask(WNOHANG | WNOWAIT, &info);
    if (error == ECHILD) return ChildWatch::State::kGone;
    if (error != 0) return PosixError(error, "waitid");
    return info.si_pid != 0 ? ChildWatch::State::kEnded : ChildWatch::State::kRunning;
  }

  absl::StatusOr<std::optional<ChildWatch::End>> Collect() {
    std::unique_lock<std::mutex> lock(mutex_);
    siginfo_t info;
    int error = Ask(WNOHANG | WNOWAIT, &info);
    if (error == ECHILD) return Gone();
    if (error != 0) return PosixError(error, "waitid");
    if (info.si_pid == 0) return std::nullopt;
    // Who is on the way into waitid() with this process id must not meet its next owner; the zombie
    // keeps it until that call has returned, which it does at once.
    observer_left_.wait(lock, [this] { return !observing_; });
    error = Ask(WNOHANG, &info);
    if (error == ECHILD) return Gone();
    if (error != 0) return PosixError(error, "waitid");
    SetEnded();
    return ChildWatch::End{.wait_status = WaitStatusOf(info)};
  }

  int Signal(int signal) { return sys.kill(pid_, signal); }

  // Nobody polls any more, although the thread may go on.
  void Close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    pipe_ = ReportPipe();
  }

 private:
  // Blocks until the child has ended. Requires that observing_ was set by the caller.
  void Block() {
    siginfo_t info;
    for (int error = Ask(WNOWAIT, &info); error != 0 && error != ECHILD;
         error = Ask(WNOWAIT, &info)) {
      // The system is short of something; others rely on this call.
      (void)::poll(nullptr, 0, Pollable::kRecheckPeriodMs);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    observing_ = false;
    SetEnded();
    observer_left_.notify_all();
  }

  // Requires the mutex. Somebody else has reaped the child.
  ChildWatch::End Gone() {
    SetEnded();
    return ChildWatch::End{};
  }

  // Requires the mutex. Nobody begins to wait for the process id from now on; it may be anybody's.
  void SetEnded() {
    ended_ = true;
    if (pipe_.write) Announce();
  }

  // Requires the mutex. A byte that nobody reads, and not a hang-up alone, since a copy of this
  // process may hold the end open as well.
  void Announce() {
    (void)RetryOnEintr([&] { return sys.write(pipe_.write.get(), "", 1); });
    pipe_.write.reset();
  }

  // Returns 0 or errno.
  int Ask(int options, siginfo_t* info) {
    *info = {};
    const int result = RetryOnEintr(
        [&] { return sys.waitid(P_PID, static_cast<id_t>(pid_), info, WEXITED | options); });
    return result == 0 ? 0 : errno;
  }

  const pid_t pid_;
  std::mutex mutex_;
  std::condition_variable observer_left_;
  // All guarded by mutex_.
  bool observing_ = false;  // somebody is inside Block()
  bool ended_ = false;      // the end was seen
  ReportPipe pipe_;         // a byte is put in at the child's end
};

class ThreadChildWatch final : public ChildWatch {
 public:
  explicit ThreadChildWatch(pid_t pid)
      : creator_(::getpid()), observed_(std::make_shared<Observed>(pid)) {}
  ~ThreadChildWatch() override {
    // In a copy of the process the mutex may be held by a thread that does not exist.
    if (::getpid() == creator_) observed_->Close();
  }

  absl::StatusOr<int> Descriptor() override { return observed_->Descriptor(); }
  absl::Status AwaitEnd(Deadline deadline) override { return observed_->AwaitEnd(deadline); }
  absl::StatusOr<State> Look() override { return observed_->Look(); }
  absl::StatusOr<std::optional<End>> Collect() override { return observed_->Collect(); }
  int Signal(int signal) override { return observed_->Signal(signal); }

 private:
  const pid_t creator_;
  const std::shared_ptr<Observed> observed_;
};

class PidRef final : public ProcessRef {
 public:
  explicit PidRef(pid_t pid) : pid_(pid) {}

  absl::StatusOr<int> Descriptor() override { return kNone; }
  bool Ready(bool) override { return Ended(); }
  bool Ended() override { return sys.kill(pid_, 0) != 0 && errno == ESRCH; }
  int Signal(int signal) override { return sys.kill(pid_, signal); }

 private:
  const pid_t pid_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChildWatch>> WatchChild(pid_t pid) {
  return std::make_unique<ThreadChildWatch>(pid);
}

absl::StatusOr<std::unique_ptr<ProcessRef>> OpenProcess(pid_t pid) {
  return std::make_unique<PidRef>(pid);
}

}  // namespace isoproc::port::posix::os
