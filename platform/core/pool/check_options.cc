#include "platform/core/pool/check_options.h"

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/task.h"
#include "isoproc/pool_options.h"
#include "isoproc/process_options.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/pool/worker.h"
#include "platform/port/peak_memory.h"

namespace isoproc::internal {
namespace {

constexpr int kMostNested = 10;

}  // namespace

absl::StatusOr<Scheduler::Rules> CheckPoolOptions(const PoolOptions& options) {
  if (options.processes < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a pool has at least one process, not ", options.processes));
  }
  if (options.max_tasks_per_child.value_or(1) < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a worker has at least one task, not ", *options.max_tasks_per_child));
  }
  if (options.max_memory_per_child.has_value()) {
    if (*options.max_memory_per_child < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("a worker needs memory, more than ", *options.max_memory_per_child));
    }
    const absl::StatusOr<uint64_t> told = port::PeakMemory();
    if (!told.ok()) return told.status();
  }
  for (const std::optional<WorkerHook>& hook : {options.initializer, options.exit_hook}) {
    if (!hook.has_value()) continue;
    if (!hook->prepared().ok()) return hook->prepared().status();
    const absl::Status travels = CheckLuggage(hook->prepared()->second.luggage);
    if (!travels.ok()) return travels;
  }
  if (options.process.start_method == StartMethod::kFork) {
    return absl::InvalidArgumentError(
        "the workers of a pool cannot be forked: a pool has threads of its own");
  }
  if (PoolDepth() >= kMostNested) {
    return absl::FailedPreconditionError(
        absl::StrCat("pools are nested more than ", kMostNested, " deep"));
  }
  if (options.initializer_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("an initializer takes time, more than ",
                     absl::FormatDuration(options.initializer_timeout)));
  }
  if (options.idle_timeout < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat("a worker is idle for no time or more, not for ",
                                                   absl::FormatDuration(options.idle_timeout)));
  }
  if (options.exit_timeout < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat("a worker ends in no time or more, not in ",
                                                   absl::FormatDuration(options.exit_timeout)));
  }
  return Scheduler::Rules{
      options.processes,           options.on_demand,
      options.idle_timeout,        static_cast<uint64_t>(options.max_tasks_per_child.value_or(0)),
      options.initializer_timeout, options.exit_timeout};
}

absl::Status CheckLuggage(const Luggage& luggage) {
  if (luggage.ends.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "a Connection travels to a process that is started, and not to the workers of a pool");
}

absl::Status CheckTaskOptions(int64_t chunk_size, absl::Duration timeout, int retries) {
  if (chunk_size < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a chunk has at least one item, not ", chunk_size));
  }
  if (timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a task takes time, more than ", absl::FormatDuration(timeout)));
  }
  if (retries < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a task is tried again at least 0 times, not ", retries));
  }
  return absl::OkStatus();
}

}  // namespace isoproc::internal
