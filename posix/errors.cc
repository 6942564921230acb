#include "posix/errors.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "platform/base/native_error.h"

namespace isoproc::port::posix {
namespace {

// strerror_r comes in two kinds, told apart by what they return.
[[maybe_unused]] const char* Chosen(const char* result, const char*) { return result; }
[[maybe_unused]] const char* Chosen(int, const char* buffer) { return buffer; }

std::string TextOf(int error) {
  char buffer[128] = "unknown error";
  return Chosen(::strerror_r(error, buffer, sizeof(buffer)), buffer);
}

}  // namespace

absl::StatusCode StatusCodeOf(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ETOOMANYREFS:
    case E2BIG:   // Abseil: a bad argument; here it means that the arguments are too long
    case EAGAIN:  // Abseil: try again; calls that would block never come here, shortages do
      return absl::StatusCode::kResourceExhausted;
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case ENOEXEC:
    case EISDIR:
    case EROFS:
    case ETXTBSY:
      return absl::StatusCode::kPermissionDenied;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      return absl::StatusCode::kUnavailable;
    case ENOSYS:
      return absl::StatusCode::kUnimplemented;
    default:
      return absl::ErrnoToStatusCode(error);
  }
}

absl::Status PosixError(int error, std::string_view operation) {
  return PosixErrorAs(StatusCodeOf(error), error, operation);
}

absl::Status PosixErrorAs(absl::StatusCode code, int error, std::string_view operation) {
  return MakeNativeError(code, "errno", error, operation, TextOf(error));
}

}  // namespace isoproc::port::posix
