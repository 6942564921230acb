#include "platform/core/child.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/codec.h"
#include "isoproc/exit_status.h"
#include "platform/core/fork_server.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/family.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// How long the end of a child that was killed may take to be known.
constexpr absl::Duration kDeathGrace = absl::Seconds(2);

// What the child reported before it ended, if it threw.
std::optional<ThrewMessage> ReadReport(port::Stream& control, port::Deadline now) {
  // Whatever the child wrote is there already. What is cut off by its death counts as not said.
  absl::StatusOr<Frame> frame = ReadFrame(control, now);
  if (!frame.ok() || frame->kind != FrameKind::kThrew) return std::nullopt;
  absl::StatusOr<ThrewMessage> threw = Decode<ThrewMessage>(frame->payload);
  if (!threw.ok()) return std::nullopt;
  return *std::move(threw);
}

}  // namespace

absl::StatusOr<ExitStatus> ToExitStatus(const port::Termination& termination) {
  switch (termination.kind) {
    case port::Termination::Kind::kExited:
      return ExitStatus::Exited(termination.value);
    case port::Termination::Kind::kSignalled:
      return ExitStatus::Signalled(termination.value);
    case port::Termination::Kind::kUnknown:
      break;
  }
  return absl::UnknownError(
      "the process has ended, but its exit status was taken by a wait for it elsewhere");
}

Child::Child(Traits traits, std::unique_ptr<port::ChildProcess> process,
             std::unique_ptr<port::Stream> control)
    : traits_(std::move(traits)),
      process_(std::move(process)),
      parent_id_(Runtime::Get().port().ProcessId()),
      control_(std::move(control)) {}

absl::Status Child::CheckIsParent() const {
  if (Runtime::Get().port().ProcessId() == parent_id_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this process is a fork of the one that started the child, not its parent");
}

absl::StatusOr<ExitStatus> Child::Join(absl::Duration timeout) {
  const absl::Status is_parent = CheckIsParent();
  if (!is_parent.ok()) return is_parent;
  Runtime& runtime = Runtime::Get();
  const absl::StatusOr<port::Termination> termination =
      process_->Wait(runtime.DeadlineAfter(timeout));
  if (!termination.ok()) return termination.status();
  return Settle(*termination);
}

absl::StatusOr<ExitStatus> Child::Settle(const port::Termination& termination) {
  Runtime& runtime = Runtime::Get();
  const std::lock_guard lock(mutex_);
  if (!settled_.has_value()) {
    settled_ = ToExitStatus(termination);
    if (settled_->ok() && (*settled_)->kind() == ExitStatus::Kind::kExited) {
      if (const std::optional<ThrewMessage> threw =
              ReadReport(*control_, runtime.DeadlineAfter(absl::ZeroDuration()))) {
        settled_ = ExitStatus::Threw(threw->type, threw->what);
      }
    }
    control_.reset();
    runtime.children().Remove(*this);
    NoticeDeathInFamily();
  }
  return *settled_;
}

bool Child::IsAlive() { return absl::IsDeadlineExceeded(Join(absl::ZeroDuration()).status()); }

std::optional<ExitStatus> Child::exit_status() {
  const absl::StatusOr<ExitStatus> status = Join(absl::ZeroDuration());
  if (!status.ok()) return std::nullopt;
  return *status;
}

absl::Status Child::Kill(int signal) {
  const absl::Status is_parent = CheckIsParent();
  return is_parent.ok() ? process_->Kill(signal) : is_parent;
}

absl::Status Child::KillTree(int signal) {
  const absl::Status is_parent = CheckIsParent();
  return is_parent.ok() ? process_->KillTree(signal) : is_parent;
}

absl::StatusOr<ExitStatus> Child::Stop(absl::Duration grace) {
  const absl::Status is_parent = CheckIsParent();
  if (!is_parent.ok()) return is_parent;
  {
    const std::lock_guard lock(mutex_);
    if (control_ != nullptr) {
      // A child that does not hear is terminated all the same, so a failure needs no answer.
      WriteFrame(*control_, FrameKind::kStop, "",
                 Runtime::Get().DeadlineAfter(absl::ZeroDuration()))
          .IgnoreError();
    }
  }
  const absl::StatusOr<ExitStatus> status = Join(grace);
  if (!absl::IsDeadlineExceeded(status.status())) return status;
  const absl::Status killed = Kill(port::kSigTerm);
  if (!killed.ok()) return killed;
  return Join(absl::InfiniteDuration());
}

absl::StatusOr<std::shared_ptr<port::Waitable>> Child::PortWaitable() {
  const absl::Status is_parent = CheckIsParent();
  if (!is_parent.ok()) return is_parent;
  return std::shared_ptr<port::Waitable>(shared_from_this(), &process_->notice());
}

void Child::EndAsOptionsSay() {
  if (!CheckIsParent().ok()) return;
  if (traits_.at_exit == AtExit::kJoin &&
      !absl::IsDeadlineExceeded(Join(traits_.exit_timeout).status())) {
    return;
  }
  // A child that may not be killed is one that we may not wait for either.
  if (!Kill(port::kSigKill).ok()) return;
  if (traits_.start_method == StartMethod::kForkServer &&
      absl::IsDeadlineExceeded(Join(kDeathGrace).status())) {
    // It is dead, but the server, which was to say so, hangs.
    Runtime::Get().fork_server().Stop();
  }
  Join(absl::InfiniteDuration()).IgnoreError();
}

}  // namespace isoproc::internal
