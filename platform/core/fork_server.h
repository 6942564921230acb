// The process that forks children on request, as its parent sees it.
#ifndef ISOPROC_PLATFORM_CORE_FORK_SERVER_H_
#define ISOPROC_PLATFORM_CORE_FORK_SERVER_H_

#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/launch.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Thread safety: any thread.
class ForkServer {
 public:
  // As port::Port::SpawnFromServer; starts the server at the first call, and again if it died.
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> Spawn(const port::SpawnRequest& request,
                                                            port::Deadline deadline);

  // Ends the server, if there is one; its children live on.
  void Stop();

 private:
  absl::Status Start(port::Deadline deadline);
  void StopLocked();

  std::mutex mutex_;
  std::optional<Launched> server_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_FORK_SERVER_H_
