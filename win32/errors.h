// From GetLastError to absl::Status.
#ifndef ISOPROC_WIN32_ERRORS_H_
#define ISOPROC_WIN32_ERRORS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace isoproc::port::win32 {

// A status for `operation`, which failed with `error`. The number is an argument and not read from
// GetLastError, because anything between the call and here may have changed that.
absl::Status Win32Error(uint32_t error, std::string_view operation);

// The same, where `code` is what the contract says of this operation.
absl::Status Win32ErrorAs(absl::StatusCode code, uint32_t error, std::string_view operation);

// No system call failed: time is up.
absl::Status DeadlineIsOver();

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_ERRORS_H_
