#include "posix/fork_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "platform/port/stream.h"
#include "posix/child_after_fork.h"
#include "posix/child_signal.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/fork_protocol.h"
#include "posix/forked_child.h"
#include "posix/os.h"
#include "posix/signals.h"
#include "posix/stream.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

class ForkServer {
 public:
  ForkServer(std::unique_ptr<Stream> stream, std::unique_ptr<ChildSignal> signal, Fd null_device,
             const ForkedEntry& entry)
      : stream_(std::move(stream)),
        stream_fd_(FdOfStream(*stream_)),
        signal_(std::move(signal)),
        null_device_(std::move(null_device)),
        entry_(entry) {}

  // Until the requester is gone.
  absl::Status Serve() {
    std::vector<pollfd> entries;
    while (true) {
      entries.assign({{.fd = stream_fd_, .events = POLLIN, .revents = 0},
                      {.fd = signal_->descriptor(), .events = POLLIN, .revents = 0}});
      for (const Served& child : children_) {
        // Nothing comes from there but the hang-up, which poll() reports unasked.
        entries.push_back({.fd = child.status.get(), .events = 0, .revents = 0});
      }
      if (sys.poll(entries.data(), static_cast<nfds_t>(entries.size()), -1) < 0) {
        if (errno == EINTR) continue;
        return PosixError(errno, "poll");
      }
      for (size_t i = 0; i < children_.size(); ++i) {
        if (entries[i + 2].revents != 0) children_[i].status.reset();
      }
      if (entries[1].revents != 0) {
        signal_->Clear();
        LookForEnded();
      }
      Reap();
      if (entries[0].revents != 0) {
        const absl::StatusOr<std::unique_ptr<ForkRequest>> request = ReceiveRequest(stream_fd_);
        if (!request.ok()) return request.status();
        if (*request == nullptr) return absl::OkStatus();
        Start(request->get());
      }
    }
  }

 private:
  struct Served {
    pid_t pid;
    Fd status;  // empty: the requester has lost interest
    bool ended = false;
  };

  // What can fail is done here and not in the child, so that the requester hears of it, or of the
  // start, from one process and does not wait for two.
  void Start(ForkRequest* request) {
    if (request->descriptors.size() <= kStatusIndex) {
      SendFailure(stream_fd_, SetupStage::kDescriptors, EMFILE);
      return;
    }
    Fd status = std::move(request->descriptors[kStatusIndex]);
    // The server itself needs no place to be in.
    if (::chdir(request->working_directory) != 0) {
      SendFailure(status.get(), SetupStage::kDirectory, errno);
      return;
    }
    const pid_t pid = sys.fork();
    if (pid == 0) RunChild(request, std::move(status));
    if (pid < 0) {
      SendFailure(status.get(), SetupStage::kFork, errno);
      return;
    }
    // The child does so itself; here too, so that it is done when the requester hears of the child.
    if (request->header.group == ChildSetup::Group::kLead) (void)::setpgid(pid, pid);
    SendStatus(status.get(), {.kind = StatusRecord::Kind::kStarted, .pid = pid});
    children_.push_back({.pid = pid, .status = std::move(status)});
  }

  static void SendFailure(int socket, SetupStage stage, int error) {
    StatusRecord record = {.kind = StatusRecord::Kind::kFailed};
    record.failure.magic = SetupFailure::kMagic;
    record.failure.stage = stage;
    record.failure.error = error;
    SendStatus(socket, record);
  }

  [[noreturn]] void RunChild(ForkRequest* request, Fd status) {
    // Nothing of the server's business may live on here: its requester would wait for an end of
    // stream that never comes. Closed by number, since each page that is written to is copied, and
    // the objects are never looked at again.
    signal_->LeaveInChild();
    CloseFd(stream_fd_);
    CloseFd(status.release());
    for (const Served& child : children_) {
      if (child.status) CloseFd(child.status.get());
    }
    ChildSetup setup;
    setup.signals_are_reset = true;
    setup.group = request->header.group;
    setup.joined_group = static_cast<pid_t>(request->header.joined_group);
    for (size_t i = 0; i < 3; ++i) {
      const int32_t index = request->header.standard_streams[i];
      setup.standard_streams[i] =
          index < 0 ? null_device_.get() : request->descriptors[static_cast<size_t>(index)].get();
    }
    SetupFailure failure;
    if (!SetUpChild(setup, &failure)) ::_exit(127);
    CloseFd(null_device_.get());
    for (size_t i = kStatusIndex + 1; i < request->descriptors.size(); ++i) {
      CloseFd(request->descriptors[i].get());
    }
    auto bootstrap =
        std::make_unique<PosixStream>(Fd(request->descriptors[kBootstrapIndex].release()));
    RunForkedEntry(std::move(bootstrap), request->environment.data(), entry_);
  }

  // Tells the requesters of the children that have ended; the children stay zombies.
  void LookForEnded() {
    for (Served& child : children_) {
      if (child.ended) continue;
      siginfo_t info = {};
      const int result = RetryOnEintr([&] {
        return sys.waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG | WNOWAIT);
      });
      if (result != 0 || info.si_pid == 0) continue;
      child.ended = true;
      if (child.status) {
        SendStatus(child.status.get(), {.kind = StatusRecord::Kind::kEnded,
                                        .pid = child.pid,
                                        .wait_status = WaitStatusOf(info)});
      }
    }
  }

  // Takes the zombies in which nobody is interested any more.
  void Reap() {
    const auto done = [](const Served& child) {
      if (!child.ended || child.status) return false;
      siginfo_t info;
      (void)RetryOnEintr([&] {
        return sys.waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG);
      });
      return true;
    };
    children_.erase(std::remove_if(children_.begin(), children_.end(), done), children_.end());
  }

  std::unique_ptr<Stream> stream_;
  const int stream_fd_;
  std::unique_ptr<ChildSignal> signal_;
  Fd null_device_;
  const ForkedEntry& entry_;
  std::vector<Served> children_;
};

}  // namespace

absl::Status ServeForks(std::unique_ptr<Stream> server, const ForkedEntry& entry) {
  const absl::StatusOr<int> threads = os::ThreadCount();
  if (!threads.ok()) return threads.status();
  if (*threads > 1) return absl::FailedPreconditionError("the process has several threads");
  // Once for all children; the program has no code that runs here from now on.
  ResetSignals();
  absl::StatusOr<std::unique_ptr<ChildSignal>> signal = os::CreateChildSignal();
  if (!signal.ok()) return signal.status();
  Fd null_device(AboveStandardStreams(sys.open("/dev/null", O_RDWR | O_CLOEXEC, 0)));
  if (!null_device) return PosixError(errno, "open");
  return ForkServer(std::move(server), *std::move(signal), std::move(null_device), entry).Serve();
}

}  // namespace isoproc::port::posix
