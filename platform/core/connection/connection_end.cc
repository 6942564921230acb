#include "platform/core/connection/connection_end.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/message_writer.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/luggage.h"
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

ConnectionEnd::ConnectionEnd(std::shared_ptr<port::Stream> stream, Directions directions,
                             std::shared_ptr<PipeCarrier> carrier, MessageReader reader,
                             MessageWriter writer)
    : directions_(directions),
      forks_(CountForks()),
      stream_(std::move(stream)),
      carrier_(std::move(carrier)),
      receiving_{directions.receives, "receive"},
      sending_{directions.sends, "send"},
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

absl::StatusOr<ConnectionEnd::Turn> ConnectionEnd::Take(Lane& lane, port::Deadline deadline) {
  // A longer wait than this is cut into several.
  constexpr absl::Duration kLongestWait = absl::Hours(1);
  if (absl::Status ours = CheckIsOurs(); !ours.ok()) return ours;
  std::unique_lock lock(mutex_);
  while (true) {
    if (absl::Status open = CheckIsOpen(); !open.ok()) return open;
    if (!lane.taken) break;
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

absl::StatusOr<ConnectionEnd::Turn> ConnectionEnd::Enter(Lane& lane, port::Deadline deadline) {
  if (lane.open) return Take(lane, deadline);
  return absl::FailedPreconditionError(
      absl::StrCat("this end of a one-way pipe does not ", lane.name));
}

void ConnectionEnd::Leave(Lane& lane, std::shared_ptr<port::Stream> stream) {
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
  stream.reset();  // without the lock: this may be the last, which closes
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

void ConnectionEnd::Close() {
  if (!CheckIsOurs().ok()) return;
  std::shared_ptr<port::Stream> last;  // closed without the lock
  std::shared_ptr<PipeCarrier> carrier;
  const std::lock_guard lock(mutex_);
  last = std::exchange(stream_, nullptr);
  if (!receiving_.taken && !sending_.taken) carrier = std::exchange(carrier_, nullptr);
  left_.notify_all();
  // Whoever uses the stream took it with the lock, and nobody does so any more. One that is on its
  // way is another process's already.
  if (last != nullptr && last.use_count() > 1 && !is_moving_) last->Interrupt();
}

absl::Status ConnectionEnd::Send(absl::Span<const std::byte> bytes, absl::Duration timeout) {
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(sending_, deadline);
  if (!turn.ok()) return turn.status();
  const absl::Status sent = writer_.Write(turn->stream(), bytes, deadline);
  return sent.ok() ? sent : UnlessClosed(sent);
}

// The parcel is the pipe's before the message is committed. If that fails, nobody will ask for it.
absl::Status ConnectionEnd::SendWith(const Luggage& luggage, absl::Span<const std::byte> bytes,
                                     absl::Duration timeout) {
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(sending_, deadline);
  if (!turn.ok()) return turn.status();
  const absl::StatusOr<std::shared_ptr<SharedObject>> carrier = Carrier();
  if (!carrier.ok()) return carrier.status();
  const absl::StatusOr<Parcel> parcel = PackLuggage((*carrier)->arena(), luggage);
  if (!parcel.ok()) return parcel.status();
  parcel->Post((*carrier)->name().word());
  const absl::Status sent = writer_.WriteWith(parcel->word(), turn->stream(), bytes, deadline);
  if (sent.ok()) return sent;
  parcel->Unpost();
  return UnlessClosed(sent);
}

absl::StatusOr<std::shared_ptr<SharedObject>> ConnectionEnd::Carrier() {
  std::shared_ptr<PipeCarrier> carrier;
  {
    const std::lock_guard lock(mutex_);
    carrier = carrier_;
  }
  return carrier->Get();
}

absl::StatusOr<Parcel> ConnectionEnd::OpenParcel() {
  const auto lost = [] {
    return absl::DataLossError("the objects of the message did not come along");
  };
  const absl::StatusOr<std::shared_ptr<SharedObject>> carrier = Carrier();
  if (absl::IsFailedPrecondition(carrier.status())) return lost();
  if (!carrier.ok()) return carrier.status();
  absl::StatusOr<Parcel> parcel =
      Parcel::Open((*carrier)->arena(), reader_.parcel(), (*carrier)->name().word());
  if (absl::IsNotFound(parcel.status())) return lost();
  return parcel;
}

absl::Status ConnectionEnd::Receive(uint64_t limit, absl::Duration timeout,
                                    absl::FunctionRef<bool(MessageReader& reader)> take,
                                    absl::Span<std::byte> into) {
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  absl::StatusOr<Turn> turn = Enter(receiving_, deadline);
  if (!turn.ok()) return turn.status();
  // Also a message that has come whole: it may be one of those that nobody was to take any more.
  const absl::Status read = UnlessClosed(reader_.Read(turn->stream(), limit, deadline, into));
  if (!read.ok()) return read;
  Parcel parcel;  // held until what is in it is
  const bool has_objects = reader_.parcel() != 0;
  if (has_objects) {
    absl::StatusOr<Parcel> opened = OpenParcel();
    if (!opened.ok()) {
      reader_.Drop();
      return opened.status();
    }
    parcel = *std::move(opened);
  }
  if (!take(reader_)) return absl::OkStatus();
  if (has_objects) parcel.Unpost();
  reader_.Drop();
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
  if (reader_.parcel() != 0) {
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

// ---- moving -------------------------------------------------------------------------------------

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
  const std::lock_guard lock(taken.mutex_);
  if (absl::Status open = taken.CheckIsOpen(); !open.ok()) return open;
  // The end and both turns hold the stream. Who polls or waits does, too, and takes it with the
  // lock.
  constexpr int kHolders = 3;
  if (taken.stream_.use_count() > kHolders) return absl::FailedPreconditionError(kInUse);
  taken.is_moving_ = true;
  return moving;
}

MovingEnd::~MovingEnd() {
  const std::lock_guard lock(end_->mutex_);
  end_->is_moving_ = false;
}

port::Handle MovingEnd::BorrowHandle() {
  return port::Handle(receiving_.stream().native(), [](int64_t) {});
}

std::shared_ptr<SharedObject> MovingEnd::Carrier() const {
  std::shared_ptr<PipeCarrier> carrier;
  {
    const std::lock_guard lock(end_->mutex_);
    carrier = end_->carrier_;
  }
  return carrier->Part();
}

void MovingEnd::HasArrived() {
  {
    const std::lock_guard lock(end_->mutex_);
    end_->moved_ = true;
  }
  end_->Close();
}

}  // namespace isoproc::internal
