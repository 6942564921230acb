// Win32 error numbers as Abseil status codes.
#ifndef ISOPROC_PLATFORM_BASE_WIN_ERROR_TABLE_H_
#define ISOPROC_PLATFORM_BASE_WIN_ERROR_TABLE_H_

#include <cstdint>

#include "absl/status/status.h"

namespace isoproc::port {

// What a number of GetLastError means when the operation gives it no meaning of its own; kUnknown
// for numbers that isoproc does not expect. By number, so that it can be tested without Windows.
// Source: "System Error Codes".
absl::StatusCode StatusCodeOfWin32Error(uint32_t error);

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_WIN_ERROR_TABLE_H_
