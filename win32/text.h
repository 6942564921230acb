// Text on its way to and from Windows.
#ifndef ISOPROC_WIN32_TEXT_H_
#define ISOPROC_WIN32_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace isoproc::port::win32 {

// For strings that Windows takes up to the first NUL.
// Errors:    InvalidArgument: not UTF-8, or a NUL.
absl::StatusOr<std::wstring> Widen(std::string_view text);

// Errors:    InvalidArgument: not UTF-16 (file names may hold anything).
absl::StatusOr<std::string> Narrow(std::wstring_view text);

// The path of a file or program. Paths that are too long for the older rules get the prefix "\\?\",
// which lifts their limit ("Maximum Path Length Limitation").
// Errors:    as Widen; NotFound: empty, as no file has that name.
absl::StatusOr<std::wstring> WidenPath(std::string_view path);

// `path` from the root of its drive.
absl::StatusOr<std::wstring> FullPath(const std::wstring& path);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_TEXT_H_
