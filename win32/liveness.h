// Whether another process lives. See "liveness" in platform/port/port.h.
#ifndef ISOPROC_WIN32_LIVENESS_H_
#define ISOPROC_WIN32_LIVENESS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "platform/port/liveness.h"

namespace isoproc::port::win32 {

absl::StatusOr<ProcessIdentity> Self();
absl::StatusOr<bool> IsAlive(const ProcessIdentity& process);
absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_LIVENESS_H_
