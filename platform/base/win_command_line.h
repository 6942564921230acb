// Windows command lines: one string from which the child makes its arguments again.
#ifndef ISOPROC_PLATFORM_BASE_WIN_COMMAND_LINE_H_
#define ISOPROC_PLATFORM_BASE_WIN_COMMAND_LINE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace isoproc::port {

// The longest command line in UTF-16 units, the NUL at its end not counted. Sources:
// "CreateProcessW function" (lpCommandLine), which counts it.
inline constexpr size_t kMaxWindowsCommandLine = 32766;

// Both append to `command_line`, with a space between, so that CommandLineToArgvW and main() of the
// C runtime give the argument back as it was. Sources: "CommandLineToArgvW function", "main
// function and command-line arguments" (parsing C command-line arguments).
//
// The first argument has rules of its own: nothing is special inside quotes, and so an argument
// that itself has a quote cannot be written. Errors:    InvalidArgument: a quote. `command_line` is
// not changed.
absl::Status AppendWindowsProgramName(std::string_view argument, std::string& command_line);
void AppendWindowsArgument(std::string_view argument, std::string& command_line);

// Whether Windows would start the command interpreter for `program`. Its quoting rules are others,
// so that arguments could be taken for commands.
bool IsWindowsBatchFile(std::string_view program);

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_WIN_COMMAND_LINE_H_
