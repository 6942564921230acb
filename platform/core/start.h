// Starting a worker of a pool.
#ifndef ISOPROC_PLATFORM_CORE_START_H_
#define ISOPROC_PLATFORM_CORE_START_H_

#include <memory>

#include "absl/status/statusor.h"
#include "isoproc/internal/target.h"
#include "isoproc/process_options.h"
#include "platform/core/child.h"
#include "platform/port/handle.h"

namespace isoproc::internal {

// As StartChild, for a child that also gets a stream: the last of the ends that come to it.
absl::StatusOr<std::shared_ptr<Child>> StartChildWithStream(const ProcessOptions& options,
                                                            const Target& target,
                                                            const Arguments& arguments,
                                                            port::Handle stream);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_START_H_
