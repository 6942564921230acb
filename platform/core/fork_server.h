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
  // As port::Port::SpawnFromServer; starts the server at the first call, and again after it died.
  // Errors:    Unavailable: it died meanwhile. It may have forked: a second try needs a new stream.
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> Spawn(const port::SpawnRequest& request,
                                                            port::Deadline deadline);

  // Ends the server, if there is one; its children live on.
  void Stop();

  // In a fork of the process that has the server: closes the copy of its stream.
  void ForgetAfterFork() {
    if (server_.has_value()) server_->control.reset();
  }

 private:
  absl::Status Start(port::Deadline deadline);
  void StopLocked();

  std::mutex mutex_;
  std::optional<Launched> server_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_FORK_SERVER_H_
