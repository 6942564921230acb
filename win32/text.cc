#include "win32/text.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/utf16.h"
#include "win32/errors.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

static_assert(sizeof(wchar_t) == sizeof(char16_t));

// A directory must leave room for a short file name, so that its limit is the smallest.
constexpr size_t kLongestOldPath = MAX_PATH - 12 - 1;

bool StartsWith(std::wstring_view text, std::wstring_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

absl::StatusOr<std::wstring> Widen(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("a string has a NUL");
  }
  absl::StatusOr<std::u16string> utf16 = Utf8ToUtf16(text);
  if (!utf16.ok()) return utf16.status();
  return std::wstring(utf16->begin(), utf16->end());
}

absl::StatusOr<std::string> Narrow(std::wstring_view text) {
  return Utf16ToUtf8(std::u16string(text.begin(), text.end()));
}

absl::StatusOr<std::wstring> FullPath(const std::wstring& path) {
  std::wstring full(path.size() + MAX_PATH, L'\0');
  while (true) {
    const DWORD size =
        ::GetFullPathNameW(path.c_str(), static_cast<DWORD>(full.size()), full.data(), nullptr);
    if (size == 0) {
      const DWORD error = ::GetLastError();
      return Win32Error(error, "GetFullPathName");
    }
    const bool fits = size < full.size();
    full.resize(size);
    if (fits) return full;
  }
}

absl::StatusOr<std::wstring> WidenPath(std::string_view path) {
  absl::StatusOr<std::wstring> wide = Widen(path);
  if (!wide.ok()) return wide.status();
  if (wide->empty()) return absl::NotFoundError("an empty path");
  if (StartsWith(*wide, LR"(\\?\)") || StartsWith(*wide, LR"(\\.\)")) return wide;
  // A relative path can be short and yet lead to a long one.
  absl::StatusOr<std::wstring> full = FullPath(*wide);
  if (!full.ok()) return full.status();
  if (full->size() <= kLongestOldPath) return wide;
  if (StartsWith(*full, LR"(\\)")) return LR"(\\?\UNC\)" + full->substr(2);
  return LR"(\\?\)" + *full;
}

}  // namespace isoproc::port::win32
