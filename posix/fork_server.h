// Children by fork: of a server that does nothing else, or of this process.
#ifndef ISOPROC_POSIX_FORK_SERVER_H_
#define ISOPROC_POSIX_FORK_SERVER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "platform/port/process.h"
#include "platform/port/stream.h"

namespace isoproc::port::posix {

// See the functions of the same names of port::Port.
absl::Status ServeForks(std::unique_ptr<Stream> server, const ForkedEntry& entry);
absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream& server,
                                                              const SpawnRequest& request,
                                                              Deadline deadline);
absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest& request, int own_threads,
                                                   const ForkedEntry& entry);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_FORK_SERVER_H_
