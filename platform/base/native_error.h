// Statuses that carry the native error code of the system call that failed.
#ifndef ISOPROC_PLATFORM_BASE_NATIVE_ERROR_H_
#define ISOPROC_PLATFORM_BASE_NATIVE_ERROR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace isoproc::port {

struct NativeCode {
  std::string domain;     // "errno" or "win32"
  int64_t code = 0;       // the number itself
  std::string operation;  // the call that failed, such as "socketpair"
};

// A status with `code` whose message is "operation: text (domain code)" and which carries the rest
// as a payload. `text` says what the system says of the code.
absl::Status MakeNativeError(absl::StatusCode code, std::string_view domain, int64_t native,
                             std::string_view operation, std::string_view text);

// What MakeNativeError put in; nullopt for statuses of other origin.
std::optional<NativeCode> GetNativeCode(const absl::Status& status);

// The same status with `context` + ": " before its message; payloads are kept. OK stays OK.
absl::Status Annotate(const absl::Status& status, std::string_view context);

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_NATIVE_ERROR_H_
