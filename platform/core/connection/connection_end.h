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

// What an end may do.
struct Directions {
  bool receives = true;
  bool sends = true;
};

// Thread safety: any thread.
class ConnectionEnd {
 public:
  ConnectionEnd(std::shared_ptr<port::Stream> stream, Directions directions,
                std::shared_ptr<PipeCarrier> carrier, MessageReader reader = MessageReader(),
                MessageWriter writer = MessageWriter());
  ConnectionEnd(const ConnectionEnd&) = delete;
  ConnectionEnd& operator=(const ConnectionEnd&) = delete;
  ~ConnectionEnd();

  Directions directions() const { return directions_; }
  // Errors: FailedPrecondition: it is closed, was moved, or belongs to another process.
  absl::StatusOr<int64_t> native();
  absl::Status Check();
  bool closed();
  void Close();

  // As those of Connection.
  absl::Status Send(absl::Span<const std::byte> bytes, absl::Duration timeout);
  absl::Status SendWith(const Luggage& luggage, absl::Span<const std::byte> bytes,
                        absl::Duration timeout);
  // `take` gets the message, and says whether it is gone then; or else it stays. `into`: see
  // MessageReader::Read; what is there is gone.
  absl::Status Receive(uint64_t limit, absl::Duration timeout,
                       absl::FunctionRef<bool(MessageReader& reader)> take,
                       absl::Span<std::byte> into = {});
  absl::StatusOr<uint64_t> NextSize(absl::Duration timeout);
  absl::Status Discard(absl::Duration timeout);
  absl::Status Poll(absl::Duration timeout);

  // As those of WaitSource.
  absl::StatusOr<std::shared_ptr<port::Waitable>> PortWaitable();
  bool HasNews() const { return has_news_; }

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
      if (end_ != nullptr) end_->Leave(*lane_, std::move(stream_));
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
  absl::StatusOr<Turn> Take(Lane& lane, port::Deadline deadline);
  // As Take. Errors: also FailedPrecondition: the end does not have this direction.
  absl::StatusOr<Turn> Enter(Lane& lane, port::Deadline deadline);
  void Leave(Lane& lane, std::shared_ptr<port::Stream> stream);
  // What a call gives that the end was closed in: whatever `status` says, that.
  absl::Status UnlessClosed(absl::Status status);
  absl::Status CheckIsOurs() const;
  absl::Status CheckIsOpen() const;  // with mutex_
  // Requires: a turn.
  // Errors:   as PipeCarrier::Get.
  absl::StatusOr<std::shared_ptr<SharedObject>> Carrier();
  // That of the message that the reader has begun, which is still the pipe's.
  // Requires: a turn.
  // Errors:   DataLoss: there is no such parcel; as SharedObject::Create.
  absl::StatusOr<Parcel> OpenParcel();

  const Directions directions_;
  const uint32_t forks_;  // how often the process had been forked when the end came to it

  std::mutex mutex_;
  std::condition_variable left_;          // a lane
  int waiting_ = 0;                       // for a lane
  std::shared_ptr<port::Stream> stream_;  // null: closed
  bool is_moving_ = false;
  std::shared_ptr<PipeCarrier> carrier_;  // null: closed, and nobody has a turn
  bool moved_ = false;
  Lane receiving_;
  Lane sending_;

  MessageReader reader_;  // whose turn it is
  MessageWriter writer_;
  // What the reader says, for those who do not wait for their turn to look.
  std::atomic<bool> has_news_;
};

// An end on its way to another process: nobody here can use it. The destructor gives it back,
// unless it has arrived.
class MovingEnd {
 public:
  // Errors: FailedPrecondition: as ConnectionEnd::native, or another thread uses the end, polls it
  // or waits for it, or it is on its way already.
  static absl::StatusOr<std::shared_ptr<MovingEnd>> Take(std::shared_ptr<ConnectionEnd> end);
  MovingEnd(const MovingEnd&) = delete;
  MovingEnd& operator=(const MovingEnd&) = delete;
  ~MovingEnd();

  // Valid as long as this object.
  port::Handle BorrowHandle();
  // Null: the pipe carries bytes alone.
  std::shared_ptr<SharedObject> Carrier() const;
  std::string Consumed() const { return end_->reader_.Consumed(); }
  std::string owed() const { return end_->writer_.owed(); }

  // The other process has it.
  void HasArrived();

 private:
  MovingEnd(std::shared_ptr<ConnectionEnd> end, ConnectionEnd::Turn receiving,
            ConnectionEnd::Turn sending)
      : end_(std::move(end)), receiving_(std::move(receiving)), sending_(std::move(sending)) {}

  const std::shared_ptr<ConnectionEnd> end_;
  ConnectionEnd::Turn receiving_;  // before end_
  ConnectionEnd::Turn sending_;
};

// The handle of an end that has come from another process.
class ArrivedEnd {
 public:
  explicit ArrivedEnd(port::Handle handle) : handle_(std::move(handle)) {}

  // Empty if it was taken before.
  port::Handle Take() { return std::move(handle_); }

 private:
  port::Handle handle_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_CONNECTION_END_H_
