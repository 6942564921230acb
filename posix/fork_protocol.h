// What a fork server and its requester say to each other.
//
// requester -> server, on the server's stream:
//     RequestHeader, then RequestHeader::size bytes of text, with the descriptors attached to the
//     first byte: bootstrap stream, status socket, standard streams.
// server -> requester, on the status socket of that child:
//     kStarted or kFailed once; after kStarted, kEnded. The server reaps the child when the
//     requester has closed its end of the socket, so that until then the process id is the child's.
// server -> requester, on the server's stream:
//     kFailed, if the descriptors did not arrive and so there is no status socket.
#ifndef ISOPROC_POSIX_FORK_PROTOCOL_H_
#define ISOPROC_POSIX_FORK_PROTOCOL_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "posix/child_after_fork.h"
#include "posix/fd.h"

namespace isoproc::port::posix {

struct RequestHeader {
  static constexpr uint32_t kMagic = 0x69736672;
  uint32_t magic = kMagic;
  ChildSetup::Group group = ChildSetup::Group::kLead;
  int64_t joined_group = 0;
  uint64_t size = 0;  // of the text: the working directory and the environment, each ended by a NUL
  // Indices of the attached descriptors, or ChildSetup::kNullDevice.
  std::array<int32_t, 3> standard_streams = {};
  int32_t descriptors = 0;
};

// The places of the first two descriptors.
inline constexpr size_t kBootstrapIndex = 0;
inline constexpr size_t kStatusIndex = 1;

struct ForkRequest {
  RequestHeader header;
  std::string text;  // what the pointers point into
  const char* working_directory = nullptr;
  std::vector<char*> environment;  // ends with a null
  std::vector<Fd> descriptors;     // as many as the header says, or none: they were lost
};

struct StatusRecord {
  static constexpr uint32_t kMagic = 0x69736673;
  enum class Kind : int32_t { kStarted = 1, kFailed, kEnded };
  uint32_t magic = kMagic;
  Kind kind = Kind::kStarted;
  int64_t pid = 0;
  SetupFailure failure;     // kFailed
  int32_t wait_status = 0;  // kEnded
};

// Writes a record in one piece. The reader may be gone; nobody minds.
void SendStatus(int socket, const StatusRecord& record);

struct StatusReceived {
  enum class Kind { kRecord, kNothing, kEndOfStream };
  Kind kind = Kind::kNothing;
  StatusRecord record;
};
// With `flags` as for recv(): MSG_DONTWAIT looks only, MSG_PEEK leaves the record in the socket.
StatusReceived ReceiveStatus(int socket, int flags);

// Sends a request. Errors: Unavailable: the server is gone. DeadlineExceeded: it does not read.
absl::Status SendRequest(int server, RequestHeader header, const std::string& working_directory,
                         char* const* environment, absl::Span<const int> descriptors,
                         Deadline deadline);

// Blocks for the next request; null: the requester is gone.
absl::StatusOr<std::unique_ptr<ForkRequest>> ReceiveRequest(int server);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_FORK_PROTOCOL_H_
