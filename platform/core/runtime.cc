#include "platform/core/runtime.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "isoproc/process_options.h"
#include "platform/core/known_process.h"
#include "platform/core/program.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// Never destroyed: exit handlers, static destructors and the monitor thread use it to the end. One
// that belongs to another process, of which this one is a fork, is left as it is, since its locks
// may be held by threads that do not exist here.
std::atomic<Runtime*> current = nullptr;

}  // namespace

Runtime& Runtime::Get() {
  Runtime* runtime = current.load(std::memory_order_acquire);
  port::Port& port = runtime != nullptr ? runtime->port() : port::HostPort();
  if (runtime != nullptr && runtime->process_id_ == port.ProcessId()) return *runtime;
  std::unique_ptr<Runtime> fresh(
      new Runtime(port, runtime != nullptr ? &runtime->program_ : nullptr));
  if (current.compare_exchange_strong(runtime, fresh.get(), std::memory_order_acq_rel)) {
    return *fresh.release();
  }
  return *runtime;
}

Runtime::Runtime(port::Port& port, const Program* program_of_forked)
    : port_(&port),
      process_id_(port.ProcessId()),
      program_(program_of_forked),
      self_(std::make_shared<KnownProcess>(KnownProcess{KnownProcess::Relation::kSelf,
                                                        {.pid = process_id_},
                                                        "main",
                                                        StartMethod::kSpawn,
                                                        nullptr})) {}

void Runtime::EndChildrenAtExit() {
  static std::atomic_flag registered;  // a fork of the process inherits both flag and handler
  if (registered.test_and_set()) return;
  std::atexit([] {
    Runtime* runtime = current.load(std::memory_order_acquire);
    // Not in a fork of the process, which has none of its children.
    if (runtime->process_id_ == runtime->port_->ProcessId()) runtime->EndChildren();
  });
}

void Runtime::InitMain(std::vector<std::string> arguments) {
  program_.InitMain(*port_, std::move(arguments));
  EndChildrenAtExit();
}

void Runtime::InitChild(const StartMessage& message) {
  program_.InitChild(message);
  EndChildrenAtExit();
  const std::lock_guard lock(mutex_);
  family_name_ = message.family_name;
  self_ = std::make_shared<KnownProcess>(KnownProcess{KnownProcess::Relation::kSelf,
                                                      {.pid = process_id_},
                                                      message.name,
                                                      message.start_method,
                                                      nullptr});
  parent_ = std::make_shared<KnownProcess>(KnownProcess{KnownProcess::Relation::kParent,
                                                        message.parent, message.parent_name,
                                                        message.parent_start_method, nullptr});
}

void Runtime::SetExecutable(std::string path) {
  program_.SetExecutable(std::move(path));
  EndChildrenAtExit();
}

void Runtime::EndChildren() {
  if (void (*const end)() = before_ending_.load()) end();
  children_.EndAll();
  fork_server_.Stop();
}

void Runtime::ForgetChildrenAfterFork() {
  children_.CloseControlsAfterFork();
  fork_server_.ForgetAfterFork();
}

std::shared_ptr<const KnownProcess> Runtime::self() {
  const std::lock_guard lock(mutex_);
  return self_;
}

std::shared_ptr<const KnownProcess> Runtime::parent() {
  const std::lock_guard lock(mutex_);
  return parent_;
}

StartMessage Runtime::DescribeChild() {
  StartMessage message;
  program_.Describe(message);
  const std::lock_guard lock(mutex_);
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
  return message;
}

}  // namespace isoproc::internal
