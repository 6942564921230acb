// What a child does from its birth to its end.
#ifndef ISOPROC_PLATFORM_CORE_CHILD_MAIN_H_
#define ISOPROC_PLATFORM_CORE_CHILD_MAIN_H_

#include <memory>

#include "platform/port/port.h"

namespace isoproc::internal {

// The exit code of a child that cannot do what its parent wants.
inline constexpr int kCannotRun = 1;

// Reads from `stream` what the parent wants, and does that: runs a target, or serves forks.
[[noreturn]] void RunChild(std::unique_ptr<port::Stream> stream);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CHILD_MAIN_H_
