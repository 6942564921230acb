#include "isoproc/process_info.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/core/child.h"
#include "platform/core/children.h"
#include "platform/core/known_process.h"
#include "platform/core/parent_monitor.h"
#include "platform/core/program.h"
#include "platform/core/runtime.h"
#include "platform/port/port.h"

namespace isoproc {

using internal::KnownProcess;
using internal::Runtime;

ProcessInfo::ProcessInfo(std::shared_ptr<const KnownProcess> process)
    : process_(std::move(process)) {}

int64_t ProcessInfo::pid() const { return process_->identity.pid; }
const std::string& ProcessInfo::name() const { return process_->name; }
StartMethod ProcessInfo::start_method() const { return process_->start_method; }

bool ProcessInfo::IsAlive() const {
  switch (process_->relation) {
    case KnownProcess::Relation::kSelf:
      return true;
    case KnownProcess::Relation::kParent:
      return !Runtime::Get().parent_monitor().parent_is_gone();
    case KnownProcess::Relation::kChild:
      return process_->child->IsAlive();
  }
  return false;
}

absl::Status ProcessInfo::Join(absl::Duration timeout) const {
  switch (process_->relation) {
    case KnownProcess::Relation::kSelf:
      return absl::FailedPreconditionError("a process cannot join itself");
    case KnownProcess::Relation::kParent:
      return Runtime::Get().parent_monitor().WaitForParentsDeath(timeout);
    case KnownProcess::Relation::kChild: {
      const absl::Status status = process_->child->Join(timeout).status();
      return absl::IsUnknown(status) ? absl::OkStatus() : status;  // it has ended
    }
  }
  return absl::OkStatus();
}

std::string ProcessInfo::ToString() const {
  return absl::StrCat("process '", name(), "' pid ", pid());
}

ProcessInfo CurrentProcess() { return ProcessInfo(Runtime::Get().self()); }

std::optional<ProcessInfo> ParentProcess() {
  std::shared_ptr<const KnownProcess> parent = Runtime::Get().parent();
  if (parent == nullptr) return std::nullopt;
  return ProcessInfo(std::move(parent));
}

std::vector<ProcessInfo> ActiveChildren() {
  std::vector<ProcessInfo> active;
  for (const std::shared_ptr<internal::Child>& child : Runtime::Get().children().All()) {
    if (!child->IsAlive()) continue;
    active.emplace_back(std::make_shared<KnownProcess>(KnownProcess{KnownProcess::Relation::kChild,
                                                                    {.pid = child->pid()},
                                                                    child->traits().name,
                                                                    child->traits().start_method,
                                                                    child}));
  }
  return active;
}

std::vector<std::string> ProgramArguments() { return Runtime::Get().program().arguments(); }

bool StopRequested() { return Runtime::Get().parent_monitor().stop_requested(); }

bool WaitForStop(absl::Duration timeout) {
  return Runtime::Get().parent_monitor().WaitForStop(timeout);
}

int CpuCount() { return Runtime::Get().port().CpuCount(); }

int UsableCpuCount() { return Runtime::Get().port().UsableCpuCount(); }

}  // namespace isoproc
