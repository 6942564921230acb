// What a port has to know of the options of a process.
#ifndef ISOPROC_PLATFORM_CORE_REQUEST_H_
#define ISOPROC_PLATFORM_CORE_REQUEST_H_

#include "isoproc/process_options.h"
#include "platform/port/process.h"

namespace isoproc::internal {

// All but the program, its arguments and the bootstrap stream.
port::SpawnRequest ToRequest(const ProcessOptions& options);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_REQUEST_H_
