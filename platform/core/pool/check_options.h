// What is asked of a pool and of its tasks: whether that can be.
#ifndef ISOPROC_PLATFORM_CORE_POOL_CHECK_OPTIONS_H_
#define ISOPROC_PLATFORM_CORE_POOL_CHECK_OPTIONS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/pool_options.h"
#include "platform/core/pool/scheduler.h"

namespace isoproc::internal {

// Errors: as Pool::Create.
absl::StatusOr<Scheduler::Rules> CheckPoolOptions(const PoolOptions& options);

// What the options of all calls have in common. Errors: InvalidArgument.
absl::Status CheckTaskOptions(int64_t chunk_size, absl::Duration timeout, int retries);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_CHECK_OPTIONS_H_
