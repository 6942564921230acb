// Owned Win32 handles.
#ifndef ISOPROC_WIN32_UNIQUE_HANDLE_H_
#define ISOPROC_WIN32_UNIQUE_HANDLE_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/port/handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// Owns a kernel handle. Win32 calls say "none" in two ways, null and INVALID_HANDLE_VALUE; here
// both are empty, since the latter is also a handle that means the calling process.
class UniqueHandle {
 public:
  UniqueHandle() = default;
  explicit UniqueHandle(HANDLE handle)
      : handle_(handle == INVALID_HANDLE_VALUE ? nullptr : handle) {}
  UniqueHandle(UniqueHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  UniqueHandle& operator=(UniqueHandle&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~UniqueHandle() { reset(); }

  explicit operator bool() const { return handle_ != nullptr; }
  HANDLE get() const { return handle_; }
  [[nodiscard]] HANDLE release() { return std::exchange(handle_, nullptr); }
  void reset() {
    if (handle_ == nullptr) return;
    // Handles are closed on the way out of failures that are still to be reported.
    const DWORD error = ::GetLastError();
    ::CloseHandle(std::exchange(handle_, nullptr));
    ::SetLastError(error);
  }

 private:
  HANDLE handle_ = nullptr;
};

// Between the handles of Windows and those of the contract.
Handle HandleOf(UniqueHandle handle);
UniqueHandle TakeNative(Handle handle);
inline HANDLE NativeOf(int64_t native) {
  return reinterpret_cast<HANDLE>(static_cast<intptr_t>(native));
}
inline int64_t ValueOf(HANDLE handle) { return reinterpret_cast<intptr_t>(handle); }

// Whether `value` can be a kernel handle at all: not a pseudo handle such as GetCurrentProcess(),
// and one of the 32 bits that matter, in steps of four ("Kernel object handles and interprocess
// use").
inline bool IsPlausibleHandle(uint64_t value) {
  return value != 0 && value <= 0x7FFFFFFF && value % 4 == 0;
}

enum class Inheritable : bool { kNo, kYes };

// A second handle of this process to what `handle` refers to, with the same rights.
absl::StatusOr<UniqueHandle> Duplicate(HANDLE handle, Inheritable inheritable);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_UNIQUE_HANDLE_H_
