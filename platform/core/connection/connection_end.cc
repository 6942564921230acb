#include "platform/core/connection/connection_end.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>

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
#include "platform/core/connection/moving_end.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/connection/pipe_places.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/patience.h"
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

// Asks the clock only if there is one.
port::Deadline DeadlineAfter(absl::Duration timeout) {
  return timeout == absl::InfiniteDuration() ? port::Deadline::Never()
                                             : Runtime::Get().DeadlineAfter(timeout);
}

// All ends of the process.
struct Ends {
  const uint32_t forks;    // whose these are
  const Ends* const left;  // the original's, which is not used: leak checkers would miss it
  std::mutex mutex = {};
  std::unordered_set<ConnectionEnd*> all = {};
};
std::atomic<Ends*> known_ends{nullptr};

// Never destroyed: static objects may have ends. A copy of the process makes its own, since of the
// original's a thread may have the lock that does not exist in the copy.
Ends& GetEnds() {
  const uint32_t now = CountForks();
  Ends* known = known_ends.load(std::memory_order_acquire);
  if (known != nullptr && known->forks == now) return *known;
  std::unique_ptr<Ends> fresh(new Ends{now, known});
  if (!known_ends.compare_exchange_strong(known, fresh.get())) return *known;
  return *fresh.release();
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
      inbox_(std::move(reader)),
      outbox_(writer),
      has_news_(inbox_.reader().HasNews()) {
  Ends& ends = GetEnds();
  const std::lock_guard lock(ends.mutex);
  ends.all.insert(this);
}

ConnectionEnd::~ConnectionEnd() {
  if (!IsOurs()) return;
  Close();  // somebody may wait for it without keeping it
  Ends& ends = GetEnds();
  const std::lock_guard lock(ends.mutex);
  ends.all.erase(this);
}

void ConnectionEnd::CloseAllAfterFork() {
  // The copy has one thread, and no other had the lock when it was made.
  const Ends* const ends = known_ends.load(std::memory_order_acquire);
  if (ends == nullptr || ends->forks + 1 != CountForks()) return;
  for (ConnectionEnd* const end : ends->all) {
    // Whoever else has it in his copy: one that is on its way is held by who moves it.
    if (end->stream_ != nullptr) end->stream_->Detach().reset();
    end->carrier_.reset();
    end->inbox_.ForgetAfterFork();
  }
}

// ---- turns --------------------------------------------------------------------------------------

// Before mutex_ is touched: in a fork, a thread that does not exist may have it.
bool ConnectionEnd::IsOurs() const { return forks_ == forks.load(std::memory_order_relaxed); }

absl::Status ConnectionEnd::CheckIsOurs() const {
  if (IsOurs()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the connection belongs to the process of which this one is a fork");
}

absl::Status ConnectionEnd::CheckIsOpen() const {
  const Life life = life_.load(std::memory_order_acquire);
  if (life == Life::kOpen) return absl::OkStatus();
  return absl::FailedPreconditionError(life == Life::kMoved
                                           ? "the connection has moved to another process"
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
  return Turn(this, &lane);
}

absl::StatusOr<ConnectionEnd::Turn> ConnectionEnd::Enter(Lane& lane, port::Deadline deadline,
                                                         bool waits_for_move) {
  if (lane.open) return Take(lane, deadline, waits_for_move);
  return absl::FailedPreconditionError(
      absl::StrCat("this end of a one-way pipe does not ", lane.name));
}

void ConnectionEnd::GiveBack(Lane& lane) {
  if (!IsOurs()) return;
  if (&lane == &receiving_) inbox_.LetGoOfLost(*carrier_);
  std::unique_lock lock(mutex_);
  if (&lane == &receiving_) has_news_ = inbox_.reader().HasNews();
  lane.taken = false;
  if (waiting_ > 0) left_.notify_all();
  if (life_ != Life::kOpen) FinishIfUnused(std::move(lock));
}

void ConnectionEnd::FinishIfUnused(std::unique_lock<std::mutex> lock) {
  if (receiving_.taken || sending_.taken) return;
  // What is in the stream of an end that is another process's, or may be, is not ours to read.
  const bool drains = traits_.receives && settled_ && life_ != Life::kMoved;
  const std::shared_ptr<port::Stream> stream = std::exchange(stream_, nullptr);
  const std::shared_ptr<PipeCarrier> carrier = std::exchange(carrier_, nullptr);
  lock.unlock();
  if (!drains) return;
  if (const std::shared_ptr<SharedObject> pipe = carrier->Known()) {
    inbox_.Drain(*stream, *pipe, traits_.side);
  }
}

std::shared_ptr<PipeCarrier> ConnectionEnd::CarrierIfOpen() {
  if (!IsOurs()) return nullptr;
  const std::lock_guard lock(mutex_);
  return life_ == Life::kOpen ? carrier_ : nullptr;
}

// ---- what users call ----------------------------------------------------------------------------

absl::StatusOr<int64_t> ConnectionEnd::native() {
  if (absl::Status ours = CheckIsOurs(); !ours.ok()) return ours;
  const std::lock_guard lock(mutex_);
  if (absl::Status open = CheckIsOpen(); !open.ok()) return open;
  return stream_->native();
}

absl::Status ConnectionEnd::Check() {
  absl::Status ours = CheckIsOurs();
  return ours.ok() ? CheckIsOpen() : ours;
}

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
  if (IsOurs()) CloseAs(Life::kClosed);
}

void ConnectionEnd::CloseAs(Life life) {
  std::unique_lock lock(mutex_);
  if (life_ == Life::kMoved || life_.exchange(life) != Life::kOpen) return;
  left_.notify_all();
  const bool has_turns = receiving_.taken || sending_.taken;
  // Whoever else uses the stream took it with the lock, and nobody does so any more. One that is on
  // its way is another process's already, or still.
  if ((has_turns || stream_.use_count() > 1) && !is_moving_ && settled_) stream_->Interrupt();
  if (!has_turns) return FinishIfUnused(std::move(lock));
  const std::shared_ptr<PipeCarrier> carrier = carrier_;
  lock.unlock();
  if (const std::shared_ptr<SharedObject> pipe = carrier->Known()) {
    PipePlaces(*pipe).Rouse();  // a Send may wait there for the other end
  }
}

absl::Status ConnectionEnd::Send(absl::Span<const std::byte> bytes, absl::Duration timeout) {
  const port::Deadline deadline = DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(sending_, deadline);
  if (!turn.ok()) return turn.status();
  return SentUnlessClosed(outbox_.Send(turn->stream(), bytes, deadline));
}

absl::Status ConnectionEnd::SendWith(const Luggage& luggage, absl::Span<const std::byte> bytes,
                                     absl::Duration timeout) {
  // Before the turn, which this end itself would have if it is among them.
  if (const std::shared_ptr<PipeCarrier> carrier = CarrierIfOpen()) {
    for (const std::shared_ptr<MovingEnd>& end : luggage.ends) {
      if (!end->carrier().IsOfSamePipe(*carrier)) continue;
      return absl::InvalidArgumentError(
          "an end of a pipe cannot be in a message of the same pipe: nobody could receive it");
    }
  }
  const port::Deadline deadline = DeadlineAfter(timeout);
  // Who moves an end does not wait for one that moves: two could wait for each other.
  absl::StatusOr<Turn> turn = Enter(sending_, deadline, /*waits_for_move=*/luggage.ends.empty());
  if (!turn.ok()) return turn.status();
  const absl::StatusOr<std::shared_ptr<SharedObject>> pipe = turn->carrier().Get();
  if (!pipe.ok()) return pipe.status();
  const auto check = [this] { return Check(); };
  const Outbox::Way way{
      .stream = turn->stream(), .pipe = **pipe, .receiver = 1 - traits_.side, .check = check};
  return SentUnlessClosed(outbox_.SendWith(luggage, way, bytes, deadline));
}

absl::StatusOr<ConnectionEnd::Message> ConnectionEnd::ReadMessage(uint64_t limit,
                                                                  absl::Duration timeout,
                                                                  absl::Span<std::byte> into) {
  const port::Deadline deadline = DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(receiving_, deadline);
  if (!turn.ok()) return turn.status();
  absl::StatusOr<Parcel> parcel =
      inbox_.Read(turn->stream(), turn->carrier(), limit, deadline, into);
  // Also a message that has come whole: it may be one of those that nobody was to take any more.
  const absl::Status read = UnlessClosed(parcel.status());
  if (!read.ok()) return read;
  return Message{*std::move(turn), *std::move(parcel)};
}

absl::Status ConnectionEnd::Receive(
    uint64_t limit, absl::Duration timeout,
    absl::FunctionRef<bool(absl::Span<const std::byte> bytes, const Delivery& delivery)> take) {
  const absl::StatusOr<Message> message = ReadMessage(limit, timeout);
  if (!message.ok()) return message.status();
  const absl::StatusOr<Delivery> delivery = inbox_.Unpack(message->parcel);
  if (!delivery.ok()) return delivery.status();
  if (!take(inbox_.reader().payload(), *delivery)) return absl::OkStatus();
  inbox_.Pop(message->parcel);
  // Last: nothing of this message is left that could hold what comes for them.
  for (const std::shared_ptr<ArrivedEnd>& end : delivery->ends) end->Settle();
  return absl::OkStatus();
}

absl::Status ConnectionEnd::ReceiveBytes(uint64_t limit, absl::Duration timeout,
                                         absl::FunctionRef<void(MessageReader& reader)> take,
                                         absl::Span<std::byte> into) {
  const absl::StatusOr<Message> message = ReadMessage(limit, timeout, into);
  if (!message.ok()) return message.status();
  take(inbox_.reader());
  inbox_.Pop(message->parcel);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> ConnectionEnd::NextSize(absl::Duration timeout) {
  const port::Deadline deadline = DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(receiving_, deadline);
  if (!turn.ok()) return turn.status();
  const absl::StatusOr<uint64_t> size = inbox_.NextSize(turn->stream(), deadline);
  if (absl::Status open = UnlessClosed(size.status()); !open.ok()) return open;
  return size;
}

absl::Status ConnectionEnd::Discard(absl::Duration timeout) {
  const port::Deadline deadline = DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(receiving_, deadline);
  if (!turn.ok()) return turn.status();
  return UnlessClosed(inbox_.Discard(turn->stream(), turn->carrier(), deadline));
}

absl::Status ConnectionEnd::Poll(absl::Duration timeout) {
  Runtime& runtime = Runtime::Get();
  const port::Deadline deadline = DeadlineAfter(timeout);
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

// ---- from process to process --------------------------------------------------------------------

absl::StatusOr<ConnectionEnd::BothTurns> ConnectionEnd::BeginMove() {
  const auto in_use = [] {
    return absl::FailedPreconditionError(
        "the connection cannot move to another process while it is used here, nor twice");
  };
  const port::Deadline now = port::Deadline::At(absl::ZeroDuration());
  absl::StatusOr<Turn> receiving = Take(receiving_, now, /*waits_for_move=*/true);
  absl::StatusOr<Turn> sending = Take(sending_, now, /*waits_for_move=*/true);
  for (const absl::Status& status : {receiving.status(), sending.status()}) {
    if (absl::IsDeadlineExceeded(status)) return in_use();
    if (!status.ok()) return status;
  }
  const std::lock_guard lock(mutex_);
  if (absl::Status open = CheckIsOpen(); !open.ok()) return open;
  // Who polls or waits holds the stream, too, and takes it with the lock. So does the message in
  // which it came, if that stays for want of memory.
  if (stream_.use_count() > 1) return in_use();
  is_moving_ = true;
  left_.notify_all();  // some do not wait for that
  return BothTurns{*std::move(receiving), *std::move(sending)};
}

void ConnectionEnd::CancelMove() {
  const std::lock_guard lock(mutex_);
  is_moving_ = false;
}

void ConnectionEnd::CompleteMove() { CloseAs(Life::kMoved); }

void ConnectionEnd::Settle() {
  if (const std::shared_ptr<PipeCarrier> carrier = CarrierIfOpen()) {
    if (const std::shared_ptr<SharedObject> pipe = carrier->Known()) {
      PipePlaces(*pipe).MarkHere(traits_.side);
    }
  }
  const std::lock_guard lock(mutex_);
  settled_ = true;
}

}  // namespace isoproc::internal
