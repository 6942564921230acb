// What cases of Connection have in common.
#ifndef ISOPROC_CONFORMANCE_API_CONNECTION_SUPPORT_H_
#define ISOPROC_CONFORMANCE_API_CONNECTION_SUPPORT_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/harness/environment.h"
#include "isoproc/pipe.h"

namespace isoproc::conformance {

inline absl::Duration Patience() { return GetEnvironment().patience; }

// Larger than any port buffers, so that nobody sends it who is not read from.
inline std::string Large() { return std::string(size_t{3} << 20, 'x'); }

// The next message, or how that failed.
inline std::string Next(const Connection& connection, absl::Duration timeout = Patience()) {
  const absl::StatusOr<std::string> bytes = connection.ReceiveBytes(timeout);
  return bytes.ok() ? *bytes : absl::StatusCodeToString(bytes.status().code());
}
// What there is now.
inline std::string TryNext(const Connection& connection) {
  return Next(connection, absl::ZeroDuration());
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_CONNECTION_SUPPORT_H_
