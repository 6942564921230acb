// Strict conversion between UTF-8 and UTF-16.
#ifndef ISOPROC_PLATFORM_BASE_UTF16_H_
#define ISOPROC_PLATFORM_BASE_UTF16_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace isoproc::port {

// Both fail with InvalidArgument on input that is not well-formed, rather than replace what they do
// not understand: a file name that was "repaired" names another file. An overlong form, a surrogate
// in UTF-8, an unpaired surrogate in UTF-16 and a value above U+10FFFF are not well-formed
// (Unicode, table 3-7). NUL is an ordinary character.
absl::StatusOr<std::u16string> Utf8ToUtf16(std::string_view text);
absl::StatusOr<std::string> Utf16ToUtf8(std::u16string_view text);

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_UTF16_H_
