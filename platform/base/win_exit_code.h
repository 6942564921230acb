// What the exit code of a Windows process means on every system.
#ifndef ISOPROC_PLATFORM_BASE_WIN_EXIT_CODE_H_
#define ISOPROC_PLATFORM_BASE_WIN_EXIT_CODE_H_

#include <cstdint>

#include "platform/base/termination.h"

namespace isoproc::port {

// Crashes are kSignalled with the number that the same fault has on Linux; all else is kExited with
// the low 8 bits, which are all that POSIX keeps.
Termination TerminationOfWindowsExitCode(uint32_t code);

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_WIN_EXIT_CODE_H_
