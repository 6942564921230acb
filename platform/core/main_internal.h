// What the start of children needs of the entry point.
#ifndef ISOPROC_PLATFORM_CORE_MAIN_INTERNAL_H_
#define ISOPROC_PLATFORM_CORE_MAIN_INTERNAL_H_

#include <memory>

#include "platform/port/port.h"

namespace isoproc::internal {

// In a new child that is a fork of its parent: does what Init does in a spawned one. Never returns.
void RunForked(std::unique_ptr<port::Stream> stream);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_MAIN_INTERNAL_H_
