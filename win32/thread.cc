#include "win32/thread.h"

#include <process.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "win32/errors.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

unsigned __stdcall RunBody(void* argument) {
  const std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(argument));
  (*body)();
  return 0;
}

}  // namespace

absl::Status StartThread(std::function<void()> body) {
  auto owned = std::make_unique<std::function<void()>>(std::move(body));
  // Not CreateThread, which the C runtime would not know of; not std::thread, which throws.
  const uintptr_t thread = sys.begin_thread(nullptr, 0, &RunBody, owned.get(), 0, nullptr);
  if (thread == 0) {
    const DWORD error = ::GetLastError();
    return Win32ErrorAs(absl::StatusCode::kResourceExhausted, error, "_beginthreadex");
  }
  (void)owned.release();
  UniqueHandle{reinterpret_cast<HANDLE>(thread)};
  return absl::OkStatus();
}

}  // namespace isoproc::port::win32
