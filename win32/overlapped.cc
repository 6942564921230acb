#include "win32/overlapped.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <new>
#include <optional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/base/native_error.h"
#include "win32/syscalls.h"
#include "win32/wait.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

DWORD Clamp(size_t size) { return static_cast<DWORD>(std::min<size_t>(size, 1u << 30)); }

// Waits for the end of `operation`, which has been or will soon be completed.
Outcome Finish(HANDLE file, OVERLAPPED& operation) {
  Outcome outcome;
  if (!::GetOverlappedResult(file, &operation, &outcome.size, /*bWait=*/TRUE)) {
    outcome.error = ::GetLastError();
    outcome.size = 0;
  }
  return outcome;
}

// `start` begins the operation and returns what ReadFile or WriteFile did.
template <typename Start>
Outcome RunUntil(HANDLE file, HANDLE event, Deadline deadline, const std::atomic<bool>& interrupted,
                 Start start) {
  OVERLAPPED operation = {};
  operation.hEvent = event;
  if (!start(&operation)) {
    const DWORD error = ::GetLastError();
    if (error != ERROR_IO_PENDING) return {.error = error};
    // Set before the operation began, it was not cancelled by who set it.
    if (interrupted) return Cancel(file, operation);
    try {
      if (const absl::Status wait = WaitFor(event, deadline); !wait.ok()) {
        Outcome outcome = Cancel(file, operation);
        // Only the deadline may look like the deadline.
        const std::optional<NativeCode> native = GetNativeCode(wait);
        if (outcome.error == ERROR_OPERATION_ABORTED && native.has_value()) {
          outcome.error = static_cast<DWORD>(native->code);
        }
        return outcome;
      }
    } catch (const std::bad_alloc&) {
      // For what the wait says. The operation must not outlive its memory here, and what it has
      // done counts.
      return Cancel(file, operation);
    }
  }
  return Finish(file, operation);
}

}  // namespace

Outcome Cancel(HANDLE file, OVERLAPPED& operation) {
  // Fails if the operation has just been completed, which is as good.
  ::CancelIoEx(file, &operation);
  return Finish(file, operation);
}

Outcome ReadUntil(HANDLE file, HANDLE event, absl::Span<std::byte> into, Deadline deadline,
                  const std::atomic<bool>& interrupted) {
  return RunUntil(file, event, deadline, interrupted, [&](OVERLAPPED* operation) {
    return sys.read_file(file, into.data(), Clamp(into.size()), nullptr, operation);
  });
}

Outcome WriteUntil(HANDLE file, HANDLE event, absl::Span<const std::byte> bytes, Deadline deadline,
                   const std::atomic<bool>& interrupted) {
  return RunUntil(file, event, deadline, interrupted, [&](OVERLAPPED* operation) {
    return sys.write_file(file, bytes.data(), Clamp(bytes.size()), nullptr, operation);
  });
}

}  // namespace isoproc::port::win32
