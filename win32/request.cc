#include "win32/request.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/env_block.h"
#include "platform/base/native_error.h"
#include "platform/base/win_command_line.h"
#include "platform/port/process.h"
#include "win32/errors.h"
#include "win32/syscalls.h"
#include "win32/text.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

int CompareAsWindows(std::u16string_view a, std::u16string_view b) {
  const auto size = [](std::u16string_view text) { return static_cast<int>(text.size()); };
  const std::wstring wide_a(a.begin(), a.end());
  const std::wstring wide_b(b.begin(), b.end());
  return ::CompareStringOrdinal(wide_a.c_str(), size(a), wide_b.c_str(), size(b),
                                /*bIgnoreCase=*/TRUE) -
         CSTR_EQUAL;
}

absl::StatusOr<std::u16string> EnvironmentFor(
    std::vector<std::pair<std::string, std::string>> variables) {
  // Parts of Windows do not load without it, among them some that make random numbers; so it is
  // passed on, unless the request has another value for it.
  wchar_t directory[MAX_PATH];
  const UINT size = ::GetSystemWindowsDirectoryW(directory, MAX_PATH);
  if (size > 0 && size < MAX_PATH) {
    const absl::StatusOr<std::string> narrow = Narrow(std::wstring_view(directory, size));
    if (narrow.ok()) variables.insert(variables.begin(), {"SystemRoot", *narrow});
  }
  return BuildEnvironmentBlock(variables, &CompareAsWindows);
}

absl::StatusOr<std::wstring> DirectoryFor(const std::string& directory) {
  const absl::StatusOr<std::wstring> wide = Widen(directory);
  if (!wide.ok()) return wide.status();
  absl::StatusOr<std::wstring> full = FullPath(*wide);
  if (!full.ok()) return full.status();
  // CreateProcessW has one error for all that can be wrong here, and a different one for each
  // version.
  const DWORD attributes = sys.get_file_attributes(full->c_str());
  if (attributes == INVALID_FILE_ATTRIBUTES) {
    const DWORD error = ::GetLastError();
    return Annotate(Win32Error(error, "GetFileAttributes"), directory);
  }
  if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
    return absl::NotFoundError(absl::StrCat(directory, ": not a directory"));
  }
  return full;
}

absl::StatusOr<std::string> CommandLineFor(const std::vector<std::string>& arguments) {
  std::string command_line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].find('\0') != std::string::npos) {
      return absl::InvalidArgumentError("an argument has a NUL");
    }
    if (i > 0) {
      AppendWindowsArgument(arguments[i], command_line);
    } else if (absl::Status status = AppendWindowsProgramName(arguments[i], command_line);
               !status.ok()) {
      return status;
    }
  }
  return command_line;
}

}  // namespace

absl::StatusOr<Texts> TextsFor(const SpawnRequest& request) {
  if (IsWindowsBatchFile(request.program)) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.program, ": batch files take arguments for commands"));
  }
  absl::StatusOr<std::wstring> program = WidenPath(request.program);
  if (!program.ok()) return program.status();
  absl::StatusOr<std::string> command_line = CommandLineFor(request.arguments);
  if (!command_line.ok()) return command_line.status();
  Texts texts = {*std::move(program), *std::move(command_line), std::nullopt, std::nullopt};
  if (request.environment.has_value()) {
    absl::StatusOr<std::u16string> environment = EnvironmentFor(*request.environment);
    if (!environment.ok()) return environment.status();
    texts.environment = *std::move(environment);
  }
  if (!request.working_directory.empty()) {
    absl::StatusOr<std::wstring> directory = DirectoryFor(request.working_directory);
    if (!directory.ok()) return directory.status();
    texts.working_directory = *std::move(directory);
  }
  return texts;
}

}  // namespace isoproc::port::win32
