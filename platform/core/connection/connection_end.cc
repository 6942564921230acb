#include "platform/core/connection/connection_end.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/connection/message.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/message_writer.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/connection/pipe_places.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/luggage.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/patience.h"
#include "platform/core/shared/shared_block.h"
#include "platform/core/shared/shared_object.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// How often this process was forked, counted in the copies. What it had stays its own.
std::atomic<uint32_t> forks{0};

uint32_t CountForks() {
  [[maybe_unused]] static const bool counts = [] {
    port::HostPort().RunInForkedCopies([] { forks.fetch_add(1, std::memory_order_relaxed); });
    return true;
  }();
  return forks.load(std::memory_order_relaxed);
}

// All ends of the process.
struct Ends {
  std::mutex mutex;
  uint32_t forks = 0;  // whose these are: a copy of the process finds those of its original
  std::unordered_set<ConnectionEnd*> all;
};
Ends& GetEnds() {
  static Ends* const ends = new Ends;  // never destroyed: static objects may have ends
  return *ends;
}

}  // namespace

ConnectionEnd::ConnectionEnd(std::shared_ptr<port::Stream> stream, EndTraits traits,
                             std::shared_ptr<PipeCarrier> carrier)
    : ConnectionEnd(std::move(stream), traits, std::move(carrier), MessageReader(),
                    MessageWriter()) {
  settled_ = true;
}

ConnectionEnd::ConnectionEnd(std::shared_ptr<port::Stream> stream, EndTraits traits,
                             std::shared_ptr<PipeCarrier> carrier, MessageReader reader,
                             MessageWriter writer)
    : traits_(traits),
      forks_(CountForks()),
      stream_(std::move(stream)),
      carrier_(std::move(carrier)),
      settled_(false),
      receiving_{traits.receives, "receive"},
      sending_{traits.sends, "send"},
      reader_(std::move(reader)),
      writer_(writer),
      has_news_(reader_.HasNews()) {
  Ends& ends = GetEnds();
  const std::lock_guard lock(ends.mutex);
  if (std::exchange(ends.forks, forks_) != forks_) ends.all.clear();
  ends.all.insert(this);
}

ConnectionEnd::~ConnectionEnd() {
  if (!CheckIsOurs().ok()) return;
  Close();  // somebody may wait for it without keeping it
  Ends& ends = GetEnds();
  const std::lock_guard lock(ends.mutex);
  ends.all.erase(this);
}

void ConnectionEnd::CloseAllAfterFork() {
  // The copy has one thread, and no other held the lock when it was made.
  Ends& ends = GetEnds();
  const uint32_t now = CountForks();
  if (ends.forks + 1 == now) {
    for (ConnectionEnd* const end : ends.all) {
      // Whoever else has it in his copy: one that is on its way is held by who moves it.
      if (end->stream_ != nullptr) end->stream_->Detach().reset();
      end->carrier_.reset();
      // Of a message that was not received as a whole: the original closes them, or passes them on.
      end->reader_ = MessageReader();
      for (const auto& arrived : end->arrived_ends_) arrived->Detach().reset();
      end->arrived_ends_.clear();
    }
  }
  ends.forks = now;
  ends.all.clear();
}

// ---- turns --------------------------------------------------------------------------------------

// Before mutex_ is touched: in a fork, a thread that does not exist may have it.
absl::Status ConnectionEnd::CheckIsOurs() const {
  if (forks_ == forks.load(std::memory_order_relaxed)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the connection belongs to the process of which this one is a fork");
}

absl::Status ConnectionEnd::CheckIsOpen() const {
  if (stream_ != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(moved_ ? "the connection has moved to another process"
                                              : "the connection is closed");
}

absl::StatusOr<ConnectionEnd::Turn> ConnectionEnd::Take(Lane& lane, port::Deadline deadline,
                                                        bool waits_for_move) {
  // A longer wait than this is cut into several.
  constexpr absl::Duration kLongestWait = absl::Hours(1);
  if (absl::Status ours = CheckIsOurs(); !ours.ok()) return ours;
  std::unique_lock lock(mutex_);
  while (true) {
    if (absl::Status open = CheckIsOpen(); !open.ok()) return open;
    if (!lane.taken) break;
    if (is_moving_ && !waits_for_move) {
      return absl::FailedPreconditionError("the connection is on its way to another process");
    }
    const absl::Duration left = deadline.Remaining(Runtime::Get().port().Now());
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("another thread uses the connection");
    }
    ++waiting_;
    left_.wait_for(lock, absl::ToChronoNanoseconds((std::min)(left, kLongestWait)));
    --waiting_;
  }
  lane.taken = true;
  return Turn(this, &lane, stream_);
}

absl::StatusOr<ConnectionEnd::Turn> ConnectionEnd::Enter(Lane& lane, port::Deadline deadline,
                                                         bool waits_for_move) {
  if (lane.open) return Take(lane, deadline, waits_for_move);
  return absl::FailedPreconditionError(
      absl::StrCat("this end of a one-way pipe does not ", lane.name));
}

void ConnectionEnd::GiveBack(Lane& lane, std::shared_ptr<port::Stream> stream) {
  if (&lane == &receiving_) {
    if (!reader_.IsWhole()) ForgetArrived();
    TakeAwayDropped();
  }
  bool others_wait = false;
  std::shared_ptr<PipeCarrier> carrier;
  {
    const std::lock_guard lock(mutex_);
    if (&lane == &receiving_) has_news_ = reader_.HasNews();
    lane.taken = false;
    if (stream_ == nullptr && !receiving_.taken && !sending_.taken) carrier = std::move(carrier_);
    others_wait = waiting_ > 0;
  }
  if (others_wait) left_.notify_all();
  // Without the lock: this may be the last, which closes.
  if (carrier != nullptr) Finish(std::move(stream), std::move(carrier));
}

void ConnectionEnd::Finish(std::shared_ptr<port::Stream> stream,
                           std::shared_ptr<PipeCarrier> carrier) {
  const std::shared_ptr<SharedObject> object = carrier->Known();
  if (object != nullptr && traits_.receives && settled_ && !moved_) DropUnread(*stream, *object);
}

void ConnectionEnd::ForgetArrived() {
  arrived_blocks_.clear();
  arrived_ends_.clear();
}

void ConnectionEnd::TakeAwayDropped(SharedObject& carrier) {
  for (const uint64_t parcel : reader_.TakeDropped()) {
    TakeAway(carrier.arena(), parcel, carrier.name().word());
  }
}

void ConnectionEnd::TakeAwayDropped() {
  if (!reader_.HasDropped()) return;
  if (const std::shared_ptr<SharedObject> carrier = KnownCarrier()) TakeAwayDropped(*carrier);
}

void ConnectionEnd::DropUnread(port::Stream& stream, SharedObject& carrier) {
  const port::Deadline now = port::Deadline::At(absl::ZeroDuration());
  PipePlaces places(carrier);
  // Who goes on sending would keep this reading: where the system can, he is told; and no more is
  // dropped than there was.
  uint64_t unread = places.CountHandles(traits_.side);
  if (unread > 0) stream.Interrupt();
  absl::Status read;
  while (unread > 0 && read.ok()) {
    read = reader_.Discard(stream, now);
    unread -= (std::min<uint64_t>)(unread, reader_.HasDropped() ? 1 : 0);
    TakeAwayDropped(carrier);
  }
  reader_.Drop();
  ForgetArrived();
}

// ---- what users call ----------------------------------------------------------------------------

absl::StatusOr<int64_t> ConnectionEnd::native() {
  if (absl::Status ours = CheckIsOurs(); !ours.ok()) return ours;
  const std::lock_guard lock(mutex_);
  if (absl::Status open = CheckIsOpen(); !open.ok()) return open;
  return stream_->native();
}

absl::Status ConnectionEnd::Check() { return native().status(); }

bool ConnectionEnd::closed() { return !Check().ok(); }

absl::Status ConnectionEnd::UnlessClosed(absl::Status status) {
  absl::Status open = Check();
  return open.ok() ? status : open;
}

absl::Status ConnectionEnd::SentUnlessClosed(const absl::Status& status) {
  if (status.ok()) return status;
  if (absl::Status open = Check(); !open.ok()) return open;
  // Where handles go to a process, it may be known to be dead before its stream is closed.
  if (!absl::IsUnavailable(status) && !absl::IsNotFound(status)) return status;
  absl::Status gone = absl::UnavailableError(kOtherEndIsClosed);
  status.ForEachPayload([&gone](absl::string_view type, const absl::Cord& payload) {
    gone.SetPayload(type, payload);
  });
  return gone;
}

void ConnectionEnd::Close() {
  if (!CheckIsOurs().ok()) return;
  std::shared_ptr<port::Stream> last;  // closed without the lock
  std::shared_ptr<PipeCarrier> carrier;
  bool is_used = false;
  {
    const std::lock_guard lock(mutex_);
    last = std::exchange(stream_, nullptr);
    is_used = receiving_.taken || sending_.taken;
    if (!is_used) carrier = std::exchange(carrier_, nullptr);
    left_.notify_all();
    // Whoever uses the stream took it with the lock, and nobody does so any more. One that is on
    // its way is another process's already, or still.
    if (last != nullptr && last.use_count() > 1 && !is_moving_ && settled_) last->Interrupt();
  }
  if (const std::shared_ptr<SharedObject> object = is_used ? KnownCarrier() : nullptr) {
    PipePlaces(*object).Rouse();
  }
  if (last != nullptr && carrier != nullptr) Finish(std::move(last), std::move(carrier));
}

absl::Status ConnectionEnd::Send(absl::Span<const std::byte> bytes, absl::Duration timeout) {
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(sending_, deadline);
  if (!turn.ok()) return turn.status();
  return SentUnlessClosed(writer_.Write(turn->stream(), bytes, deadline));
}

// The parcel is the pipe's before the message is committed. If that fails, nobody will ask for it.
absl::Status ConnectionEnd::SendWith(const Luggage& luggage, absl::Span<const std::byte> bytes,
                                     absl::Duration timeout) {
  for (const std::shared_ptr<MovingEnd>& end : luggage.ends) {
    if (!IsOfSamePipe(end->end())) continue;
    return absl::InvalidArgumentError(
        "an end of a pipe cannot be in a message of the same pipe: nobody could receive it");
  }
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  // Who moves an end does not wait for one that moves: two could wait for each other.
  absl::StatusOr<Turn> turn = Enter(sending_, deadline, /*waits_for_move=*/luggage.ends.empty());
  if (!turn.ok()) return turn.status();
  const absl::StatusOr<std::shared_ptr<SharedObject>> carrier = Carrier();
  if (!carrier.ok()) return carrier.status();
  const absl::StatusOr<Parcel> parcel = PackLuggage((*carrier)->arena(), luggage);
  if (!parcel.ok()) return parcel.status();
  if (!luggage.blocks.empty() || !luggage.ends.empty()) {
    return SentUnlessClosed(
        SendHandles(luggage, **carrier, *parcel, turn->stream(), bytes, deadline));
  }
  parcel->Post((*carrier)->name().word());
  OutgoingHandles none;
  const absl::Status sent =
      writer_.WriteWith({.parcel = parcel->word()}, none, turn->stream(), bytes, deadline);
  if (!sent.ok()) parcel->Unpost();
  return SentUnlessClosed(sent);
}

absl::Status ConnectionEnd::SendHandles(const Luggage& luggage, SharedObject& carrier,
                                        const Parcel& parcel, port::Stream& stream,
                                        absl::Span<const std::byte> bytes,
                                        port::Deadline deadline) {
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
      PostHandles(luggage, carrier, parcel, stream, deadline);
  if (!receiver.ok()) return receiver.status();
  OutgoingHandles outgoing{.handles = handles, .receiver = *receiver};
  const Enclosed enclosed{.parcel = parcel.word(),
                          .blocks = static_cast<uint32_t>(luggage.blocks.size()),
                          .ends = static_cast<uint32_t>(luggage.ends.size())};
  const absl::Status sent = writer_.WriteWith(enclosed, outgoing, stream, bytes, deadline);
  if (sent.ok()) {
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) end->HasArrived();
    return sent;
  }
  // Or the receiver does it, when he has read that the message is given up. His end does not move
  // before, as handles are there for it. So he is told now, if there is room.
  writer_.PayOwed(stream, port::Deadline::At(absl::ZeroDuration())).IgnoreError();
  if (outgoing.sent == 0) parcel.Unpost();
  return sent;
}

absl::StatusOr<port::ProcessIdentity> ConnectionEnd::PostHandles(const Luggage& luggage,
                                                                 SharedObject& carrier,
                                                                 const Parcel& parcel,
                                                                 port::Stream& stream,
                                                                 port::Deadline deadline) {
  port::Port& port = Runtime::Get().port();
  const absl::Duration begin = port.Now();
  absl::Duration next_write = begin;
  const auto look = [&] {
    if (absl::Status open = Check(); !open.ok()) return open;
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) {
      if (absl::Status movable = end->CheckIsMovable(); !movable.ok()) return movable;
    }
    const absl::Duration now = port.Now();
    if (now < next_write) return absl::OkStatus();
    // Nobody says so if the other end was closed on its way; but then nothing can be written. What
    // is written stays in the pipe until somebody reads: the longer this lasts, the less often.
    next_write = now + (std::max)(now - begin, LastLook());
    absl::Status written = writer_.WriteNothing(stream, port::Deadline::At(absl::ZeroDuration()));
    return absl::IsDeadlineExceeded(written) ? absl::OkStatus() : written;
  };
  PipePlaces places(carrier);
  const int side = 1 - traits_.side;
  while (true) {
    const absl::StatusOr<std::optional<port::ProcessIdentity>> posted =
        places.TryPost(side, parcel);
    if (!posted.ok()) return posted.status();
    if (posted->has_value()) return **posted;
    // Who sends the other end over one of these would wait for it as this waits for the other.
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) end->Stay();
    absl::Status status = places.AwaitArrival(side, deadline, look);
    if (!status.ok()) return status;
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) status.Update(end->Leave());
    if (!status.ok()) return status;
  }
}

absl::StatusOr<std::shared_ptr<SharedObject>> ConnectionEnd::Carrier() {
  std::shared_ptr<PipeCarrier> carrier;
  {
    const std::lock_guard lock(mutex_);
    carrier = carrier_;
  }
  return carrier->Get();
}

std::shared_ptr<SharedObject> ConnectionEnd::KnownCarrier() {
  const std::lock_guard lock(mutex_);
  return carrier_ == nullptr ? nullptr : carrier_->Known();
}

bool ConnectionEnd::IsOfSamePipe(ConnectionEnd& other) {
  std::shared_ptr<PipeCarrier> carriers[2];
  for (ConnectionEnd* const end : {this, &other}) {
    const std::lock_guard lock(end->mutex_);
    carriers[end == this ? 0 : 1] = end->carrier_;
  }
  if (this == &other || carriers[0] == carriers[1]) return true;
  if (carriers[0] == nullptr || carriers[1] == nullptr) return false;
  const std::shared_ptr<SharedObject> mine = carriers[0]->Known();
  const std::shared_ptr<SharedObject> theirs = carriers[1]->Known();
  return mine != nullptr && theirs != nullptr && mine->name().word() == theirs->name().word();
}

void ConnectionEnd::Settle() {
  const std::shared_ptr<SharedObject> carrier = KnownCarrier();
  if (carrier != nullptr) PipePlaces(*carrier).Settle(traits_.side);
  const std::lock_guard lock(mutex_);
  settled_ = true;
}

absl::StatusOr<Parcel> ConnectionEnd::OpenParcel() {
  const auto lost = [] {
    return absl::DataLossError("the objects of the message did not come along");
  };
  const absl::StatusOr<std::shared_ptr<SharedObject>> carrier = Carrier();
  if (absl::IsFailedPrecondition(carrier.status())) return lost();
  if (!carrier.ok()) return carrier.status();
  absl::StatusOr<Parcel> parcel =
      Parcel::Open((*carrier)->arena(), reader_.enclosed().parcel, (*carrier)->name().word());
  if (absl::IsNotFound(parcel.status())) return lost();
  return parcel;
}

absl::StatusOr<Parcel> ConnectionEnd::HoldParcel() {
  if (reader_.enclosed().parcel == 0) return Parcel();
  absl::StatusOr<Parcel> parcel = OpenParcel();
  // Where the process has no room to hold it just now, it stays, or else the end could never move.
  if (absl::IsDataLoss(parcel.status()) || reader_.enclosed().handles() == 0) {
    if (!parcel.ok()) Drop(Parcel());
  }
  return parcel;
}

absl::Status ConnectionEnd::Unpack() {
  const size_t blocks = reader_.enclosed().blocks;
  const auto lost = [](const absl::Status& reason) {
    return absl::DataLossError(
        absl::StrCat("what came with the message could not be taken: ", reason.message()));
  };
  const absl::Span<port::Handle> handles = reader_.handles();
  for (size_t i = arrived_blocks_.size() + arrived_ends_.size(); i < handles.size(); ++i) {
    if (!handles[i]) return lost(absl::ResourceExhaustedError("this process has no more handles"));
    if (i < blocks) {
      absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Open(std::move(handles[i]));
      if (!block.ok()) return lost(block.status());
      arrived_blocks_.push_back(*std::move(block));
    } else {
      absl::StatusOr<std::unique_ptr<port::Stream>> end =
          Runtime::Get().port().AdoptStream(std::move(handles[i]));
      if (!end.ok()) return lost(end.status());
      arrived_ends_.push_back(*std::move(end));
    }
  }
  return absl::OkStatus();
}

Delivery ConnectionEnd::Deliver() const {
  Delivery delivery;
  delivery.blocks = arrived_blocks_;
  for (const std::shared_ptr<port::Stream>& end : arrived_ends_) {
    delivery.ends.push_back(std::make_shared<ArrivedEnd>(end));
  }
  return delivery;
}

void ConnectionEnd::Drop(const Parcel& parcel) {
  if (parcel) parcel.Unpost();
  reader_.Drop();
  ForgetArrived();
}

absl::StatusOr<ConnectionEnd::Taken> ConnectionEnd::ReadWhole(uint64_t limit,
                                                              absl::Duration timeout,
                                                              absl::Span<std::byte> into) {
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(receiving_, deadline);
  if (!turn.ok()) return turn.status();
  // Also a message that has come whole: it may be one of those that nobody was to take any more.
  const absl::Status read = UnlessClosed(reader_.Read(turn->stream(), limit, deadline, into));
  if (!read.ok()) return read;
  absl::StatusOr<Parcel> parcel = HoldParcel();
  if (!parcel.ok()) return parcel.status();
  return Taken(*std::move(turn), *std::move(parcel));
}

absl::Status ConnectionEnd::Receive(
    uint64_t limit, absl::Duration timeout,
    absl::FunctionRef<bool(absl::Span<const std::byte> bytes, const Delivery& delivery)> take) {
  const absl::StatusOr<Taken> message = ReadWhole(limit, timeout);
  if (!message.ok()) return message.status();
  const Parcel& parcel = message->second;
  const absl::Status unpacked = Unpack();
  if (!unpacked.ok()) {
    Drop(parcel);
    return unpacked;
  }
  const Delivery delivery = Deliver();
  if (!take(reader_.payload(), delivery)) return absl::OkStatus();
  Drop(parcel);
  // Last: nothing of this message is left that could hold what comes for them.
  for (const std::shared_ptr<ArrivedEnd>& end : delivery.ends) end->Settle();
  return absl::OkStatus();
}

absl::Status ConnectionEnd::ReceiveBytes(uint64_t limit, absl::Duration timeout,
                                         absl::FunctionRef<void(MessageReader& reader)> take,
                                         absl::Span<std::byte> into) {
  const absl::StatusOr<Taken> message = ReadWhole(limit, timeout, into);
  if (!message.ok()) return message.status();
  take(reader_);
  Drop(message->second);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> ConnectionEnd::NextSize(absl::Duration timeout) {
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(receiving_, deadline);
  if (!turn.ok()) return turn.status();
  const absl::StatusOr<uint64_t> size = reader_.NextSize(turn->stream(), deadline);
  if (absl::Status open = UnlessClosed(size.status()); !open.ok()) return open;
  return size;
}

absl::Status ConnectionEnd::Discard(absl::Duration timeout) {
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(receiving_, deadline);
  if (!turn.ok()) return turn.status();
  const absl::Status begun = UnlessClosed(reader_.NextSize(turn->stream(), deadline).status());
  if (!begun.ok()) return begun;
  // With handles it is let go when these have come.
  if (reader_.enclosed().parcel != 0 && reader_.enclosed().handles() == 0) {
    const absl::StatusOr<Parcel> parcel = OpenParcel();
    if (parcel.ok()) parcel->Unpost();
  }
  return reader_.Discard(turn->stream(), deadline);
}

absl::Status ConnectionEnd::Poll(absl::Duration timeout) {
  Runtime& runtime = Runtime::Get();
  const port::Deadline deadline = runtime.DeadlineAfter(timeout);
  const absl::StatusOr<std::shared_ptr<port::Waitable>> stream = PortWaitable();
  if (!stream.ok()) return stream.status();
  port::Waitable* const waitable = stream->get();
  // Another thread may read the beginning of a message, of which the port says nothing then.
  absl::Duration next_look = FirstLook();
  while (!HasNews()) {
    const absl::Duration now = runtime.port().Now();
    const port::Deadline look =
        port::Deadline::At(now + (std::min)(next_look, deadline.Remaining(now)));
    const absl::Status ready =
        UnlessClosed(runtime.port().WaitAny(absl::MakeConstSpan(&waitable, 1), look).status());
    if (!absl::IsDeadlineExceeded(ready) || deadline.Expired(runtime.port().Now())) return ready;
    next_look = (std::min)(2 * next_look, LastLook());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<port::Waitable>> ConnectionEnd::PortWaitable() {
  if (absl::Status ours = CheckIsOurs(); !ours.ok()) return ours;
  if (!receiving_.open) {
    return absl::FailedPreconditionError("this end of a one-way pipe does not receive");
  }
  const std::lock_guard lock(mutex_);
  if (absl::Status open = CheckIsOpen(); !open.ok()) return open;
  if (is_moving_) {
    return absl::FailedPreconditionError("the connection is on its way to another process");
  }
  return stream_;
}

}  // namespace isoproc::internal
