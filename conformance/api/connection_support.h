// What cases of Connection have in common.
#ifndef ISOPROC_CONFORMANCE_API_CONNECTION_SUPPORT_H_
#define ISOPROC_CONFORMANCE_API_CONNECTION_SUPPORT_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "gtest/gtest.h"
#include "isoproc/pipe.h"
#include "isoproc/process.h"
#include "isoproc/sync.h"

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

// An end of a pipe over whose other end a process, which is dead by now, has sent what the target
// `kSend` sends, which says "sent" then and stays.
template <auto kSend>
absl::StatusOr<Connection> EndToTheDead() {
  const absl::StatusOr<std::pair<Connection, Connection>> pipe = Pipe();
  if (!pipe.ok()) return pipe.status();
  SystemPipe output;
  absl::StatusOr<Process> sender = Process::Start<kSend>(Into(output), pipe->second);
  if (!sender.ok()) return sender.status();
  EXPECT_EQ(output.ReadLine(), "sent");
  EXPECT_OK(sender->Kill());
  EXPECT_OK(Await(*sender));
  // Who makes an object makes room for it: nothing may go that is in the message.
  EXPECT_OK(Lock::Create());
  return pipe->first;
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_CONNECTION_SUPPORT_H_
