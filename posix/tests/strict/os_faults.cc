#include "posix/tests/os_faults.h"

namespace isoproc::port::posix {

// All calls of this profile are in the common table.
void InstallOsFaults() {}
void RemoveOsFaults() {}

}  // namespace isoproc::port::posix
