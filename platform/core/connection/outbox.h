// The sending side of an end: messages, with what goes in them.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_OUTBOX_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_OUTBOX_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/connection/message_writer.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/shared_object.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Thread safety: as a plain value.
class Outbox {
 public:
  // What messages with objects need of their pipe.
  struct Way {
    port::Stream& stream;
    SharedObject& pipe;
    int receiver;  // the side of the other end
    // Whether this end is still open, or why not: asked while the other one is on its way.
    absl::FunctionRef<absl::Status()> check;
  };

  explicit Outbox(const MessageWriter& writer) : writer_(writer) {}

  // What is left to be written of the messages before.
  const MessageWriter& writer() const { return writer_; }

  // Blocks, errors: as MessageWriter::Write.
  absl::Status Send(port::Stream& stream, absl::Span<const std::byte> bytes,
                    port::Deadline deadline) {
    return writer_.Write(stream, bytes, deadline);
  }

  // A message with objects. Ends among them have moved when this is OK, and have not if it is not.
  // Blocks:    as MessageWriter::WriteWith; with handles, while the receiver is on its way.
  // Errors:    as MessageWriter::WriteWith, PackLuggage and PipePlaces::TryPost; what `check` says;
  //            FailedPrecondition: an end of `luggage` cannot move; ResourceExhausted: there are
  //            more than kMostHandles.
  absl::Status SendWith(const Luggage& luggage, const Way& way, absl::Span<const std::byte> bytes,
                        port::Deadline deadline);

 private:
  absl::Status SendHandles(const Luggage& luggage, const Parcel& parcel, const Way& way,
                           absl::Span<const std::byte> bytes, port::Deadline deadline);
  // Posts the parcel, and gives the process that has the receiving end.
  absl::StatusOr<port::ProcessIdentity> PostHandles(const Luggage& luggage, const Parcel& parcel,
                                                    const Way& way, port::Deadline deadline);

  MessageWriter writer_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_OUTBOX_H_
