// Windows cannot fork: what needs that is refused. See Port.
#ifndef ISOPROC_WIN32_FORK_SERVER_H_
#define ISOPROC_WIN32_FORK_SERVER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "platform/port/stream.h"

namespace isoproc::port::win32 {

absl::Status ServeForks(std::unique_ptr<Stream> server, const ForkedEntry& entry);
absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream& server,
                                                              const SpawnRequest& request);
absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest& request, int own_threads,
                                                   const ForkedEntry& entry);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_FORK_SERVER_H_
