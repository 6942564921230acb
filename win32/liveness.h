// Whether another process lives. See "liveness" in platform/port/port.h.
#ifndef ISOPROC_WIN32_LIVENESS_H_
#define ISOPROC_WIN32_LIVENESS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "platform/port/liveness.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// A handle to `process`, and to no other that has its id now, with which one can wait for its end
// and do what `access` says; empty if it is dead. As long as the handle is open, nobody else gets
// the id.
absl::StatusOr<UniqueHandle> OpenLiving(const ProcessIdentity& process, DWORD access = 0);

absl::StatusOr<ProcessIdentity> Self();
absl::StatusOr<bool> IsAlive(const ProcessIdentity& process);
absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_LIVENESS_H_
