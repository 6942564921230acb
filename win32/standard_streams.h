// What the standard streams of a child are made of.
#ifndef ISOPROC_WIN32_STANDARD_STREAMS_H_
#define ISOPROC_WIN32_STANDARD_STREAMS_H_

#include <array>

#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

struct StandardStreams {
  std::array<UniqueHandle, 3> handles;  // of this process, not inheritable
  bool inherits_console_input = false;  // the caller's own standard input, and that is a console
  bool uses_console = false;            // any of the three
};

absl::StatusOr<StandardStreams> OpenStandardStreams(const std::array<StandardStream, 3>& streams);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_STANDARD_STREAMS_H_
