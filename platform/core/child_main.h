// What a child does from its birth to its end.
#ifndef ISOPROC_PLATFORM_CORE_CHILD_MAIN_H_
#define ISOPROC_PLATFORM_CORE_CHILD_MAIN_H_

#include <memory>

#include "absl/status/status.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// The exit code of a child that cannot do what its parent wants.
inline constexpr int kCannotRun = 1;

// Reads from `stream` what the parent wants, and does that: runs a target, or serves forks.
[[noreturn]] void RunChild(std::unique_ptr<port::Stream> stream);

// Reads from `stream` what the parent wants, and tells it why that cannot be.
[[noreturn]] void RefuseToRun(std::unique_ptr<port::Stream> stream, const absl::Status& reason);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CHILD_MAIN_H_
