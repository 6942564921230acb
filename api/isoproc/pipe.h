// Pipes: two connected ends, over which two processes send each other messages.
#ifndef ISOPROC_PIPE_H_
#define ISOPROC_PIPE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cereal/access.hpp"
#include "isoproc/codec.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/must_travel.h"
#include "isoproc/internal/travel.h"
#include "isoproc/wait.h"

namespace isoproc {

class Connection;

namespace internal {
class ConnectionEnd;
template <>
inline constexpr bool kIsHandle<Connection> = true;
}  // namespace internal

// One end of a pipe. Messages keep their order and their boundaries, and have any size from 0 bytes
// on.                                                         [CONN-04, CONN-09, CONN-11, CONN-12]
//
//   copies         are cheap and refer to the same end. One made by default refers to none, which
//                  is as good as closed.
//   place          an end is in one process at a time. As an argument of Process::Start or in a
//                  message of another pipe, alone or inside other values, it moves, with what is
//                  half sent and half received: when Start or Send returns, all copies here are
//                  closed; if it fails, they are as before, but a Send that failed half-way may
//                  leave one more handle of the end with the receiver until he reads on. An end
//                  that is closed, or has moved, or that another thread uses, polls or waits for,
//                  does not move, nor one for which a message with connections or memory waits or
//                  is being sent: FailedPrecondition. So are Poll and Wait while it moves.
//                     [CONN-21, CONN-22, CONN-39, CONN-54, CONN-61, CONN-62, CONN-66, CONN-69]
//   lifetime       the end is closed by Close, with the last copy of it, and with its process,
//                  however that ends. What was sent before is received all the same.
//                                                                             [CONN-18, CONN-32]
//   thread safety  all functions from any number of threads: of those that send, one after the
//                  other, and so of those that receive, which is part of what a timeout bounds.
//                                                                                       [CONN-36]
//   timeouts       zero and negative try once.                          [GEN-01, GEN-02, GEN-05]
//   trust          the other end may send anything: no bytes make this side leave its memory, or
//                  take more than a small multiple of what has come.                    [CONN-37]
//
// Errors of all:   FailedPrecondition: the end is closed, has moved, or does not go this way
//                  [CONN-03, CONN-31]; or this process is a fork of the one that has it [CONN-55].
//                  Nothing happened.
class Connection {
 public:
  static constexpr uint64_t kNoLimit = (std::numeric_limits<uint64_t>::max)();

  Connection() = default;

  // ---- sending ----------------------------------------------------------------------------------

  // Sends a value of a type that travels (codec.h), which is received by Receive of the same type.
  // It may hold handles of whatever processes share (sync.h, Value, Array, SharedMemory,
  // ShareableList, Queue), and connections, which move. When this returns they are on their way,
  // and arrive also if this process drops its own, or is killed. Connections that are never
  // received are closed with the receiving end, or with the message, if that is given up,
  // discarded, or received as something else; objects go with the pipe at the latest.
  //                             [CONN-05, CONN-41, CONN-58, CONN-59, CONN-67, CONN-68, CONN-72]
  // Blocks:    until the system has taken all of it, which it does as far as there is room before
  //            the other end reads; or `timeout`. With connections, or what has memory of its own
  //            (SharedMemory, a queue, an Array or a Value of more than 64 KiB), also while the
  //            other end is itself on its way and nobody has received it.       [CONN-15, CONN-71]
  // Errors:    the other end does not receive the message, nor a part of it.
  //            DeadlineExceeded: there was no room for all of it in time; the connection goes on.
  //            Unavailable: the other end is gone, in the words of Receive's OutOfRange. No signal
  //            is raised.                                                                 [CONN-20]
  //            InvalidArgument: a serialisation hook of the type threw [CONN-38], or it holds an
  //            end of this very pipe [CONN-70].
  //            FailedPrecondition: a shared object is of another family; an end in it cannot move;
  //            another thread is sending this end somewhere.
  //            ResourceExhausted: no memory, no room for one more shared object, or the system has
  //            no more room for handles on their way; or the message has more than 4096 of them.
  //            PermissionDenied: on Windows, the process of the other end has rights that this one
  //            lacks, and no handle can be put into it.
  template <class T>
  absl::Status Send(const T& value, absl::Duration timeout = absl::InfiniteDuration()) const {
    internal::MustTravel<T>();
    if constexpr (kTravels<T>) {
      internal::Luggage luggage;
      const absl::StatusOr<std::string> bytes = internal::EncodeWith(value, &luggage);
      return bytes.ok() ? SendWith(luggage, *bytes, timeout) : bytes.status();
    } else {
      return absl::InternalError("not reached");
    }
  }

  // The same for bytes, which are sent as they are. Blocks, errors: as Send.
  absl::Status SendBytes(absl::Span<const std::byte> bytes,
                         absl::Duration timeout = absl::InfiniteDuration()) const;
  absl::Status SendBytes(absl::string_view bytes,
                         absl::Duration timeout = absl::InfiniteDuration()) const {
    return SendBytes(
        absl::MakeConstSpan(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()),
        timeout);
  }

  // ---- receiving --------------------------------------------------------------------------------

  // Takes the next message.
  // Blocks:    until all of it has come, the other end is gone, or `timeout`.
  // Errors:    OutOfRange: the other end is gone and all that was sent is received; so ever after.
  //                                                                                       [CONN-17]
  //            DeadlineExceeded: it has not come in time; nothing is lost.                [CONN-16]
  //            ResourceExhausted: it has more than `max_size` bytes, or there is no memory for it
  //            or for its value; it stays.                                                [CONN-23]
  //            DataLoss: the message is taken, and is no T; its objects are let go [CONN-10]. So
  //            it is if this process has no more room for the handles in it, or for the memory
  //            that they are of. Or the other end has gone, or was killed, in the middle of a
  //            message; told once, OutOfRange follows [CONN-19]. Or what came is not of isoproc;
  //            told ever after.
  template <class T>
  absl::StatusOr<T> Receive(absl::Duration timeout = absl::InfiniteDuration(),
                            uint64_t max_size = kNoLimit) const {
    internal::MustTravel<T>();
    if constexpr (kTravels<T>) {
      std::optional<absl::StatusOr<T>> value;
      const absl::Status received =
          Take(max_size, timeout,
               [&value](absl::Span<const std::byte> bytes, const internal::Delivery& delivery) {
                 value.emplace(internal::DecodeWith<T>(bytes, &delivery));
                 return !absl::IsResourceExhausted(value->status());
               });
      if (!received.ok()) return received;
      return *std::move(value);
    } else {
      return absl::InternalError("not reached");
    }
  }

  // Blocks, errors: as Receive. What shared objects or connections come with it, are let go.
  absl::StatusOr<std::string> ReceiveBytes(absl::Duration timeout = absl::InfiniteDuration(),
                                           uint64_t max_size = kNoLimit) const;

  // Into the first bytes of `into`, whose size is the limit; those beyond the message stay as they
  // are. Gives the size of the message. After an error, a part of the message may stand there; the
  // next call gives all of it. Blocks, errors: as Receive.                    [CONN-25, CONN-27]
  absl::StatusOr<size_t> ReceiveBytesInto(absl::Span<std::byte> into,
                                          absl::Duration timeout = absl::InfiniteDuration()) const;

  // The size of the next message, which stays.                                          [CONN-53]
  // Blocks, errors: as Receive, for the beginning of the message.
  absl::StatusOr<uint64_t> NextSize(absl::Duration timeout = absl::InfiniteDuration()) const;

  // Drops the next message, which is the one that NextSize tells of and a Receive with a limit
  // refuses. Takes little memory, however long it is: what has not come yet is dropped piece by
  // piece, by the calls that receive after this [CONN-63]. Connections and memory in it that have
  // come are closed when this returns.                                                  [CONN-68]
  // Blocks, errors: as NextSize. If the other end is gone behind the beginning of the message, this
  // returns OK, and the next call that receives says DataLoss; or this one already, if connections
  // or memory are in the message.                                                       [CONN-63]
  absl::Status Discard(absl::Duration timeout = absl::InfiniteDuration()) const;

  // Waits until there is something to receive: a message, the beginning of one, or the end. Takes
  // nothing.                                           [CONN-28, CONN-29, CONN-30, CONN-64]
  // Blocks:    until then, or `timeout`.
  // Errors:    DeadlineExceeded: there is nothing.
  absl::Status Poll(absl::Duration timeout = absl::InfiniteDuration()) const;

  // As Poll, together with other things: see wait.h. Does not keep the end open.
  //                                                                 [CONN-32, CONN-44, CONN-45]
  // Errors:    FailedPrecondition: an empty connection. Wait says if it is closed, or only sends.
  absl::StatusOr<Waitable> AsWaitable() const;

  // ---- the end itself ---------------------------------------------------------------------------

  // Closes the end, for all copies; twice is fine. Calls of other threads that are under way return
  // at once with FailedPrecondition, Wait for it too; but for a Send whose message is on its way as
  // a whole. The other end sees this when they have. Messages that have come and were not received
  // are gone.                                                                           [CONN-65]
  // Blocks:    never.
  void Close() const;
  bool closed() const;

  // Whether it receives, and whether it sends, also when closed.                        [CONN-02]
  bool readable() const;
  bool writable() const;

  // The system's own, which stays the connection's: a descriptor, or a HANDLE.          [CONN-33]
  absl::StatusOr<int64_t> native_handle() const;

 private:
  friend absl::StatusOr<std::pair<Connection, Connection>> Pipe();
  friend absl::StatusOr<std::pair<Connection, Connection>> OneWayPipe();
  friend class cereal::access;

  explicit Connection(std::shared_ptr<internal::ConnectionEnd> end) : end_(std::move(end)) {}
  static absl::StatusOr<std::pair<Connection, Connection>> Make(bool both_ways);

  absl::Status SendWith(const internal::Luggage& luggage, const std::string& bytes,
                        absl::Duration timeout) const;
  // `use` says whether the message is taken; or else it stays.
  absl::Status Take(
      uint64_t max_size, absl::Duration timeout,
      absl::FunctionRef<bool(absl::Span<const std::byte> bytes, const internal::Delivery& delivery)>
          use) const;

  template <class Archive>
  void save(Archive& archive) const {
    Save(archive);
  }
  template <class Archive>
  void load(Archive& archive) {
    Load(archive);
  }
  void Save(internal::WriteArchive& archive) const;
  void Load(internal::ReadArchive& archive);

  std::shared_ptr<internal::ConnectionEnd> end_;  // null: none
};

// A new pipe, both ends of which receive and send.                                        [CONN-01]
// Errors:    ResourceExhausted.
absl::StatusOr<std::pair<Connection, Connection>> Pipe();

// As Pipe, but the first end receives, and the second one sends.                          [CONN-01]
absl::StatusOr<std::pair<Connection, Connection>> OneWayPipe();

}  // namespace isoproc

#endif  // ISOPROC_PIPE_H_
