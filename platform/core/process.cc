#include "isoproc/process.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/exit_status.h"
#include "isoproc/wait.h"
#include "platform/base/termination.h"
#include "platform/core/child.h"

namespace isoproc {
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

absl::Status Process::Terminate() {
  return child_ == nullptr ? NoChild() : child_->Kill(port::kSigTerm);
}

absl::Status Process::TerminateTree() {
  return child_ == nullptr ? NoChild() : child_->KillTree(port::kSigTerm);
}

absl::Status Process::Kill() {
  return child_ == nullptr ? NoChild() : child_->Kill(port::kSigKill);
}

absl::StatusOr<ExitStatus> Process::Stop(absl::Duration grace) {
  if (child_ == nullptr) return NoChild();
  return child_->Stop(grace);
}

absl::Status Process::Close() {
  if (child_ == nullptr) return absl::OkStatus();
  const absl::Status is_parent = child_->CheckIsParent();
  if (!is_parent.ok()) return is_parent;
  if (IsAlive()) return absl::FailedPreconditionError("the child still runs");
  child_.reset();
  return absl::OkStatus();
}

absl::StatusOr<Waitable> Process::AsWaitable() const {
  if (child_ == nullptr) return NoChild();
  const absl::Status is_parent = child_->CheckIsParent();
  if (!is_parent.ok()) return is_parent;
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
                      : child_->CheckIsParent().ok()              ? "ended, status unknown"
                                                                  : "of another process");
}

}  // namespace isoproc
