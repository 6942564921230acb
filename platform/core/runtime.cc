#include "platform/core/runtime.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/child.h"
#include "platform/core/fork_server.h"
#include "platform/core/known_process.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// Never destroyed: exit handlers, static destructors and the monitor thread use it to the end. One
// that belongs to another process, of which this one is a fork, is left as it is, since its locks
// may be held by threads that do not exist here.
std::atomic<Runtime*> current = nullptr;

constexpr char kTeaching[] =
    "isoproc::Init was not called, so no process can be started. It must be the first statement of "
    "main, in this program and for its children, which are the same program started again:\n"
    "  int main(int argc, char** argv) {\n"
    "    isoproc::Init(argc, argv);\n"
    "(In a program whose main is not yours, call isoproc::SetExecutable.)";

}  // namespace

Runtime& Runtime::Get() {
  Runtime* runtime = current.load(std::memory_order_acquire);
  port::Port& port = runtime != nullptr ? runtime->port() : port::HostPort();
  if (runtime != nullptr && runtime->process_id_ == port.ProcessId()) return *runtime;
  auto fresh = std::unique_ptr<Runtime>(new Runtime(port));
  if (runtime != nullptr) {
    // What is set once, before there is much to fork; the lock may be held by a thread of the other
    // process and cannot be asked for.
    fresh->arguments_ = runtime->arguments_;
    fresh->executable_ = runtime->executable_;
    fresh->program_path_ = runtime->program_path_;
    fresh->program_identity_ = runtime->program_identity_;
    fresh->ready_ = runtime->ready_;
    fresh->exit_handler_registered_ = runtime->exit_handler_registered_;
  }
  if (current.compare_exchange_strong(runtime, fresh.get(), std::memory_order_acq_rel)) {
    return *fresh.release();
  }
  return *runtime;
}

Runtime::Runtime(port::Port& port)
    : port_(&port),
      process_id_(port.ProcessId()),
      self_(std::make_shared<KnownProcess>(KnownProcess{KnownProcess::Relation::kSelf, process_id_,
                                                        "main", StartMethod::kSpawn, nullptr})),
      fork_server_(std::make_unique<ForkServer>()) {}

void Runtime::RegisterExitHandlerLocked() {
  if (exit_handler_registered_) return;
  exit_handler_registered_ = true;
  std::atexit([] {
    Runtime* runtime = current.load(std::memory_order_acquire);
    // Not in a fork of the process, which has inherited the handler but no children.
    if (runtime->process_id_ == runtime->port_->ProcessId()) runtime->EndChildren();
  });
}

void Runtime::InitMain(std::vector<std::string> arguments) {
  const std::lock_guard lock(mutex_);
  if (ready_) return;
  arguments_ = std::move(arguments);
  const absl::StatusOr<std::string> path =
      port_->ProgramPath(arguments_.empty() ? "" : arguments_[0]);
  if (path.ok()) program_path_ = *path;
  if (port_->capabilities().replaceable_image && !port_->capabilities().pinned_image) {
    if (path.ok()) program_identity_ = port_->FileIdentity(*path).value_or("");
  }
  ready_ = true;
  RegisterExitHandlerLocked();
}

void Runtime::InitChild(const StartMessage& message) {
  InitMain(message.program_arguments);
  const std::lock_guard lock(mutex_);
  is_child_ = true;
  executable_ = message.executable;
  program_path_ = message.program_path;
  program_identity_ = message.program_identity;
  family_name_ = message.family_name;
  self_ = std::make_shared<KnownProcess>(KnownProcess{KnownProcess::Relation::kSelf, process_id_,
                                                      message.name, message.start_method, nullptr});
  parent_ = std::make_shared<KnownProcess>(KnownProcess{KnownProcess::Relation::kParent,
                                                        message.parent.pid, message.parent_name,
                                                        message.parent_start_method, nullptr});
}

absl::Status Runtime::CheckReady() {
  const std::lock_guard lock(mutex_);
  if (ready_ || !executable_.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(kTeaching);
}

void Runtime::SetExecutable(std::string path) {
  const std::lock_guard lock(mutex_);
  executable_ = std::move(path);
  RegisterExitHandlerLocked();
}

absl::StatusOr<Runtime::Program> Runtime::ProgramToRun() {
  const std::lock_guard lock(mutex_);
  if (!executable_.empty()) return Program{executable_, executable_};
  const std::string argv0 = arguments_.empty() ? "" : arguments_[0];
  absl::StatusOr<std::string> path = program_path_.empty()
                                         ? port_->ProgramPath(argv0)
                                         : absl::StatusOr<std::string>(program_path_);
  if (!path.ok()) return path.status();
  if (!program_identity_.empty()) {
    const absl::StatusOr<std::string> identity = port_->FileIdentity(*path);
    if (!identity.ok() && !absl::IsNotFound(identity.status())) return identity.status();
    if (!identity.ok() || *identity != program_identity_) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the program file ", *path,
          " was replaced while the program runs, so that a child would be another program"));
    }
  }
  return Program{*path, argv0.empty() ? *path : argv0};
}

StartMessage Runtime::DescribeChild() {
  const std::lock_guard lock(mutex_);
  StartMessage message;
  message.family_name =
      absl::StrCat(family_name_, family_name_.empty() ? "" : ":", ++children_started_);
  message.name = absl::StrCat("process-", message.family_name);
  message.parent_name = self_->name;
  message.parent_start_method = self_->start_method;
  message.parent.pid = process_id_;
  if (port_->capabilities().kernel_identity) {
    if (!identity_.has_value()) {
      const absl::StatusOr<port::ProcessIdentity> identity = port_->Self();
      if (identity.ok()) identity_ = *identity;
    }
    if (identity_.has_value()) {
      message.parent = *identity_;
      message.parent_is_watchable = true;
    }
  }
  message.program_arguments = arguments_;
  message.executable = executable_;
  message.program_path = program_path_;
  message.program_identity = program_identity_;
  return message;
}

int Runtime::own_threads() {
  const std::lock_guard lock(mutex_);
  return own_threads_;
}

void Runtime::AddChild(std::shared_ptr<Child> child) {
  const std::lock_guard lock(mutex_);
  children_.push_back(std::move(child));
}

void Runtime::RemoveChild(const Child& child) {
  std::shared_ptr<Child> removed;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(children_.begin(), children_.end(),
                                  [&](const auto& other) { return other.get() == &child; });
  if (found == children_.end()) return;
  removed = std::move(*found);
  children_.erase(found);
}

void Runtime::ForgetChildrenAfterFork() {
  for (const std::shared_ptr<Child>& child : Children()) child->CloseControlAfterFork();
  fork_server_->ForgetAfterFork();
}

std::vector<std::shared_ptr<Child>> Runtime::Children() {
  const std::lock_guard lock(mutex_);
  return children_;
}

void Runtime::ReapAbandoned() {
  for (const std::shared_ptr<Child>& child : Children()) {
    if (child->abandoned()) child->IsAlive();
  }
}

void Runtime::EndChildren() {
  const std::vector<std::shared_ptr<Child>> children = Children();
  for (const std::shared_ptr<Child>& child : children) {
    // All at once, before the first is awaited.
    if (!child->traits().detached && child->traits().at_exit == AtExit::kKill) {
      child->Kill(9).IgnoreError();
    }
  }
  for (const std::shared_ptr<Child>& child : children) {
    if (!child->traits().detached) child->EndAsOptionsSay();
  }
  fork_server_->Stop();
}

std::shared_ptr<const KnownProcess> Runtime::self() {
  const std::lock_guard lock(mutex_);
  return self_;
}

std::shared_ptr<const KnownProcess> Runtime::parent() {
  const std::lock_guard lock(mutex_);
  return parent_;
}

std::vector<std::string> Runtime::arguments() {
  const std::lock_guard lock(mutex_);
  return arguments_;
}

absl::Status Runtime::WatchParent(port::Stream& control, const StartMessage& message) {
  // The notice lives as long as the process, as the thread that waits for it does.
  port::DeathNotice* parent_death = nullptr;
  if (message.parent_is_watchable) {
    absl::StatusOr<std::unique_ptr<port::DeathNotice>> notice = port_->WatchDeath(message.parent);
    if (!notice.ok()) return notice.status();
    parent_death = notice->release();
  }
  const bool detached = message.detached;
  {
    const std::lock_guard lock(mutex_);
    ++own_threads_;
  }
  return port_->StartThread(
      [this, &control, parent_death, detached] { RunMonitor(control, parent_death, detached); });
}

void Runtime::RunMonitor(port::Stream& control, port::DeathNotice* parent_death, bool detached) {
  // Nothing is allocated here: the first allocation of a thread gives it a heap of its own.
  const std::array<port::Waitable*, 2> both = {&control, parent_death};
  const absl::Span<port::Waitable* const> objects(both.data(), parent_death != nullptr ? 2 : 1);
  while (true) {
    const absl::StatusOr<std::vector<size_t>> ready =
        port_->WaitAny(objects, port::Deadline::Never());
    if (!ready.ok()) break;
    if (ready->front() != 0) break;  // nothing to read, and the parent is dead
    const absl::StatusOr<Frame> frame = ReadFrame(control, port::Deadline::Never());
    if (!frame.ok()) break;
    if (frame->kind == FrameKind::kStop) {
      const std::lock_guard lock(mutex_);
      stop_requested_ = true;
      changed_.notify_all();
    }
  }
  if (!detached) port_->EndFamily();
  const std::lock_guard lock(mutex_);
  parent_gone_ = true;
  --own_threads_;
  changed_.notify_all();
}

template <class Predicate>
bool Runtime::WaitUntil(absl::Duration timeout, Predicate done) {
  // Slices, since a wait_until far in the future overflows in some standard libraries.
  constexpr absl::Duration kSlice = absl::Hours(1);
  const port::Deadline deadline = DeadlineAfter(timeout);
  std::unique_lock lock(mutex_);
  while (!done()) {
    const absl::Duration now = port_->Now();
    if (deadline.Expired(now)) return false;
    changed_.wait_until(lock,
                        std::chrono::steady_clock::now() +
                            absl::ToChronoNanoseconds(std::min(deadline.Remaining(now), kSlice)));
  }
  return true;
}

bool Runtime::stop_requested() {
  const std::lock_guard lock(mutex_);
  return stop_requested_;
}

bool Runtime::WaitForStop(absl::Duration timeout) {
  return WaitUntil(timeout,
                   [&] {
                     return stop_requested_ ||
                            (timeout == absl::InfiniteDuration() && (!is_child_ || parent_gone_));
                   }) &&
         stop_requested();
}

bool Runtime::parent_is_gone() {
  const std::lock_guard lock(mutex_);
  return parent_gone_;
}

absl::Status Runtime::WaitForParentsDeath(absl::Duration timeout) {
  if (WaitUntil(timeout, [this] { return parent_gone_; })) return absl::OkStatus();
  return absl::DeadlineExceededError("the parent still runs");
}

}  // namespace isoproc::internal
