#include "posix/child_signal.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix::os {
namespace {

class SignalFd final : public ChildSignal {
 public:
  SignalFd(Fd fd, const sigset_t& previous) : fd_(std::move(fd)), previous_(previous) {}
  ~SignalFd() override { (void)::sigprocmask(SIG_SETMASK, &previous_, nullptr); }

  int descriptor() const override { return fd_.get(); }
  void Clear() override {
    // At most one is pending, however many children have ended.
    signalfd_siginfo info;
    (void)RetryOnEintr([&] { return sys.read(fd_.get(), &info, sizeof(info)); });
  }
  void LeaveInChild() override {
    CloseFd(fd_.get());
    (void)::sigprocmask(SIG_SETMASK, &previous_, nullptr);
  }

 private:
  const Fd fd_;
  const sigset_t previous_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChildSignal>> CreateChildSignal() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  Fd fd(AboveStandardStreams(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK)));
  if (!fd) return PosixError(errno, "signalfd");
  sigset_t previous;
  (void)::sigprocmask(SIG_BLOCK, &child, &previous);
  return std::make_unique<SignalFd>(std::move(fd), previous);
}

}  // namespace isoproc::port::posix::os
