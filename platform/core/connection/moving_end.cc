#include "platform/core/connection/moving_end.h"

#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/connection/connection_end.h"
#include "platform/core/connection/pipe_places.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

absl::Status HandlesWaitError() {
  return absl::FailedPreconditionError(
      "the connection cannot move to another process before the messages are received that hold "
      "connections or memory: receive first");
}

}  // namespace

absl::StatusOr<std::shared_ptr<MovingEnd>> MovingEnd::Take(std::shared_ptr<ConnectionEnd> end) {
  absl::StatusOr<ConnectionEnd::BothTurns> turns = end->BeginMove();
  if (!turns.ok()) return turns.status();
  std::unique_ptr<MovingEnd> made(new (std::nothrow) MovingEnd(end, *std::move(turns)));
  if (made == nullptr) {
    end->CancelMove();
    throw std::bad_alloc();
  }
  std::shared_ptr<MovingEnd> moving = std::move(made);
  // Those that are read already are in no stream any more.
  if (moving->reader().MayHaveHandles()) return HandlesWaitError();
  moving->pipe_ = moving->carrier().Part();
  const absl::Status left = moving->MarkLeaving();
  if (!left.ok()) return left;
  return moving;
}

MovingEnd::~MovingEnd() {
  if (has_arrived_) return;
  MarkHere();
  end_->CancelMove();
}

absl::Status MovingEnd::CheckIsMovable() const {
  // At the end of the stream nothing comes any more, whatever was posted by who is dead now.
  if (pipe_ == nullptr || reader().HasEnded() ||
      !PipePlaces(*pipe_).HandlesWait(end_->traits().side)) {
    return absl::OkStatus();
  }
  return HandlesWaitError();
}

absl::Status MovingEnd::MarkLeaving() {
  if (pipe_ == nullptr) return absl::OkStatus();
  const absl::Status marked = PipePlaces(*pipe_).MarkLeaving(end_->traits().side);
  if (!marked.ok()) return marked;
  is_marked_ = true;
  return CheckIsMovable();
}

void MovingEnd::MarkHere() {
  if (std::exchange(is_marked_, false)) PipePlaces(*pipe_).MarkHere(end_->traits().side);
}

bool MovingEnd::IsOfPipeBefore(const SharedObject& other) const {
  return pipe_ != nullptr && pipe_->name().word() < other.name().word();
}

port::Handle MovingEnd::BorrowHandle() {
  return port::Handle(turns_.receiving.stream().native(), [](int64_t) {});
}

void MovingEnd::HasArrived() {
  has_arrived_ = true;
  end_->CompleteMove();
}

}  // namespace isoproc::internal
