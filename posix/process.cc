#include "posix/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "platform/base/termination.h"
#include "platform/port/process.h"
#include "posix/child_after_fork.h"
#include "posix/child_watch.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/report_pipe.h"
#include "posix/request.h"
#include "posix/signals.h"
#include "posix/stream.h"
#include "posix/syscalls.h"
#include "posix/wait.h"

namespace isoproc::port::posix {
namespace {

class PosixChild final : public ChildProcess {
 public:
  PosixChild(pid_t pid, bool leads_group, std::unique_ptr<ChildWatch> watch)
      : creator_(::getpid()), pid_(pid), leads_group_(leads_group), watch_(std::move(watch)) {}

  ~PosixChild() override {
    if (ForkedCopy()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    (void)Collect();
  }

  int64_t pid() const override { return pid_; }

  absl::StatusOr<Termination> Wait(Deadline deadline) override {
    if (ForkedCopy()) return NotOurs();
    if (!deadline.Expired(Now())) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (termination_.has_value()) return *termination_;
      }
      // Not under the lock: others wait, look and kill meanwhile.
      if (absl::Status status = watch_->AwaitEnd(deadline); !status.ok()) return status;
    }
    while (true) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (absl::Status status = Collect(); !status.ok()) return status;
        if (termination_.has_value()) return *termination_;
      }
      if (deadline.Expired(Now())) return absl::DeadlineExceededError("the child still runs");
      // It has ended, but a debugger is told before its parent is.
      (void)sys.poll(nullptr, 0, 1);
    }
  }

  absl::Status Kill(int signal) override {
    if (ForkedCopy()) return NotOurs();
    // Nobody reaps while the lock is held, so the process id is the child's.
    const std::lock_guard<std::mutex> lock(mutex_);
    return KillChild(signal).status();
  }

  absl::Status KillTree(int signal) override {
    if (ForkedCopy()) return NotOurs();
    const std::lock_guard<std::mutex> lock(mutex_);
    // The child first, so that its end is remembered as asked for.
    const absl::StatusOr<ChildWatch::State> state = KillChild(signal);
    if (!leads_group_ || (state.ok() && *state == ChildWatch::State::kGone)) {
      return state.status();
    }
    absl::Status status = state.status();
    if (sys.kill(-pid_, SIGKILL) != 0) {
      const int error = errno;
      // EPERM: not one member could be reached; where only zombies are left, that says nothing.
      if (error != ESRCH && error != EPERM && status.ok()) status = PosixError(error, "killpg");
    }
    return status;
  }

  Waitable& notice() override { return *watch_; }

 private:
  // In a copy made by fork() the child is a stranger, and the lock may be held by a thread that
  // does not exist.
  bool ForkedCopy() const { return ::getpid() != creator_; }
  static absl::Status NotOurs() {
    return absl::FailedPreconditionError("the child belongs to another process");
  }

  // Requires the lock. Sets termination_ if the child has ended.
  absl::Status Collect() {
    if (termination_.has_value()) return absl::OkStatus();
    absl::StatusOr<std::optional<ChildWatch::End>> end = watch_->Collect();
    if (!end.ok()) return end.status();
    if (!end->has_value()) return absl::OkStatus();
    if (!(*end)->wait_status.has_value()) {
      termination_ = Termination{.kind = Termination::Kind::kUnknown};
      return absl::OkStatus();
    }
    termination_ = TerminationOf(*(*end)->wait_status);
    if (termination_->kind == Termination::Kind::kSignalled && termination_->value == SIGKILL &&
        requested_ != 0) {
      termination_->value = requested_;
    }
    return absl::OkStatus();
  }

  // Requires the lock. Gives the state of the child before.
  absl::StatusOr<ChildWatch::State> KillChild(int signal) {
    if (termination_.has_value()) return ChildWatch::State::kGone;
    // What has ended by itself is not to be remembered as killed.
    const absl::StatusOr<ChildWatch::State> state = watch_->Look();
    if (!state.ok() || *state != ChildWatch::State::kRunning) return state;
    if (watch_->Signal(SIGKILL) != 0) {
      const int error = errno;
      if (error == ESRCH) return ChildWatch::State::kGone;
      return PosixError(error, "kill");
    }
    if (requested_ == 0) requested_ = signal;
    return state;
  }

  const pid_t creator_;
  const pid_t pid_;
  const bool leads_group_;
  const std::unique_ptr<ChildWatch> watch_;
  std::mutex mutex_;
  std::optional<Termination> termination_;  // guarded by mutex_; set: reaped
  int requested_ = 0;                       // guarded by mutex_; the first signal asked for
};

// Reaps a child that is about to end.
void Reap(pid_t pid) {
  // Whatever the reason not to: there is no other way to be rid of it. It may be gone, too.
  siginfo_t info;
  while (sys.waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0 && errno != ECHILD) {
  }
}

// The program's path stays what it is for the caller, although the child goes elsewhere first.
absl::StatusOr<std::string> ProgramFor(const SpawnRequest& request) {
  if (request.working_directory.empty() || request.program.empty() || request.program[0] == '/') {
    return request.program;
  }
  absl::StatusOr<std::string> directory = CurrentDirectory();
  if (!directory.ok()) return directory.status();
  return *directory + "/" + request.program;
}

}  // namespace

std::unique_ptr<ChildProcess> MakeChild(pid_t pid, bool leads_group,
                                        std::unique_ptr<ChildWatch> watch) {
  return std::make_unique<PosixChild>(pid, leads_group, std::move(watch));
}

absl::Status CheckReport(pid_t pid, const absl::StatusOr<SetupFailure>& failure,
                         const SpawnRequest& request) {
  if (!failure.ok()) {
    (void)sys.kill(pid, SIGKILL);
    Reap(pid);
    return failure.status();
  }
  if (!*failure) return absl::OkStatus();
  // Not killed: it ends by itself, and where SIGCHLD is ignored it may be gone already.
  Reap(pid);
  return SetupError(*failure, request);
}

absl::StatusOr<std::unique_ptr<ChildProcess>> MakeOwnChild(pid_t pid, bool leads_group) {
  absl::StatusOr<std::unique_ptr<ChildWatch>> watch = os::WatchChild(pid);
  if (!watch.ok()) {
    // With what it may have started by now.
    (void)sys.kill(leads_group ? -pid : pid, SIGKILL);
    Reap(pid);
    return watch.status();
  }
  return MakeChild(pid, leads_group, *std::move(watch));
}

absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request) {
  if (absl::Status status = Validate(request); !status.ok()) return status;
  const absl::StatusOr<std::string> program = ProgramFor(request);
  if (!program.ok()) return program.status();
  const absl::StatusOr<StandardStreamSources> streams = OpenStandardStreams(request);
  if (!streams.ok()) return streams.status();

  std::vector<std::string> argument_strings = request.arguments;
  if (request.bootstrap != nullptr) {
    argument_strings.push_back(request.bootstrap_prefix + std::to_string(kBootstrapFd));
  }
  const StringArray arguments(std::move(argument_strings));
  const StringArray environment = request.environment.has_value()
                                      ? StringArray(EnvironmentStrings(*request.environment))
                                      : StringArray::CurrentEnvironment();
  absl::StatusOr<ReportPipe> report = CreateReportPipe();
  if (!report.ok()) return report.status();

  ExecSetup setup;
  setup.group = GroupFor(request);
  if (!request.working_directory.empty()) {
    setup.working_directory = request.working_directory.c_str();
  }
  setup.standard_streams = streams->sources;
  setup.program = program->c_str();
  setup.arguments = arguments.data();
  setup.environment = environment.data();
  setup.bootstrap = request.bootstrap != nullptr ? FdOfStream(*request.bootstrap) : -1;
  setup.report = report->write.get();

  pid_t pid;
  int error;
  {
    const os::SpawnLock lock;
    setup.highest_descriptor = os::HighestDescriptor();
    const ScopedSignalBlock block;
    pid = sys.run_in_child(ExecChild, &setup);
    error = errno;
  }
  if (pid < 0) return PosixError(error, "fork");
  report->write.reset();
  // With shared memory the child has left by now. Its copy of the pipe need not be asked, and must
  // not: a fork elsewhere in this process may keep it open.
  absl::StatusOr<SetupFailure> failure = setup.failure;
  if (setup.ran == 0) failure = ReadReport(*report);
  // Before the child is watched, which needs a descriptor.
  report->read.reset();
  if (absl::Status status = CheckReport(pid, failure, request); !status.ok()) return status;
  return MakeOwnChild(pid, setup.group != ChildSetup::Group::kStay);
}

}  // namespace isoproc::port::posix
