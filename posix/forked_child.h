// The last step into a forked child.
#ifndef ISOPROC_POSIX_FORKED_CHILD_H_
#define ISOPROC_POSIX_FORKED_CHILD_H_

#include <memory>

#include "platform/port/process.h"
#include "platform/port/stream.h"

namespace isoproc::port::posix {

// Makes `environment`, unless null, that of the process, and runs `entry`. Never returns. The
// strings stay where they are for ever: getenv() hands out pointers into them.
[[noreturn]] void RunForkedEntry(std::unique_ptr<Stream> bootstrap, char** environment,
                                 const ForkedEntry& entry);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_FORKED_CHILD_H_
