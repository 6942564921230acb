// Starting a process of the library and shaking hands with it.
#ifndef ISOPROC_PLATFORM_CORE_LAUNCH_H_
#define ISOPROC_PLATFORM_CORE_LAUNCH_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {

struct Launched {
  std::unique_ptr<port::ChildProcess> process;
  std::unique_ptr<port::Stream> control;
};

// Makes a process of a request: one of the port's ways to start one. `own_end` is the parent's end
// of the child's stream, which a child that is a copy of its parent must close.
using Spawner = absl::FunctionRef<absl::StatusOr<std::unique_ptr<port::ChildProcess>>(
    const port::SpawnRequest& request, std::unique_ptr<port::Stream>& own_end)>;

// Starts a process by `spawn`, to which `request` is given with its bootstrap stream filled in;
// tells it `message` and `arguments` and sends it `handles`; waits until it says that it is ready.
// Errors: as Process::Start; no process is left.
absl::StatusOr<Launched> Launch(port::Port& port, port::SpawnRequest request,
                                const StartMessage& message, const std::string& arguments,
                                absl::Span<const port::Handle> handles, port::Deadline deadline,
                                Spawner spawn);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_LAUNCH_H_
