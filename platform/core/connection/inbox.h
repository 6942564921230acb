// The receiving side of an end: messages, with what comes in them.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_INBOX_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_INBOX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/connection/message_reader.h"
#include "platform/core/connection/pipe_carrier.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/shared_object.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// `carrier` is that of the pipe of `stream`.
// Thread safety: as a plain value.
class Inbox {
 public:
  explicit Inbox(MessageReader reader) : reader_(std::move(reader)) {}

  // How far it has read, and the message that Read has given.
  const MessageReader& reader() const { return reader_; }
  MessageReader& reader() { return reader_; }

  // Reads the next message as a whole, which stays until Pop. Gives its parcel, or none if it has
  // none, which is to be kept until what is in it is held.
  // Blocks:    as MessageReader::Read.
  // Errors:    as MessageReader::Read and PipeCarrier::Get. DataLoss: also: the objects of the
  //            message did not come along; it is gone.
  absl::StatusOr<Parcel> Read(port::Stream& stream, PipeCarrier& carrier, uint64_t limit,
                              port::Deadline deadline, absl::Span<std::byte> into);
  // The size of the next one, which stays. Blocks, errors: as MessageReader::NextSize.
  absl::StatusOr<uint64_t> NextSize(port::Stream& stream, port::Deadline deadline) {
    return reader_.NextSize(stream, deadline);
  }

  // What the handles of the message are that was read, for a value that is made of it.
  // Errors:    DataLoss: one was lost, or cannot be used; the message is gone.
  absl::StatusOr<Delivery> Unpack(const Parcel& parcel);
  // That message is taken, or nobody can: the next one follows.
  void Pop(const Parcel& parcel);

  // Drops the next message, and closes what has come of it.
  // Blocks, errors: as MessageReader::Discard.
  absl::Status Discard(port::Stream& stream, PipeCarrier& carrier, port::Deadline deadline);

  // After each call that reads: lets go what came with messages that nobody gets.
  void LetGoOfLost(PipeCarrier& carrier);

  // When nobody will receive any more: reads the messages with handles that are left of those for
  // the end of this side, and closes these. On Windows they are this process's already.
  void Drain(port::Stream& stream, SharedObject& pipe, int side);

  // In a forked copy: gives up what the original will close, or pass on.
  void ForgetAfterFork();

 private:
  // That of the message that has begun, which is still the pipe's.
  // Errors:   DataLoss: there is no such parcel; as PipeCarrier::Get.
  absl::StatusOr<Parcel> OpenParcel(PipeCarrier& carrier);
  void TakeAwayLost(SharedObject& pipe);
  void Clear();

  MessageReader reader_;
  // What the reader's handles are. Kept while their message stays, since a handle can be used once.
  SharedBlocks blocks_;
  std::vector<std::shared_ptr<port::Stream>> ends_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_INBOX_H_
