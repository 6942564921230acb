// One end of a pipe, which one process has at a time.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_CONNECTION_END_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_CONNECTION_END_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/message_writer.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/shared_object.h"
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

  // The process from which it came has given it up.
  void Settle();
  bool IsOfSamePipe(ConnectionEnd& other);

  // In a child that is a copy of its parent, before anything else: closes the copies of all ends.
  static void CloseAllAfterFork();

 private:
  friend class MovingEnd;

  // One call at a time in each direction.
  struct Lane {
    const bool open;  // whether the end has this direction
    const char* const name;
    bool taken = false;
  };
  // The right to use the stream in one direction.
  class Turn {
   public:
    Turn(Turn&& other) noexcept
        : end_(std::exchange(other.end_, nullptr)),
          lane_(other.lane_),
          stream_(std::move(other.stream_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (end_ != nullptr) end_->GiveBack(*lane_, std::move(stream_));
    }
    port::Stream& stream() { return *stream_; }

   private:
    friend class ConnectionEnd;
    Turn(ConnectionEnd* end, Lane* lane, std::shared_ptr<port::Stream> stream)
        : end_(end), lane_(lane), stream_(std::move(stream)) {}

    ConnectionEnd* end_;
    Lane* lane_;
    std::shared_ptr<port::Stream> stream_;
  };

  // Blocks:  while another thread has the turn, or until `deadline`.
  // Errors:  FailedPrecondition: see native(). DeadlineExceeded.
  //          Unless `waits_for_move`, also FailedPrecondition: it is on its way elsewhere.
  absl::StatusOr<Turn> Take(Lane& lane, port::Deadline deadline, bool waits_for_move = true);
  // As Take. Errors: also FailedPrecondition: the end does not have this direction.
  absl::StatusOr<Turn> Enter(Lane& lane, port::Deadline deadline, bool waits_for_move = true);
  void GiveBack(Lane& lane, std::shared_ptr<port::Stream> stream);
  // What a call gives that the end was closed in: whatever `status` says, that.
  absl::Status UnlessClosed(absl::Status status);
  // What a Send gives: that, or the same on every system for an end whose peer is gone.
  absl::Status SentUnlessClosed(const absl::Status& status);
  absl::Status CheckIsOurs() const;
  absl::Status CheckIsOpen() const;  // with mutex_
  // Requires: a turn.
  // Errors:   as PipeCarrier::Get.
  absl::StatusOr<std::shared_ptr<SharedObject>> Carrier();
  // Null: the pipe has none yet, or the end is closed.
  std::shared_ptr<SharedObject> KnownCarrier();

  // Sends a message that handles go with.
  // Requires: a turn to send.
  absl::Status SendHandles(const Luggage& luggage, SharedObject& carrier, const Parcel& parcel,
                           port::Stream& stream, absl::Span<const std::byte> bytes,
                           port::Deadline deadline);
  // Posts the parcel, and gives the process that has the other end.
  // Blocks:   while that is on its way, or `deadline`.
  // Errors:   as PipePlaces::TryPost and AwaitArrival; FailedPrecondition: this end was closed, or
  //           an end of `luggage` cannot move any more.
  absl::StatusOr<port::ProcessIdentity> PostHandles(const Luggage& luggage, SharedObject& carrier,
                                                    const Parcel& parcel, port::Stream& stream,
                                                    port::Deadline deadline);

  // A turn to receive with a message that was read whole, and its parcel, if it has one.
  // Blocks, errors: as Receive. See HoldParcel.
  using Taken = std::pair<Turn, Parcel>;
  absl::StatusOr<Taken> ReadWhole(uint64_t limit, absl::Duration timeout,
                                  absl::Span<std::byte> into = {});

  // What follows requires a turn to receive.

  // That of the message that the reader has begun, which is still the pipe's.
  // Errors:   DataLoss: there is no such parcel; as SharedObject::Create.
  absl::StatusOr<Parcel> OpenParcel();
  // The parcel of the message that was just read, if it has one; held until what is in it is.
  // Errors:   as OpenParcel. The message is gone; but with handles it stays, unless DataLoss.
  absl::StatusOr<Parcel> HoldParcel();
  // Makes of the handles of the message what they are, unless that was done before.
  // Errors:   DataLoss: one was lost, or cannot be used.
  absl::Status Unpack();
  // For a value that is made of the message.
  Delivery Deliver() const;
  // The message is taken. `parcel` as HoldParcel gave it, or none.
  void Drop(const Parcel& parcel);
  // Of a message that is gone, or closed.
  void ForgetArrived();
  // Lets go the parcels of messages that the reader has dropped.
  void TakeAwayDropped();
  void TakeAwayDropped(SharedObject& carrier);
  // When nobody else can receive any more: closes the handles that are in messages nobody received.
  // On Windows they are this process's already.
  void DropUnread(port::Stream& stream, SharedObject& carrier);
  // The end is closed, and nobody has a turn.
  void Finish(std::shared_ptr<port::Stream> stream, std::shared_ptr<PipeCarrier> carrier);

  const EndTraits traits_;
  const uint32_t forks_;  // how often the process had been forked when the end came to it

  std::mutex mutex_;
  std::condition_variable left_;          // a lane
  int waiting_ = 0;                       // for a lane
  std::shared_ptr<port::Stream> stream_;  // null: closed
  bool is_moving_ = false;
  std::shared_ptr<PipeCarrier> carrier_;  // null: closed, and nobody has a turn
  bool moved_ = false;
  bool settled_;
  Lane receiving_;
  Lane sending_;

  MessageReader reader_;  // whose turn it is
  MessageWriter writer_;
  // What the reader's handles are, while their message stays.
  SharedBlocks arrived_blocks_;
  std::vector<std::shared_ptr<port::Stream>> arrived_ends_;
  // What the reader says, for those who do not wait for their turn to look.
  std::atomic<bool> has_news_;
};

// An end on its way to another process: nobody here can use it. The destructor gives it back,
// unless it has arrived.
class MovingEnd {
 public:
  // Errors: FailedPrecondition: as ConnectionEnd::native, or another thread uses the end, polls it
  // or waits for it, or it is on its way already, or handles wait for it in messages.
  static absl::StatusOr<std::shared_ptr<MovingEnd>> Take(std::shared_ptr<ConnectionEnd> end);
  MovingEnd(const MovingEnd&) = delete;
  MovingEnd& operator=(const MovingEnd&) = delete;
  ~MovingEnd();

  // Valid as long as this object.
  port::Handle BorrowHandle();
  // Null: the pipe carries bytes alone.
  const std::shared_ptr<SharedObject>& carrier() const { return carrier_; }
  std::string Consumed() const { return end_->reader_.Consumed(); }
  const MessageWriter& writer() const { return end_->writer_; }
  ConnectionEnd& end() const { return *end_; }

  // It stays for a while, and leaves again.
  // Errors: FailedPrecondition: handles wait for it in messages; it must not leave.
  void Stay();
  absl::Status Leave();
  absl::Status CheckIsMovable() const;

  // The other process has it.
  void HasArrived();

 private:
  MovingEnd(std::shared_ptr<ConnectionEnd> end, ConnectionEnd::Turn receiving,
            ConnectionEnd::Turn sending)
      : end_(std::move(end)), receiving_(std::move(receiving)), sending_(std::move(sending)) {}

  const std::shared_ptr<ConnectionEnd> end_;
  ConnectionEnd::Turn receiving_;  // before end_
  ConnectionEnd::Turn sending_;
  std::shared_ptr<SharedObject> carrier_;
  bool has_left_ = false;
  bool has_arrived_ = false;
};

// An end that has come from another process.
class ArrivedEnd {
 public:
  explicit ArrivedEnd(std::shared_ptr<port::Stream> stream) : stream_(std::move(stream)) {}

  // Null if it was taken before.
  std::shared_ptr<port::Stream> Take() { return std::move(stream_); }
  void Becomes(std::shared_ptr<ConnectionEnd> end) { end_ = std::move(end); }
  void Settle() {
    if (end_ != nullptr) end_->Settle();
  }

 private:
  std::shared_ptr<port::Stream> stream_;
  std::shared_ptr<ConnectionEnd> end_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_CONNECTION_END_H_
