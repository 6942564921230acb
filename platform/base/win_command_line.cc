#include "platform/base/win_command_line.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace isoproc::port {
namespace {

// White space separates arguments, a quote is special everywhere, and '*' and '?' would be expanded
// to file names by a program that is linked for it (setargv.obj, mingw-w64's CRT_glob).
constexpr std::string_view kNeedQuotes = " \t\n\v\"*?";

void Separate(std::string& command_line) {
  if (!command_line.empty()) command_line.push_back(' ');
}

}  // namespace

absl::Status AppendWindowsProgramName(std::string_view argument, std::string& command_line) {
  if (argument.find('"') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "the first argument has a quote, which a Windows command line cannot hold there");
  }
  Separate(command_line);
  command_line.push_back('"');
  command_line.append(argument);
  command_line.push_back('"');
  return absl::OkStatus();
}

void AppendWindowsArgument(std::string_view argument, std::string& command_line) {
  Separate(command_line);
  if (!argument.empty() && argument.find_first_of(kNeedQuotes) == std::string_view::npos) {
    command_line.append(argument);
    return;
  }
  // Backslashes are ordinary unless a quote follows them: then two stand for one, and one more
  // makes the quote an ordinary character.
  command_line.push_back('"');
  size_t backslashes = 0;
  for (const char c : argument) {
    if (c == '"') command_line.append(backslashes + 1, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    command_line.push_back(c);
  }
  command_line.append(backslashes, '\\');
  command_line.push_back('"');
}

bool IsWindowsBatchFile(std::string_view program) {
  // Dots and spaces at the end are no part of a file's name ("Naming Files, Paths, and
  // Namespaces").
  while (!program.empty() && (program.back() == '.' || program.back() == ' ')) {
    program.remove_suffix(1);
  }
  const absl::string_view name(program.data(), program.size());
  return absl::EndsWithIgnoreCase(name, ".bat") || absl::EndsWithIgnoreCase(name, ".cmd");
}

}  // namespace isoproc::port
