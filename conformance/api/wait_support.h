// What cases of Wait have in common.
#ifndef ISOPROC_CONFORMANCE_API_WAIT_SUPPORT_H_
#define ISOPROC_CONFORMANCE_API_WAIT_SUPPORT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "conformance/harness/environment.h"
#include "isoproc/wait.h"

namespace isoproc::conformance {

// What is ready, as "0 2", or how the wait failed.
inline std::string WaitFor(const std::vector<Waitable>& objects,
                           absl::Duration timeout = GetEnvironment().patience) {
  const absl::StatusOr<std::vector<size_t>> ready = Wait(objects, timeout);
  return ready.ok() ? absl::StrJoin(*ready, " ") : absl::StatusCodeToString(ready.status().code());
}
// What is ready now.
inline std::string Look(const std::vector<Waitable>& objects) {
  return WaitFor(objects, absl::ZeroDuration());
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_WAIT_SUPPORT_H_
