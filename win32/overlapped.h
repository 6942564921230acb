// Overlapped operations that end in the call that began them.
#ifndef ISOPROC_WIN32_OVERLAPPED_H_
#define ISOPROC_WIN32_OVERLAPPED_H_

#include <atomic>
#include <cstddef>

#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// What became of an operation: `size` bytes if `error` is ERROR_SUCCESS.
struct Outcome {
  DWORD error = ERROR_SUCCESS;
  DWORD size = 0;
};

// Read from and write to `file`, which was opened for overlapped operations; `event` is a
// manual-reset event that nothing else uses meanwhile.
//
// At the deadline the operation is cancelled, but an operation that the kernel has completed in the
// meantime counts: its bytes are never lost. ERROR_OPERATION_ABORTED means that the cancellation
// won. Either way the kernel is done with the memory on return, and so nothing is under way that
// the end of the calling thread would cancel.
//
// Once `interrupted` is set it is as if the deadline were over. Who sets it cancels what is under
// way then.
Outcome ReadUntil(HANDLE file, HANDLE event, absl::Span<std::byte> into, Deadline deadline,
                  const std::atomic<bool>& interrupted);
Outcome WriteUntil(HANDLE file, HANDLE event, absl::Span<const std::byte> bytes, Deadline deadline,
                   const std::atomic<bool>& interrupted);

// Cancels `operation` of `file`, if it is still under way, and waits until the kernel is done with
// it.
Outcome Cancel(HANDLE file, OVERLAPPED& operation);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_OVERLAPPED_H_
