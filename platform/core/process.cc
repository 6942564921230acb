#include "isoproc/process.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/exit_status.h"
#include "isoproc/process_options.h"
#include "isoproc/wait.h"
#include "platform/core/child.h"
#include "platform/core/fork_server.h"
#include "platform/core/known_process.h"
#include "platform/core/launch.h"
#include "platform/core/main_internal.h"
#include "platform/core/runtime.h"
#include "platform/core/target_registry.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc {
namespace internal {
namespace {

port::StandardStream ToPort(const StandardStream& stream) {
  using From = StandardStream::Kind;
  using To = port::StandardStream::Kind;
  port::StandardStream converted;
  switch (stream.kind()) {
    case From::kNull:
      converted.kind = To::kNull;
      break;
    case From::kInherit:
      converted.kind = To::kInherit;
      break;
    case From::kReadFile:
      converted.kind = To::kReadFile;
      break;
    case From::kWriteFile:
      converted.kind = To::kWriteFile;
      break;
    case From::kAppendFile:
      converted.kind = To::kAppendFile;
      break;
    case From::kHandle:
      converted.kind = To::kHandle;
      break;
  }
  converted.path = stream.path();
  converted.native = stream.native();
  return converted;
}

port::SpawnRequest ToRequest(const ProcessOptions& options) {
  port::SpawnRequest request;
  if (options.environment.has_value()) {
    request.environment.emplace(options.environment->begin(), options.environment->end());
  }
  request.working_directory = options.working_directory;
  request.standard_streams = {ToPort(options.standard_input), ToPort(options.standard_output),
                              ToPort(options.standard_error)};
  request.detached = options.detached;
  return request;
}

absl::StatusOr<std::unique_ptr<port::ChildProcess>> SpawnBy(StartMethod method,
                                                            const port::SpawnRequest& request,
                                                            std::unique_ptr<port::Stream>& own_end,
                                                            port::Deadline deadline) {
  Runtime& runtime = Runtime::Get();
  switch (method) {
    case StartMethod::kSpawn:
      return runtime.port().Spawn(request);
    case StartMethod::kForkServer:
      return runtime.fork_server().Spawn(request, deadline);
    case StartMethod::kFork:
      std::fflush(nullptr);  // or the child would write what is buffered here once more
      return runtime.port().Fork(request, runtime.own_threads(),
                                 [&](std::unique_ptr<port::Stream> stream) {
                                   own_end.reset();
                                   runtime.ForgetChildrenAfterFork();
                                   RunForked(std::move(stream));
                                 });
  }
  return absl::InvalidArgumentError("no such start method");
}

bool Has(StartMethod method, const port::Capabilities& capabilities) {
  switch (method) {
    case StartMethod::kSpawn:
      return capabilities.processes;
    case StartMethod::kForkServer:
      return capabilities.fork_server;
    case StartMethod::kFork:
      return capabilities.fork;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Child>> StartChild(const ProcessOptions& options,
                                                  const Target& target, std::string arguments) {
  Runtime& runtime = Runtime::Get();
  const absl::Status ready = runtime.CheckReady();
  if (!ready.ok()) return ready;
  if (!Has(options.start_method, runtime.port().capabilities())) {
    return absl::UnimplementedError(absl::StrCat("this platform (",
                                                 runtime.port().capabilities().profile,
                                                 ") does not have the start method asked for"));
  }
  if (options.name.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("the name of a process holds a NUL byte");
  }
  runtime.ReapAbandoned();

  port::SpawnRequest request = ToRequest(options);
  if (options.start_method == StartMethod::kSpawn) {
    absl::StatusOr<Runtime::Program> program = runtime.ProgramToRun();
    if (!program.ok()) return program.status();
    request.program = std::move(program->path);
    request.arguments = {std::move(program->argv0)};
  }
  StartMessage message = runtime.DescribeChild();
  message.target = NameOf(target);
  if (!options.name.empty()) message.name = options.name;
  message.start_method = options.start_method;
  message.detached = options.detached;

  const port::Deadline deadline = runtime.DeadlineAfter(options.start_timeout);
  const auto spawn = [&](const port::SpawnRequest& filled, std::unique_ptr<port::Stream>& own_end) {
    return SpawnBy(options.start_method, filled, own_end, deadline);
  };
  absl::StatusOr<Launched> launched =
      Launch(runtime.port(), request, message, arguments, deadline, spawn);
  if (absl::IsUnavailable(launched.status()) && options.start_method == StartMethod::kForkServer) {
    // The server had died. If it forked first, that child finds its stream at the end and exits.
    launched = Launch(runtime.port(), request, message, arguments, deadline, spawn);
    if (absl::IsUnavailable(launched.status())) {
      return absl::AbortedError("the fork server died twice while it was asked");
    }
  }
  if (!launched.ok()) return launched.status();
  auto child = std::make_shared<Child>(
      Child::Traits{std::move(message.name), options.at_exit, options.exit_timeout,
                    options.detached, options.start_method},
      std::move(launched->process), std::move(launched->control));
  runtime.AddChild(child);
  return child;
}

}  // namespace internal

namespace {

absl::Status NoChild() {
  return absl::FailedPreconditionError(
      "this Process has no child: none was started, or it was "
      "moved away or closed");
}

void LetGo(std::shared_ptr<internal::Child> child) {
  if (child == nullptr) return;
  if (child->traits().detached) {
    child->Abandon();
    child->IsAlive();  // reaps it if it has ended already
  } else {
    child->EndAsOptionsSay();
  }
}

}  // namespace

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) LetGo(std::exchange(child_, std::move(other.child_)));
  return *this;
}

Process::~Process() { LetGo(std::move(child_)); }

absl::StatusOr<ExitStatus> Process::Join(absl::Duration timeout) {
  if (child_ == nullptr) return NoChild();
  return child_->Join(timeout);
}

bool Process::IsAlive() const { return child_ != nullptr && child_->IsAlive(); }

absl::Status Process::Terminate() { return child_ == nullptr ? NoChild() : child_->Kill(15); }

absl::Status Process::TerminateTree() {
  return child_ == nullptr ? NoChild() : child_->KillTree(15);
}

absl::Status Process::Kill() { return child_ == nullptr ? NoChild() : child_->Kill(9); }

absl::StatusOr<ExitStatus> Process::Stop(absl::Duration grace) {
  if (child_ == nullptr) return NoChild();
  return child_->Stop(grace);
}

absl::Status Process::Close() {
  if (IsAlive()) return absl::FailedPreconditionError("the child still runs");
  child_.reset();
  return absl::OkStatus();
}

absl::StatusOr<Waitable> Process::AsWaitable() const {
  if (child_ == nullptr) return NoChild();
  return Waitable(child_);
}

std::optional<int64_t> Process::pid() const {
  if (child_ == nullptr) return std::nullopt;
  return child_->pid();
}

const std::string& Process::name() const {
  static const std::string* const kNone = new std::string();
  return child_ == nullptr ? *kNone : child_->traits().name;
}

std::optional<ExitStatus> Process::exit_status() const {
  if (child_ == nullptr) return std::nullopt;
  return child_->exit_status();
}

std::string Process::ToString() const {
  if (child_ == nullptr) return "no process";
  const absl::StatusOr<ExitStatus> status = child_->Join(absl::ZeroDuration());
  return absl::StrCat("process '", name(), "' pid ", child_->pid(), " ",
                      status.ok()                                 ? status->ToString()
                      : absl::IsDeadlineExceeded(status.status()) ? "running"
                                                                  : "ended, status unknown");
}

std::vector<ProcessInfo> ActiveChildren() {
  std::vector<ProcessInfo> active;
  for (const std::shared_ptr<internal::Child>& child : internal::Runtime::Get().Children()) {
    if (!child->IsAlive()) continue;
    active.emplace_back(std::make_shared<internal::KnownProcess>(
        internal::KnownProcess{internal::KnownProcess::Relation::kChild, child->pid(),
                               child->traits().name, child->traits().start_method, child}));
  }
  return active;
}

std::vector<StartMethod> StartMethods() {
  const port::Capabilities& capabilities = internal::Runtime::Get().port().capabilities();
  std::vector<StartMethod> methods;
  for (const StartMethod method :
       {StartMethod::kSpawn, StartMethod::kForkServer, StartMethod::kFork}) {
    if (internal::Has(method, capabilities)) methods.push_back(method);
  }
  return methods;
}

}  // namespace isoproc
