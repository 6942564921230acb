// What a worker says to its pool if it cannot take what it was given.
#ifndef ISOPROC_PLATFORM_TESTING_POOL_REFUSAL_H_
#define ISOPROC_PLATFORM_TESTING_POOL_REFUSAL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/pool/messages.h"
#include "platform/port/port.h"
#include "platform/testing/byte_stream.h"

namespace isoproc {

// As bytes of the stream.
inline absl::StatusOr<std::string> PoolRefusal() {
  port::ByteStream stream;
  internal::PoolWriter writer(stream, {});
  absl::Status status = writer.Put(internal::PoolMessage::Kind::kRefused);
  if (status.ok()) status = writer.Flush(port::Deadline::Never());
  if (!status.ok()) return status;
  return stream.written();
}

}  // namespace isoproc

#endif  // ISOPROC_PLATFORM_TESTING_POOL_REFUSAL_H_
