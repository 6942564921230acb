// Starting the process of a worker.
#ifndef ISOPROC_PLATFORM_CORE_POOL_START_WORKER_H_
#define ISOPROC_PLATFORM_CORE_POOL_START_WORKER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "isoproc/pool_options.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/pool/worker_link.h"

namespace isoproc::internal {

std::string NameOfWorker(WorkerId worker);

// Blocks: until it is there. Errors: as Process::Start.
absl::StatusOr<std::unique_ptr<WorkerLink>> StartWorkerProcess(WorkerId worker,
                                                               const PoolOptions& options);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_START_WORKER_H_
