// What runs in the workers of a pool.
#ifndef ISOPROC_PLATFORM_CORE_POOL_WORKER_H_
#define ISOPROC_PLATFORM_CORE_POOL_WORKER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "isoproc/internal/target.h"
#include "platform/core/target_registry.h"

namespace isoproc::internal {

// An initializer or exit hook.
struct HookCall {
  TargetName target;
  std::string arguments;
  // Of those that came with the orders: first those of the initializer, last is the desk.
  uint32_t blocks = 0;
};

// What a worker is told when it starts: the argument of its target.
struct WorkerOrders {
  int64_t number = 0;
  int depth = 1;            // how many pools it is below the process that the user started
  uint64_t max_memory = 0;  // in bytes; 0: any
  std::optional<HookCall> initializer;
  std::optional<HookCall> exit_hook;
};

// The target of all workers. Their stream to the pool comes with the arguments.
const Target& WorkerTarget();

// How many pools the process is below the one that the user started; 0 if it is no worker.
int PoolDepth();

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_WORKER_H_
