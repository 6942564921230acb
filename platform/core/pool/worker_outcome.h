// What a worker says of its items, as outcomes.
#ifndef ISOPROC_PLATFORM_CORE_POOL_WORKER_OUTCOME_H_
#define ISOPROC_PLATFORM_CORE_POOL_WORKER_OUTCOME_H_

#include <cstdint>

#include "absl/status/status.h"
#include "isoproc/internal/task_results.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/messages.h"
#include "platform/core/pool/scheduler.h"

namespace isoproc::internal {

// What a worker says of a failure.
absl::Status ToStatus(const PoolMessage& message, WorkerId worker, int64_t pid);

TaskOutcome ToOutcome(DeskOfPool::Result result, WorkerId worker, int64_t pid);
TaskOutcome ToOutcome(PoolMessage message, WorkerId worker, int64_t pid);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_WORKER_OUTCOME_H_
