// The environment of a Windows process as CreateProcessW takes it.
#ifndef ISOPROC_PLATFORM_BASE_ENV_BLOCK_H_
#define ISOPROC_PLATFORM_BASE_ENV_BLOCK_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace isoproc::port {

// Orders names of environment variables: negative, zero or positive. Windows ignores case in them,
// by a table of its own (CompareStringOrdinal).
using EnvironmentNameOrder = int (*)(std::u16string_view a, std::u16string_view b);

// What there is without Windows: ignores case in ASCII only.
int CompareIgnoringAsciiCase(std::u16string_view a, std::u16string_view b);

// Builds "name=value" strings, sorted by name, each ended by NUL and the whole by one more; no
// variables at all are two NULs. Of several entries with the same name the last one counts.
// Source: "CreateProcessW function" (lpEnvironment), "Changing Environment Variables".
// Errors:    InvalidArgument: a name that is empty or has '=' (also "=C:", in which Windows keeps
//            the working directory of a drive, as no other system has such names); NUL; not UTF-8.
//            ResourceExhausted: a variable that is too long for Windows.
absl::StatusOr<std::u16string> BuildEnvironmentBlock(
    const std::vector<std::pair<std::string, std::string>>& variables,
    EnvironmentNameOrder order = CompareIgnoringAsciiCase);

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_ENV_BLOCK_H_
