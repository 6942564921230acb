// How an end leaves its process.
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/connection/connection_end.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/connection/pipe_places.h"
#include "platform/core/shared/shared_object.h"
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
  constexpr char kInUse[] =
      "the connection cannot move to another process while it is used here, nor twice";
  const port::Deadline now = port::Deadline::At(absl::ZeroDuration());
  absl::StatusOr<ConnectionEnd::Turn> receiving = end->Take(end->receiving_, now);
  absl::StatusOr<ConnectionEnd::Turn> sending = end->Take(end->sending_, now);
  for (const absl::Status& status : {receiving.status(), sending.status()}) {
    if (absl::IsDeadlineExceeded(status)) {
      return absl::FailedPreconditionError(kInUse);
    }
    if (!status.ok()) return status;
  }
  std::shared_ptr<MovingEnd> moving(
      new MovingEnd(std::move(end), *std::move(receiving), *std::move(sending)));
  ConnectionEnd& taken = *moving->end_;
  std::shared_ptr<PipeCarrier> carrier;
  {
    const std::lock_guard lock(taken.mutex_);
    if (absl::Status open = taken.CheckIsOpen(); !open.ok()) return open;
    // The end and both turns hold the stream. Who polls or waits does, too, and takes it with the
    // lock. So does the message in which it came, if that stays for want of memory.
    constexpr int kHolders = 3;
    if (taken.stream_.use_count() > kHolders) return absl::FailedPreconditionError(kInUse);
    if (taken.reader_.MayHaveHandles()) return HandlesWaitError();
    taken.is_moving_ = true;
    taken.left_.notify_all();  // some do not wait for that
    carrier = taken.carrier_;
  }
  moving->carrier_ = carrier->Part();
  const absl::Status left = moving->Leave();
  if (!left.ok()) return left;
  return moving;
}

MovingEnd::~MovingEnd() {
  if (has_arrived_) return;
  Stay();
  const std::lock_guard lock(end_->mutex_);
  end_->is_moving_ = false;
}

absl::Status MovingEnd::CheckIsMovable() const {
  if (carrier_ == nullptr || end_->reader_.HasEnded() ||
      !PipePlaces(*carrier_).HandlesWait(end_->traits_.side)) {
    return absl::OkStatus();
  }
  return HandlesWaitError();
}

absl::Status MovingEnd::Leave() {
  if (carrier_ == nullptr) return absl::OkStatus();
  const absl::Status left = PipePlaces(*carrier_).Leave(end_->traits_.side);
  if (!left.ok()) return left;
  has_left_ = true;
  return CheckIsMovable();
}

void MovingEnd::Stay() {
  if (std::exchange(has_left_, false)) PipePlaces(*carrier_).Settle(end_->traits_.side);
}

port::Handle MovingEnd::BorrowHandle() {
  return port::Handle(receiving_.stream().native(), [](int64_t) {});
}

void MovingEnd::HasArrived() {
  {
    const std::lock_guard lock(end_->mutex_);
    end_->moved_ = true;
  }
  has_arrived_ = true;
  end_->Close();
}

}  // namespace isoproc::internal
