// What cases of named memory have in common.
#ifndef ISOPROC_CONFORMANCE_API_MEMORY_SUPPORT_H_
#define ISOPROC_CONFORMANCE_API_MEMORY_SUPPORT_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "conformance/harness/environment.h"

namespace isoproc::conformance {

// Nobody else's, and no other case's.
inline std::string NameFor(const char* what) {
  return absl::StrCat("c", TestPort().ProcessId(), what);
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_MEMORY_SUPPORT_H_
