#include "win32/bootstrap.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "platform/port/stream.h"
#include "win32/errors.h"
#include "win32/stream.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

constexpr size_t kLongestExpected = 64;

std::atomic<bool> leads_family{false};

absl::Status NoBootstrap() { return absl::NotFoundError("the token names no bootstrap stream"); }

std::string TokenOf(uint64_t value) { return absl::StrCat(absl::Hex(value)); }

// The handle that `token` names; null if it is none that BootstrapToken() could have written.
HANDLE ParseToken(std::string_view token) {
  uint64_t value = 0;
  if (!absl::SimpleHexAtoi(absl::string_view(token.data(), token.size()), &value) ||
      !IsPlausibleHandle(value) || TokenOf(value) != token) {
    return nullptr;
  }
  return NativeOf(static_cast<int64_t>(value));
}

// Any number may come from the user: it must not be closed, read from or waited for.
bool IsBootstrap(HANDLE handle, absl::Span<const std::byte> expected) {
  // First the question that every handle answers, wrong ones included. A handle that was inherited
  // can be inherited again, until somebody changes that; most others cannot.
  DWORD flags = 0;
  if (!::GetHandleInformation(handle, &flags) || (flags & HANDLE_FLAG_INHERIT) == 0) return false;
  if (!IsPipe(handle)) return false;
  std::array<std::byte, kLongestExpected> first;
  DWORD size = 0;
  if (!sys.peek_named_pipe(handle, first.data(), static_cast<DWORD>(expected.size()), &size,
                           nullptr, nullptr)) {
    return false;
  }
  return size == expected.size() && std::equal(expected.begin(), expected.end(), first.begin());
}

}  // namespace

std::string BootstrapToken(HANDLE pipe) { return TokenOf(static_cast<uint64_t>(ValueOf(pipe))); }

absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(std::string_view token,
                                                       absl::Span<const std::byte> expected) {
  const HANDLE handle = ParseToken(token);
  if (handle == nullptr || expected.empty() || expected.size() > kLongestExpected ||
      !IsBootstrap(handle, expected)) {
    return NoBootstrap();
  }
  if (!sys.set_handle_information(handle, HANDLE_FLAG_INHERIT, 0)) {
    const DWORD error = ::GetLastError();
    return Win32Error(error, "SetHandleInformation");
  }
  absl::StatusOr<std::unique_ptr<Win32Stream>> stream = Win32Stream::Create(UniqueHandle(handle));
  if (!stream.ok()) return stream.status();
  leads_family = true;
  return *std::move(stream);
}

bool LeadsFamily() { return leads_family; }

}  // namespace isoproc::port::win32
