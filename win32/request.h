// What the texts of a SpawnRequest are to Windows.
#ifndef ISOPROC_WIN32_REQUEST_H_
#define ISOPROC_WIN32_REQUEST_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "platform/port/process.h"

namespace isoproc::port::win32 {

// What CreateProcessW is told, except for handles.
struct Texts {
  std::wstring program;
  std::string command_line;  // without the bootstrap token
  std::optional<std::u16string> environment;
  std::optional<std::wstring> working_directory;
};

// Errors: as Port::Spawn.
absl::StatusOr<Texts> TextsFor(const SpawnRequest& request);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_REQUEST_H_
