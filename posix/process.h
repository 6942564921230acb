// Children of this process, and of a fork server.
#ifndef ISOPROC_POSIX_PROCESS_H_
#define ISOPROC_POSIX_PROCESS_H_

#include <sys/types.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "posix/child_after_fork.h"
#include "posix/child_watch.h"

namespace isoproc::port::posix {

// See Port::Spawn.
absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request);

// A child whose end `watch` learns. `leads_group`: its process id is also that of its family.
std::unique_ptr<ChildProcess> MakeChild(pid_t pid, bool leads_group,
                                        std::unique_ptr<ChildWatch> watch);

// Watches a fresh child of this process. If that fails, the child is killed and reaped.
absl::StatusOr<std::unique_ptr<ChildProcess>> MakeOwnChild(pid_t pid, bool leads_group);

// What a fresh child has reported. If it is not OK, the child is reaped and nobody else knows of
// it.
absl::Status CheckReport(pid_t pid, const absl::StatusOr<SetupFailure>& failure,
                         const SpawnRequest& request);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_PROCESS_H_
