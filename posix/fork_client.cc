// The requester's side of a fork server.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/process.h"
#include "platform/port/stream.h"
#include "posix/child_after_fork.h"
#include "posix/child_watch.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/fork_protocol.h"
#include "posix/fork_server.h"
#include "posix/os.h"
#include "posix/process.h"
#include "posix/request.h"
#include "posix/stream.h"
#include "posix/syscalls.h"
#include "posix/wait.h"

namespace isoproc::port::posix {
namespace {

// The server tells the end; if it is dead, the system does, without the exit status.
class ServedChildWatch final : public ChildWatch {
 public:
  ServedChildWatch(Fd status, std::unique_ptr<os::ProcessRef> process)
      : status_(std::move(status)), process_(std::move(process)) {}

  absl::StatusOr<int> Descriptor() override {
    if (server_gone_.load() && state_.load() == State::kRunning) return process_->Descriptor();
    return status_.get();  // which is at its end if the server is
  }

  bool Ready(bool signalled) override {
    if (state_.load() != State::kRunning) return true;
    if (!server_gone_.load() && !signalled) return false;
    return Examine() != State::kRunning;
  }

  absl::Status AwaitEnd(Deadline deadline) override {
    Waitable* const self = this;
    return WaitAny(absl::MakeConstSpan(&self, 1), deadline).status();
  }

  absl::StatusOr<State> Look() override { return Examine(); }

  absl::StatusOr<std::optional<End>> Collect() override {
    const StatusReceived received = ReceiveStatus(status_.get(), MSG_DONTWAIT);
    if (received.kind == StatusReceived::Kind::kRecord) {
      state_.store(State::kEnded);
      // Lets the server reap the child. Not closed: another thread may be polling it.
      (void)::shutdown(status_.get(), SHUT_RDWR);
      return End{.wait_status = received.record.wait_status};
    }
    if (received.kind == StatusReceived::Kind::kNothing || Examine() == State::kRunning) {
      return std::nullopt;
    }
    return End{};
  }

  int Signal(int signal) override { return process_->Signal(signal); }

 private:
  State Examine() {
    if (state_.load() != State::kRunning) return state_.load();
    if (!server_gone_.load()) {
      const StatusReceived received = ReceiveStatus(status_.get(), MSG_DONTWAIT | MSG_PEEK);
      if (received.kind == StatusReceived::Kind::kNothing) return State::kRunning;
      if (received.kind == StatusReceived::Kind::kRecord) {
        state_.store(State::kEnded);
        return State::kEnded;
      }
      server_gone_.store(true);
    }
    if (!process_->Ended()) return State::kRunning;
    // For good: the process id may soon be that of another one, which runs.
    state_.store(State::kGone);
    return State::kGone;
  }

  const Fd status_;
  const std::unique_ptr<os::ProcessRef> process_;
  std::atomic<bool> server_gone_{false};
  std::atomic<State> state_{State::kRunning};
};

absl::Status ServerGone() { return absl::UnavailableError("the fork server is gone"); }

// Descriptors to send, and where in the header they are named.
struct Attached {
  RequestHeader header;
  std::vector<int> descriptors;
};

Attached Attach(const SpawnRequest& request, const StandardStreamSources& streams, int status) {
  Attached attached;
  attached.header.group = GroupFor(request);
  if (attached.header.group == ChildSetup::Group::kStay) {
    // Which for the server's children means to go.
    attached.header.group = ChildSetup::Group::kJoin;
    attached.header.joined_group = ::getpgrp();
  }
  attached.descriptors = {FdOfStream(*request.bootstrap), status};
  for (size_t i = 0; i < 3; ++i) {
    int source = streams.sources[i];
    if (source == ChildSetup::kInherited) {
      const int own = static_cast<int>(i);
      source = sys.fcntl(own, F_GETFD, 0) < 0 ? ChildSetup::kNullDevice : own;
    }
    if (source < 0) {
      attached.header.standard_streams[i] = ChildSetup::kNullDevice;
    } else {
      attached.header.standard_streams[i] = static_cast<int32_t>(attached.descriptors.size());
      attached.descriptors.push_back(source);
    }
  }
  return attached;
}

// Blocks for kStarted or kFailed.
absl::StatusOr<StatusRecord> AwaitStart(int status, int server, Deadline deadline) {
  // The socket of the child ends without a word if the server is gone, or if it never got the
  // socket and says so on its own stream.
  for (const int socket : {status, server}) {
    StatusReceived received;
    do {
      if (absl::Status ready = PollOne(socket, POLLIN, deadline); !ready.ok()) return ready;
      received = ReceiveStatus(socket, MSG_DONTWAIT);
    } while (received.kind == StatusReceived::Kind::kNothing);
    if (received.kind == StatusReceived::Kind::kRecord) return received.record;
  }
  return ServerGone();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream& server,
                                                              const SpawnRequest& request,
                                                              Deadline deadline) {
  if (absl::Status status = Validate(request); !status.ok()) return status;
  if (request.bootstrap == nullptr) return absl::InvalidArgumentError("no bootstrap stream");
  std::string directory = request.working_directory;
  if (directory.empty() || directory[0] != '/') {
    absl::StatusOr<std::string> current = CurrentDirectory();
    if (!current.ok()) return current.status();
    directory = directory.empty() ? *std::move(current) : *current + "/" + directory;
  }
  const absl::StatusOr<StandardStreamSources> streams = OpenStandardStreams(request);
  if (!streams.ok()) return streams.status();
  const StringArray environment = request.environment.has_value()
                                      ? StringArray(EnvironmentStrings(*request.environment))
                                      : StringArray::CurrentEnvironment();
  absl::StatusOr<FdPair> status = CreateSocketPair();
  if (!status.ok()) return status.status();
  const int server_fd = FdOfStream(server);
  const Attached attached = Attach(request, *streams, status->second.get());
  if (absl::Status sent = SendRequest(server_fd, attached.header, directory, environment.data(),
                                      attached.descriptors, deadline);
      !sent.ok()) {
    return sent;
  }
  status->second.reset();
  const absl::StatusOr<StatusRecord> record = AwaitStart(status->first.get(), server_fd, deadline);
  if (!record.ok()) return record.status();
  if (record->kind == StatusRecord::Kind::kFailed) return SetupError(record->failure, request);
  if (record->kind != StatusRecord::Kind::kStarted) {
    return absl::UnavailableError("the child ended before it began");
  }
  const auto pid = static_cast<pid_t>(record->pid);
  absl::StatusOr<std::unique_ptr<os::ProcessRef>> process = os::OpenProcess(pid);
  // While the server lives and this socket is open, the process id is that child's.
  if (ReceiveStatus(status->first.get(), MSG_DONTWAIT | MSG_PEEK).kind ==
      StatusReceived::Kind::kEndOfStream) {
    return ServerGone();
  }
  if (!process.ok()) {
    (void)sys.kill(pid, SIGKILL);
    return process.status();
  }
  return MakeChild(
      pid, attached.header.group != ChildSetup::Group::kJoin,
      std::make_unique<ServedChildWatch>(std::move(status->first), *std::move(process)));
}

}  // namespace isoproc::port::posix
