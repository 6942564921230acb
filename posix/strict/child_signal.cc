#include "posix/child_signal.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/report_pipe.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix::os {
namespace {

// Where the handler writes to.
volatile std::sig_atomic_t wake_fd = -1;

extern "C" void WakeServer(int) {
  const int saved = errno;
  // A pipe that is full wakes as well.
  const ssize_t ignored = ::write(static_cast<int>(wake_fd), "", 1);
  (void)ignored;
  errno = saved;
}

class SelfPipe final : public ChildSignal {
 public:
  explicit SelfPipe(ReportPipe pipe) : pipe_(std::move(pipe)) {
    wake_fd = pipe_.write.get();
    struct sigaction action = {};
    action.sa_handler = WakeServer;
    action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    (void)::sigaction(SIGCHLD, &action, &previous_);
  }
  ~SelfPipe() override { (void)::sigaction(SIGCHLD, &previous_, nullptr); }

  int descriptor() const override { return pipe_.read.get(); }
  void Clear() override {
    char buffer[256];
    ssize_t count;
    do {
      count = RetryOnEintr([&] { return sys.read(descriptor(), buffer, sizeof(buffer)); });
    } while (count == static_cast<ssize_t>(sizeof(buffer)));
  }
  void LeaveInChild() override {
    (void)::sigaction(SIGCHLD, &previous_, nullptr);
    CloseFd(pipe_.read.get());
    CloseFd(pipe_.write.get());
  }

 private:
  const ReportPipe pipe_;
  struct sigaction previous_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChildSignal>> CreateChildSignal() {
  absl::StatusOr<ReportPipe> pipe = CreateReportPipe();
  if (!pipe.ok()) return pipe.status();
  for (const Fd* fd : {&pipe->read, &pipe->write}) {
    if (sys.fcntl(fd->get(), F_SETFL, O_NONBLOCK) != 0) return PosixError(errno, "fcntl");
  }
  return std::make_unique<SelfPipe>(*std::move(pipe));
}

}  // namespace isoproc::port::posix::os
