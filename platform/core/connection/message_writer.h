// Writing messages to a stream, each of them whole or not at all.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_WRITER_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_WRITER_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Thread safety: as a plain value.
class MessageWriter {
 public:
  MessageWriter() = default;
  // Goes on where another one was that wrote to the same stream; `owed` is what its owed() gave.
  explicit MessageWriter(std::string owed) : owed_(std::move(owed)) {}

  // Writes one message.
  // Blocks:    until all of it is written, or `deadline`.
  // Errors:    as port::Stream::Write. The peer will not receive the message; if some of it is
  //            written, the next call takes it back first.
  absl::Status Write(port::Stream& stream, absl::Span<const std::byte> payload,
                     port::Deadline deadline);

  // What has to be written before the next message.
  const std::string& owed() const { return owed_; }

 private:
  absl::Status PayOwed(port::Stream& stream, port::Deadline deadline);

  std::string owed_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_WRITER_H_
