#include "win32/unique_handle.h"

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/port/handle.h"
#include "win32/errors.h"
#include "win32/syscalls.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

Handle HandleOf(UniqueHandle handle) {
  return Handle(ValueOf(handle.release()), [](int64_t native) { UniqueHandle{NativeOf(native)}; });
}

UniqueHandle TakeNative(Handle handle) {
  return handle ? UniqueHandle(NativeOf(handle.release())) : UniqueHandle();
}

absl::StatusOr<UniqueHandle> Duplicate(HANDLE handle, Inheritable inheritable) {
  HANDLE duplicate = nullptr;
  if (!sys.duplicate_handle(::GetCurrentProcess(), handle, ::GetCurrentProcess(), &duplicate, 0,
                            inheritable == Inheritable::kYes, DUPLICATE_SAME_ACCESS)) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "DuplicateHandle");
  }
  return UniqueHandle(duplicate);
}

}  // namespace isoproc::port::win32
