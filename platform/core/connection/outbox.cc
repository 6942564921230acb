#include "platform/core/connection/outbox.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/connection/message.h"
#include "platform/core/connection/moving_end.h"
#include "platform/core/connection/pipe_places.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/luggage.h"
#include "platform/core/shared/patience.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {

// The parcel is the pipe's before the message is committed. If that fails, nobody will ask for it.
absl::Status Outbox::SendWith(const Luggage& luggage, const Way& way,
                              absl::Span<const std::byte> bytes, port::Deadline deadline) {
  const absl::StatusOr<Parcel> parcel = PackLuggage(way.pipe.arena(), luggage);
  if (!parcel.ok()) return parcel.status();
  if (!luggage.blocks.empty() || !luggage.ends.empty()) {
    return SendHandles(luggage, *parcel, way, bytes, deadline);
  }
  parcel->Post(way.pipe.name().word());
  OutgoingHandles none;
  absl::Status sent =
      writer_.WriteWith({.parcel = parcel->word()}, none, way.stream, bytes, deadline);
  if (!sent.ok()) parcel->Unpost();
  return sent;
}

absl::Status Outbox::SendHandles(const Luggage& luggage, const Parcel& parcel, const Way& way,
                                 absl::Span<const std::byte> bytes, port::Deadline deadline) {
  std::vector<port::Handle> handles;
  for (const std::shared_ptr<SharedBlock>& block : luggage.blocks) {
    absl::StatusOr<port::Handle> handle = block->Share();
    if (!handle.ok()) return handle.status();
    handles.push_back(*std::move(handle));
  }
  for (const std::shared_ptr<MovingEnd>& end : luggage.ends) {
    handles.push_back(end->BorrowHandle());
  }
  if (handles.size() > kMostHandles) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMostHandles, " handles in one message"));
  }
  const absl::StatusOr<port::ProcessIdentity> receiver =
      PostHandles(luggage, parcel, way, deadline);
  if (!receiver.ok()) return receiver.status();
  OutgoingHandles outgoing{.handles = handles, .receiver = *receiver};
  const Enclosed enclosed{.parcel = parcel.word(),
                          .blocks = static_cast<uint32_t>(luggage.blocks.size()),
                          .ends = static_cast<uint32_t>(luggage.ends.size())};
  absl::Status sent = writer_.WriteWith(enclosed, outgoing, way.stream, bytes, deadline);
  if (sent.ok()) {
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) end->HasArrived();
    return sent;
  }
  // Once a handle has been sent, the receiver takes the parcel away, when he has read that the
  // message is given up; before, his end must not move. So he is told now, if there is room.
  writer_.PayOwed(way.stream, port::Deadline::At(absl::ZeroDuration())).IgnoreError();
  if (outgoing.sent == 0) parcel.Unpost();
  return sent;
}

absl::StatusOr<port::ProcessIdentity> Outbox::PostHandles(const Luggage& luggage,
                                                          const Parcel& parcel, const Way& way,
                                                          port::Deadline deadline) {
  port::Port& port = Runtime::Get().port();
  const absl::Duration begin = port.Now();
  absl::Duration next_write = begin;
  const auto look = [&] {
    if (absl::Status open = way.check(); !open.ok()) return open;
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) {
      if (absl::Status movable = end->CheckIsMovable(); !movable.ok()) return movable;
    }
    const absl::Duration now = port.Now();
    if (now < next_write) return absl::OkStatus();
    // Nobody says so if the receiving end was closed on its way; but then nothing can be written.
    // What is written stays in the pipe until somebody reads: the longer this lasts, the less
    // often.
    next_write = now + (std::max)(now - begin, LastLook());
    absl::Status written =
        writer_.WriteNothing(way.stream, port::Deadline::At(absl::ZeroDuration()));
    return absl::IsDeadlineExceeded(written) ? absl::OkStatus() : written;
  };
  PipePlaces places(way.pipe);
  while (true) {
    const absl::StatusOr<std::optional<port::ProcessIdentity>> posted =
        places.TryPost(way.receiver, parcel);
    if (!posted.ok()) return posted.status();
    if (posted->has_value()) return **posted;
    // Who sends the receiving end over one of these would wait for it as this waits for that. One
    // of the two steps back, by the order of the pipes: if both did, each might find the other gone
    // again whenever it looks.
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) {
      if (end->IsOfPipeBefore(way.pipe)) end->MarkHere();
    }
    absl::Status status = places.AwaitArrival(way.receiver, deadline, look);
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) {
      if (status.ok()) status = end->MarkLeaving();
    }
    if (!status.ok()) return status;
  }
}

}  // namespace isoproc::internal
