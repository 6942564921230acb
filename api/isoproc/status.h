// Reading what a failed call says beyond its code and message.
//
// Every call of isoproc that can fail returns absl::Status or absl::StatusOr. The codes are the
// same on every platform (docs/errors.md has the table); the native code travels as a payload.
#ifndef ISOPROC_STATUS_H_
#define ISOPROC_STATUS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "isoproc/exit_status.h"

namespace isoproc {

// The system's own word for a failure.
struct NativeErrorInfo {
  std::string domain;     // "errno" or "win32"
  int64_t code = 0;       // an errno value, or one of GetLastError()
  std::string operation;  // the system call, such as "socketpair" or "CreateProcessW"
};

// The native code inside `status`; nullopt if no system call was at fault. Never blocks; any
// thread.
std::optional<NativeErrorInfo> NativeError(const absl::Status& status);

// How the process ended whose death is the reason for `status`, such as a child that died before it
// was ready (kAborted); nullopt if no death is. Never blocks; any thread.
std::optional<ExitStatus> ExitStatusOf(const absl::Status& status);

// An exception of another process, which lived on: a task of a pool threw it.
struct RemoteError {
  std::string type;     // as C++ spells it; "unknown" if it is no std::exception
  std::string what;     // at most 16 KiB of it
  std::string process;  // the name of the process
  int64_t pid = 0;
};

// The exception that is the reason for `status` (kUnknown); nullopt if none of a task is. Never
// blocks; any thread.                                                                  [POOL-12]
std::optional<RemoteError> RemoteErrorOf(const absl::Status& status);

}  // namespace isoproc

#endif  // ISOPROC_STATUS_H_
