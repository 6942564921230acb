// One end of a pipe, which one process has at a time.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_CONNECTION_END_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_CONNECTION_END_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/connection/inbox.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/message_writer.h"
#include "platform/core/connection/outbox.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/shared/parcel.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// What an end may do, and which of the two it is: 0 or 1.
struct EndTraits {
  bool receives = true;
  bool sends = true;
  int side = 0;
};

// Thread safety: any thread.
class ConnectionEnd {
  struct Lane;

 public:
  // Of a new pipe.
  ConnectionEnd(std::shared_ptr<port::Stream> stream, EndTraits traits,
                std::shared_ptr<PipeCarrier> carrier);
  // From another process, which may take it back until Settle.
  ConnectionEnd(std::shared_ptr<port::Stream> stream, EndTraits traits,
                std::shared_ptr<PipeCarrier> carrier, MessageReader reader, MessageWriter writer);
  ConnectionEnd(const ConnectionEnd&) = delete;
  ConnectionEnd& operator=(const ConnectionEnd&) = delete;
  ~ConnectionEnd();

  const EndTraits& traits() const { return traits_; }
  // Errors: FailedPrecondition: it is closed, was moved, or belongs to another process.
  absl::StatusOr<int64_t> native();
  absl::Status Check();
  bool closed();
  void Close();

  // As those of Connection.
  absl::Status Send(absl::Span<const std::byte> bytes, absl::Duration timeout);
  absl::Status SendWith(const Luggage& luggage, absl::Span<const std::byte> bytes,
                        absl::Duration timeout);
  // `take` gets the message, and says whether it is gone then; or else it stays.
  absl::Status Receive(
      uint64_t limit, absl::Duration timeout,
      absl::FunctionRef<bool(absl::Span<const std::byte> bytes, const Delivery& delivery)> take);
  // Of a message the bytes alone; it is gone then. `into`: see MessageReader::Read.
  absl::Status ReceiveBytes(uint64_t limit, absl::Duration timeout,
                            absl::FunctionRef<void(MessageReader& reader)> take,
                            absl::Span<std::byte> into = {});
  absl::StatusOr<uint64_t> NextSize(absl::Duration timeout);
  absl::Status Discard(absl::Duration timeout);
  absl::Status Poll(absl::Duration timeout);

  // As those of WaitSource.
  absl::StatusOr<std::shared_ptr<port::Waitable>> PortWaitable();
  bool HasNews() const { return has_news_; }

  // ---- from process to process: see moving_end.h ------------------------------------------------

  // The right to use the stream in one direction. One call at a time has it in each; the stream
  // stays open meanwhile.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : end_(std::exchange(other.end_, nullptr)), lane_(other.lane_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (end_ != nullptr) end_->GiveBack(*lane_);
    }
    port::Stream& stream() { return *end_->stream_; }
    PipeCarrier& carrier() { return *end_->carrier_; }

   private:
    friend class ConnectionEnd;
    Turn(ConnectionEnd* end, Lane* lane) : end_(end), lane_(lane) {}

    ConnectionEnd* end_;
    Lane* lane_;
  };
  struct BothTurns {
    Turn receiving;
    Turn sending;
  };

  // Nobody else uses it from now on, until CancelMove, or for ever: CompleteMove.
  // Errors:  FailedPrecondition: as native(), or another thread uses the end, polls it or waits for
  //          it, or it is on its way already.
  absl::StatusOr<BothTurns> BeginMove();
  void CancelMove();
  void CompleteMove();
  // What travels along. Requires: both turns.
  const MessageReader& reader() const { return inbox_.reader(); }
  const MessageWriter& writer() const { return outbox_.writer(); }

  // The process from which it came has given it up.
  void Settle();

  // In a child that is a copy of its parent, before anything else: closes the copies of all ends.
  static void CloseAllAfterFork();

 private:
  enum class Life { kOpen, kClosed, kMoved };
  struct Lane {
    const bool open;  // whether the end has this direction
    const char* const name;
    bool taken = false;
  };

  // Blocks:  while another thread has the turn, or until `deadline`.
  // Errors:  FailedPrecondition: see native(). DeadlineExceeded.
  //          Unless `waits_for_move`, also FailedPrecondition: it is on its way elsewhere.
  absl::StatusOr<Turn> Take(Lane& lane, port::Deadline deadline, bool waits_for_move);
  // As Take. Errors: also FailedPrecondition: the end does not have this direction.
  absl::StatusOr<Turn> Enter(Lane& lane, port::Deadline deadline, bool waits_for_move = true);
  void GiveBack(Lane& lane);
  // kClosed or kMoved.
  void CloseAs(Life life);
  // Lets go of the stream of an end that is closed, if nobody has a turn.
  void FinishIfUnused(std::unique_lock<std::mutex> lock);

  bool IsOurs() const;
  absl::Status CheckIsOurs() const;
  absl::Status CheckIsOpen() const;
  // What a call gives that the end was closed in: whatever `status` says, that.
  absl::Status UnlessClosed(absl::Status status);
  // What a Send gives: that; or, when the other end is gone, the same on every system.
  absl::Status SentUnlessClosed(const absl::Status& status);
  // Null: closed, or of another process.
  std::shared_ptr<PipeCarrier> CarrierIfOpen();

  // A message that was read whole, in the inbox.
  struct Message {
    Turn turn;
    Parcel parcel;
  };
  // Blocks, errors: as Receive.
  absl::StatusOr<Message> ReadMessage(uint64_t limit, absl::Duration timeout,
                                      absl::Span<std::byte> into = {});

  const EndTraits traits_;
  const uint32_t forks_;  // how often the process had been forked when the end came to it

  std::mutex mutex_;
  std::condition_variable left_;  // a lane
  int waiting_ = 0;               // for a lane
  std::atomic<Life> life_ = Life::kOpen;
  // Null: closed, and nobody has a turn. Until then they stay as they are.
  std::shared_ptr<port::Stream> stream_;
  std::shared_ptr<PipeCarrier> carrier_;
  bool is_moving_ = false;
  bool settled_;
  Lane receiving_;
  Lane sending_;

  Inbox inbox_;  // whose turn it is
  Outbox outbox_;
  // What the inbox says, for those who do not wait for their turn to look.
  std::atomic<bool> has_news_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_CONNECTION_END_H_
