#include "win32/liveness.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/liveness.h"
#include "win32/errors.h"
#include "win32/notice.h"
#include "win32/process_table.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/wait.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

absl::StatusOr<uint64_t> BirthOf(HANDLE process) {
  FILETIME creation;
  FILETIME unused[3];
  if (!::GetProcessTimes(process, &creation, &unused[0], &unused[1], &unused[2])) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "GetProcessTimes");
  }
  return uint64_t{creation.dwHighDateTime} << 32 | creation.dwLowDateTime;
}

}  // namespace

absl::StatusOr<UniqueHandle> OpenLiving(const ProcessIdentity& process, DWORD access) {
  if (process.pid <= 0 || process.pid > std::numeric_limits<DWORD>::max()) return UniqueHandle();
  const DWORD pid = static_cast<DWORD>(process.pid);
  UniqueHandle opened(sys.open_process(access | SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION,
                                       /*bInheritHandle=*/FALSE, pid));
  if (opened) {
    const absl::StatusOr<uint64_t> birth = BirthOf(opened.get());
    if (!birth.ok()) return birth.status();
    const bool is_meant = process.birth == 0 || *birth == process.birth;
    if (!is_meant || IsSignalled(opened.get())) return UniqueHandle();
    return opened;
  }
  const DWORD error = ::GetLastError();
  // "OpenProcess function": how an unknown process id shows.
  if (error == ERROR_INVALID_PARAMETER) return UniqueHandle();
  if (error != ERROR_ACCESS_DENIED) return Win32Error(error, "OpenProcess");
  // The id of a dead process may have gone to one of another user.
  const absl::StatusOr<std::optional<uint64_t>> birth = BirthOfAnyProcess(pid);
  if (!birth.ok()) return birth.status();
  if (!birth->has_value() || (process.birth != 0 && **birth != process.birth)) {
    return UniqueHandle();
  }
  return Win32Error(error, "OpenProcess");
}

absl::StatusOr<ProcessIdentity> Self() {
  const absl::StatusOr<uint64_t> birth = BirthOf(::GetCurrentProcess());
  if (!birth.ok()) return birth.status();
  return ProcessIdentity{.pid = ::GetCurrentProcessId(), .birth = *birth};
}

absl::StatusOr<bool> IsAlive(const ProcessIdentity& process) {
  const absl::StatusOr<UniqueHandle> living = OpenLiving(process);
  if (living.ok()) return static_cast<bool>(*living);
  // It may not be opened, but it is there.
  if (absl::IsPermissionDenied(living.status())) return true;
  return living.status();
}

absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process) {
  absl::StatusOr<UniqueHandle> living = OpenLiving(process);
  if (!living.ok()) return living.status();
  return std::make_unique<ProcessNotice>(*std::move(living));
}

}  // namespace isoproc::port::win32
