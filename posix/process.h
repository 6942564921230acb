// Children of this process, and of a fork server.
#ifndef ISOPROC_POSIX_PROCESS_H_
#define ISOPROC_POSIX_PROCESS_H_

#include <sys/types.h>

#include <memory>

#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "posix/child_watch.h"

namespace isoproc::port::posix {

// See Port::Spawn.
absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request);

// A child whose end `watch` learns. `leads_group`: its process id is also that of its family.
std::unique_ptr<ChildProcess> MakeChild(pid_t pid, bool leads_group,
                                        std::unique_ptr<ChildWatch> watch);

// Watches a fresh child of this process. If that fails, the child is killed and reaped.
absl::StatusOr<std::unique_ptr<ChildProcess>> MakeOwnChild(pid_t pid, bool leads_group);

// Reaps a child that nobody else knows of and that is about to end.
void Reap(pid_t pid);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_PROCESS_H_
