#include "win32/errors.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/native_error.h"
#include "platform/base/win_error_table.h"
#include "win32/text.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// What the system says of `error`, in the language of the user.
std::string TextOf(uint32_t error) {
  wchar_t buffer[512];
  const DWORD size =
      ::FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, error,
                       0, buffer, static_cast<DWORD>(std::size(buffer)), nullptr);
  std::wstring_view text(buffer, size);
  text = text.substr(0, text.find_last_not_of(L"\r\n. ") + 1);
  const absl::StatusOr<std::string> narrow = Narrow(text);
  return narrow.ok() && !narrow->empty() ? *narrow : "unknown error";
}

}  // namespace

absl::Status Win32Error(uint32_t error, std::string_view operation) {
  return Win32ErrorAs(StatusCodeOfWin32Error(error), error, operation);
}

absl::Status Win32ErrorAs(absl::StatusCode code, uint32_t error, std::string_view operation) {
  // Some calls fail without saying why; a failure must not become an OK status.
  if (code == absl::StatusCode::kOk) code = absl::StatusCode::kUnknown;
  return MakeNativeError(code, "win32", error, operation, TextOf(error));
}

absl::Status DeadlineIsOver() { return absl::DeadlineExceededError("the deadline is over"); }

}  // namespace isoproc::port::win32
