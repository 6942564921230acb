#include "platform/core/connection/inbox.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/connection/moving_end.h"
#include "platform/core/connection/pipe_places.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {

absl::StatusOr<Parcel> Inbox::OpenParcel(PipeCarrier& carrier) {
  const auto lost = [] {
    return absl::DataLossError("the objects of the message did not come along");
  };
  const absl::StatusOr<std::shared_ptr<SharedObject>> pipe = carrier.Get();
  if (absl::IsFailedPrecondition(pipe.status())) return lost();
  if (!pipe.ok()) return pipe.status();
  absl::StatusOr<Parcel> parcel =
      Parcel::Open((*pipe)->arena(), reader_.enclosed().parcel, (*pipe)->name().word());
  if (absl::IsNotFound(parcel.status())) return lost();
  return parcel;
}

absl::StatusOr<Parcel> Inbox::Read(port::Stream& stream, PipeCarrier& carrier, uint64_t limit,
                                   port::Deadline deadline, absl::Span<std::byte> into) {
  const absl::Status read = reader_.Read(stream, limit, deadline, into);
  if (!read.ok()) return read;
  if (reader_.enclosed().parcel == 0) return Parcel();
  absl::StatusOr<Parcel> parcel = OpenParcel(carrier);
  // Where the process has no room to hold it just now, the message stays: gone, and its parcel left
  // posted, it would be lost, and could keep the end from ever moving.
  if (absl::IsDataLoss(parcel.status())) Pop(Parcel());
  return parcel;
}

absl::StatusOr<Delivery> Inbox::Unpack(const Parcel& parcel) {
  const auto lost = [&](const absl::Status& reason) {
    Pop(parcel);
    return absl::DataLossError(
        absl::StrCat("what came with the message could not be taken: ", reason.message()));
  };
  const absl::Span<port::Handle> handles = reader_.handles();
  // Before any handle is taken: without memory the message stays.
  blocks_.reserve(reader_.enclosed().blocks);
  ends_.reserve(reader_.enclosed().ends);
  for (size_t i = blocks_.size() + ends_.size(); i < handles.size(); ++i) {
    if (!handles[i]) return lost(absl::ResourceExhaustedError("this process has no more handles"));
    if (i < reader_.enclosed().blocks) {
      absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Open(std::move(handles[i]));
      if (!block.ok()) return lost(block.status());
      blocks_.push_back(*std::move(block));
    } else {
      absl::StatusOr<std::unique_ptr<port::Stream>> end =
          Runtime::Get().port().AdoptStream(std::move(handles[i]));
      if (!end.ok()) return lost(end.status());
      ends_.push_back(*std::move(end));
    }
  }
  Delivery delivery;
  delivery.blocks = blocks_;
  for (const std::shared_ptr<port::Stream>& end : ends_) {
    delivery.ends.push_back(std::make_shared<ArrivedEnd>(end));
  }
  return delivery;
}

void Inbox::Pop(const Parcel& parcel) {
  if (parcel) parcel.Unpost();
  reader_.Pop();
  Clear();
}

absl::Status Inbox::Discard(port::Stream& stream, PipeCarrier& carrier, port::Deadline deadline) {
  const absl::Status begun = reader_.NextSize(stream, deadline).status();
  if (!begun.ok()) return begun;
  // With handles it is let go when these have come, or the end could move and miss them.
  if (reader_.enclosed().parcel != 0 && reader_.enclosed().handles() == 0) {
    const absl::StatusOr<Parcel> parcel = OpenParcel(carrier);
    if (parcel.ok()) parcel->Unpost();
  }
  return reader_.Discard(stream, deadline);
}

void Inbox::LetGoOfLost(PipeCarrier& carrier) {
  if (!reader_.IsWhole()) Clear();
  if (!reader_.HasLost()) return;
  if (const std::shared_ptr<SharedObject> pipe = carrier.Known()) TakeAwayLost(*pipe);
}

void Inbox::Drain(port::Stream& stream, SharedObject& pipe, int side) {
  // Who goes on sending would keep this reading: where the system can, he is told; and no more is
  // read than there was.
  uint64_t unread = PipePlaces(pipe).CountHandles(side);
  if (unread > 0) stream.Interrupt();
  absl::Status read;
  while (unread > 0 && read.ok()) {
    read = reader_.Discard(stream, port::Deadline::At(absl::ZeroDuration()));
    unread -= (std::min<uint64_t>)(unread, reader_.HasLost() ? 1 : 0);
    TakeAwayLost(pipe);
  }
  reader_.Pop();
  Clear();
}

void Inbox::ForgetAfterFork() {
  reader_ = MessageReader();
  // Whoever else has them in the copy, as a thread had that was just decoding the message.
  for (const std::shared_ptr<port::Stream>& end : ends_) end->Detach().reset();
  ends_.clear();
}

void Inbox::TakeAwayLost(SharedObject& pipe) {
  for (const uint64_t parcel : reader_.TakeLost()) {
    TakeAway(pipe.arena(), parcel, pipe.name().word());
  }
}

void Inbox::Clear() {
  blocks_.clear();
  ends_.clear();
}

}  // namespace isoproc::internal
