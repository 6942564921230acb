// From errno to absl::Status.
#ifndef ISOPROC_POSIX_ERRORS_H_
#define ISOPROC_POSIX_ERRORS_H_

#include <string_view>

#include "absl/status/status.h"

namespace isoproc::port::posix {

// The code that the contract promises for `error`; the operation may know better (a wait that is
// over is not a shortage), and then decides before it asks here.
absl::StatusCode StatusCodeOf(int error);

// A status for `operation`, which failed with `error`. The number is an argument and not read from
// errno, because anything between the call and here may have changed that.
absl::Status PosixError(int error, std::string_view operation);

// The same, where `code` is what the contract says of this operation.
absl::Status PosixErrorAs(absl::StatusCode code, int error, std::string_view operation);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_ERRORS_H_
