// The processes that fork children on request, as their parent sees them.
#ifndef ISOPROC_PLATFORM_CORE_FORK_SERVER_H_
#define ISOPROC_PLATFORM_CORE_FORK_SERVER_H_

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/launch.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Thread safety: any thread.
class ForkServer {
 public:
  // As port::Port::SpawnFromServer. There is a server for each `executable`, as set by
  // SetExecutable; it is started at the first call, and again after it died.
  // Blocks:    as that, and while other threads ask.
  // Errors:    Unavailable: it died meanwhile, or has not answered for so long that it was ended.
  //            It may have forked: a second try needs a new stream.
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> Spawn(const std::string& executable,
                                                            const port::SpawnRequest& request,
                                                            port::Deadline deadline);

  // Ends the servers at once, also while they are asked; their children live on.
  void Stop();

  // In a fork of the process that has the servers: closes the copies of their streams.
  void ForgetAfterFork() {
    for (const auto& [executable, server] : servers_) server->process.control.reset();
  }

 private:
  struct Server {
    Launched process;
    // Since when it owes an answer.
    std::optional<absl::Duration> silent_since;
  };

  // Gives the turn that was taken.
  struct Turn {
    ~Turn() { server.GiveTurn(); }
    ForkServer& server;
  };

  absl::Status TakeTurn(port::Deadline deadline);
  void GiveTurn();
  // The following by whose turn it is.
  absl::StatusOr<std::shared_ptr<Server>> Find(const std::string& executable,
                                               port::Deadline deadline);
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> Ask(Server& server,
                                                          const port::SpawnRequest& request,
                                                          port::Deadline deadline);
  void Drop(const std::string& executable, const std::shared_ptr<Server>& server);

  std::mutex mutex_;
  std::condition_variable turn_given_;
  bool busy_ = false;  // it is somebody's turn
  std::map<std::string, std::shared_ptr<Server>> servers_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_FORK_SERVER_H_
