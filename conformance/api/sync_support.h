// What cases of locks, semaphores and the like have in common.
#ifndef ISOPROC_CONFORMANCE_API_SYNC_SUPPORT_H_
#define ISOPROC_CONFORMANCE_API_SYNC_SUPPORT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/harness/environment.h"
#include "isoproc/sync.h"

namespace isoproc::conformance {

inline std::string Code(const absl::Status& status) {
  return absl::StatusCodeToString(status.code());
}
inline std::string Show(const absl::StatusOr<LockStatus>& status) {
  if (!status.ok()) return Code(status.status());
  return *status == LockStatus::kOk ? "ok" : "owner died";
}
// Takes a lock that must come.
template <class AnyLock>
std::string Take(const AnyLock& lock) {
  return Show(lock.Acquire(GetEnvironment().patience));
}
template <class AnyLock>
std::string Try(const AnyLock& lock) {
  return Show(lock.Acquire(absl::ZeroDuration()));
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_SYNC_SUPPORT_H_
