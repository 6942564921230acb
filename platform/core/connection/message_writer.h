// Writing messages to a stream, each of them whole or not at all.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_WRITER_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_WRITER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "platform/core/connection/message.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// The rest of a block or a chunk whose message is given up: what is left of a header, zeros, and
// the verdict. Needs no memory, of which there may be none just then.
class OwedBytes {
 public:
  OwedBytes() = default;
  // `size` bytes, the first of which are those of `begin`.
  OwedBytes(absl::Span<const std::byte> begin, size_t size);

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  // Copies the first of them, as many as there is room for. Gives their number.
  size_t CopyTo(absl::Span<std::byte> into) const;
  void RemovePrefix(size_t size);

 private:
  std::array<std::byte, sizeof(MessageHeader)> begin_{};  // zeros follow
  size_t size_ = 0;
};

// The handles that go with a message.
struct OutgoingHandles {
  absl::Span<const port::Handle> handles;
  port::ProcessIdentity receiver;  // the process that has the other end
  size_t sent = 0;                 // how many are, also if the message is not
};

// Thread safety: as a plain value.
class MessageWriter {
 public:
  MessageWriter() = default;
  // Goes on where another one was that wrote to the same stream, which owed the same.
  MessageWriter(const std::string& owed, bool owes_handle);

  // Writes one message.
  // Blocks:    until all of it is written, or `deadline`.
  // Errors:    as port::Stream::Write. The peer will not receive the message; if some of it is
  //            written, the next call takes it back first.
  absl::Status Write(port::Stream& stream, absl::Span<const std::byte> payload,
                     port::Deadline deadline);
  // The same for a message with objects.
  // Errors:    also as port::Stream::SendHandle.
  absl::Status WriteWith(const Enclosed& enclosed, OutgoingHandles& handles, port::Stream& stream,
                         absl::Span<const std::byte> payload, port::Deadline deadline);
  // Writes a message that is given up: who reads notices nothing, and an error tells that nobody
  // ever will.
  // Blocks, errors: as Write.
  absl::Status WriteNothing(port::Stream& stream, port::Deadline deadline);

  // Takes back what is written of a message that failed, as the next call would.
  // Blocks, errors: as Write.
  absl::Status PayOwed(port::Stream& stream, port::Deadline deadline);

  // What has to be written before the next message, after an empty handle if that is owed.
  std::string owed() const;
  bool owes_handle() const { return owes_handle_; }

 private:
  // `last` is the verdict of the last piece.
  absl::Status WritePayload(port::Stream& stream, absl::Span<const std::byte> payload, Verdict last,
                            port::Deadline deadline);
  absl::Status WriteHandles(port::Stream& stream, OutgoingHandles& handles,
                            port::Deadline deadline);
  absl::Status WriteBlock(port::Stream& stream, const MessageBlock& block, port::Deadline deadline);

  bool owes_handle_ = false;
  OwedBytes owed_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_WRITER_H_
