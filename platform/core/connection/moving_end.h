// How an end of a pipe leaves its process, and comes to another one.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_MOVING_END_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_MOVING_END_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/connection/connection_end.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/message_writer.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/shared/shared_object.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// An end on its way to another process: nobody here can use it. The destructor gives it back,
// unless it has arrived.
class MovingEnd {
 public:
  // Errors: as ConnectionEnd::BeginMove; FailedPrecondition: handles wait for it in messages.
  static absl::StatusOr<std::shared_ptr<MovingEnd>> Take(std::shared_ptr<ConnectionEnd> end);
  MovingEnd(const MovingEnd&) = delete;
  MovingEnd& operator=(const MovingEnd&) = delete;
  ~MovingEnd();

  // The native handle, which stays the end's.
  port::Handle BorrowHandle();
  // The object of the pipe; null: it carries bytes alone.
  const std::shared_ptr<SharedObject>& pipe() const { return pipe_; }
  PipeCarrier& carrier() { return turns_.receiving.carrier(); }
  // What of messages is read, and what is to be written of them.
  const MessageReader& reader() const { return end_->reader(); }
  const MessageWriter& writer() const { return end_->writer(); }

  // What the other end reads in the object of the pipe: see PipePlaces. It is leaving; or it is
  // here, for a while.
  // Errors: as CheckIsMovable. Then it must not be sent, though it is marked.
  absl::Status MarkLeaving();
  void MarkHere();
  // In an order in which no two pipes are alike, and all processes see them.
  bool IsOfPipeBefore(const SharedObject& other) const;
  // Errors: FailedPrecondition: handles wait for it in messages.
  absl::Status CheckIsMovable() const;

  // The other process has it.
  void HasArrived();

 private:
  MovingEnd(std::shared_ptr<ConnectionEnd> end, ConnectionEnd::BothTurns turns)
      : end_(std::move(end)), turns_(std::move(turns)) {}

  const std::shared_ptr<ConnectionEnd> end_;
  ConnectionEnd::BothTurns turns_;  // given back before end_ goes
  std::shared_ptr<SharedObject> pipe_;
  bool is_marked_ = false;
  bool has_arrived_ = false;
};

// The stream of an end that has come from another process, until the value is made of it that has
// the end.
class ArrivedEnd {
 public:
  explicit ArrivedEnd(std::shared_ptr<port::Stream> stream) : stream_(std::move(stream)) {}

  // Once: an end has one place, whatever the bytes of the message say. Null from then on.
  std::shared_ptr<port::Stream> Take() { return std::move(stream_); }
  void Becomes(std::shared_ptr<ConnectionEnd> end) { end_ = std::move(end); }
  // The process from which it came has given it up.
  void Settle() {
    if (end_ != nullptr) end_->Settle();
  }

 private:
  std::shared_ptr<port::Stream> stream_;
  std::shared_ptr<ConnectionEnd> end_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_MOVING_END_H_
