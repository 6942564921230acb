#include "platform/port/peak_memory.h"

#include <cstdint>

#include "absl/status/statusor.h"
#include "win32/errors.h"
#include "win32/windows_api.h"
// After windows.h.
#include <psapi.h>

namespace isoproc::port {

absl::StatusOr<uint64_t> PeakMemory() {
  PROCESS_MEMORY_COUNTERS counters = {};
  if (!::K32GetProcessMemoryInfo(::GetCurrentProcess(), &counters, sizeof(counters))) {
    const DWORD error = ::GetLastError();
    return win32::Win32Error(error, "GetProcessMemoryInfo");
  }
  return uint64_t{counters.PeakWorkingSetSize};
}

}  // namespace isoproc::port
