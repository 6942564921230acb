// What a status holds beyond code and message: the death, or the exception of another process, that
// was the reason for a failure.
#ifndef ISOPROC_PLATFORM_CORE_EXIT_STATUS_PAYLOAD_H_
#define ISOPROC_PLATFORM_CORE_EXIT_STATUS_PAYLOAD_H_

#include "absl/status/status.h"
#include "isoproc/exit_status.h"
#include "isoproc/status.h"

namespace isoproc::internal {

// Adds `exit_status` to `status`, to be read by ExitStatusOf. Requires that `status` is not OK.
void SetExitStatus(const ExitStatus& exit_status, absl::Status& status);

// kUnknown, to be read by RemoteErrorOf.
absl::Status ToStatus(const RemoteError& error);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_EXIT_STATUS_PAYLOAD_H_
