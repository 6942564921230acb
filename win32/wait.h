// Waiting for kernel objects.
#ifndef ISOPROC_WIN32_WAIT_H_
#define ISOPROC_WIN32_WAIT_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/waitable.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// What is left until `deadline`, as one Win32 wait can take it; INFINITE only if there is no
// deadline. A wait that ends may have been cut short: look at the deadline again.
DWORD WaitMilliseconds(Deadline deadline);

// Whether `handle` is signalled. Never blocks.
bool IsSignalled(HANDLE handle);

// Blocks until `handle` is signalled or `deadline`. Looks at least once.
// Errors:    DeadlineExceeded.
absl::Status WaitFor(HANDLE handle, Deadline deadline);

// See Port::WaitAny.
absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects, Deadline deadline);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_WAIT_H_
