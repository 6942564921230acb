#include "platform/core/pool/start_worker.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/codec.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/target.h"
#include "isoproc/pool_options.h"
#include "isoproc/process_options.h"
#include "platform/core/child.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/pool/worker.h"
#include "platform/core/pool/worker_link.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/shared_block.h"
#include "platform/core/start.h"
#include "platform/core/target_registry.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

constexpr absl::Duration kStartTimeout = absl::Minutes(1);

std::optional<HookCall> Describe(const std::optional<WorkerHook>& hook, Luggage& luggage) {
  if (!hook.has_value()) return std::nullopt;
  const auto& [target, arguments] = *hook->prepared();
  const Luggage& more = arguments.luggage;
  luggage.kept.insert(luggage.kept.end(), more.kept.begin(), more.kept.end());
  luggage.blocks.insert(luggage.blocks.end(), more.blocks.begin(), more.blocks.end());
  return HookCall{NameOf(*target), arguments.bytes, static_cast<uint32_t>(more.blocks.size())};
}

}  // namespace

std::string NameOfWorker(WorkerId worker) { return absl::StrCat("PoolWorker-", worker); }

absl::StatusOr<std::unique_ptr<WorkerLink>> StartWorkerProcess(WorkerId worker,
                                                               const PoolOptions& options) {
  Arguments arguments;
  WorkerOrders orders;
  orders.number = static_cast<int64_t>(worker);
  orders.depth = PoolDepth() + 1;
  orders.max_memory = static_cast<uint64_t>(options.max_memory_per_child.value_or(0));
  orders.initializer = Describe(options.initializer, arguments.luggage);
  orders.exit_hook = Describe(options.exit_hook, arguments.luggage);
  absl::StatusOr<std::string> bytes = Encode(orders);
  if (!bytes.ok()) return bytes.status();
  arguments.bytes = *std::move(bytes);

  ProcessOptions process = options.process;
  process.name = NameOfWorker(worker);
  process.at_exit = AtExit::kKill;
  process.detached = false;
  process.start_timeout = (std::min)(process.start_timeout, kStartTimeout);

  const absl::StatusOr<std::shared_ptr<SharedBlock>> desk = MakeDesk();
  if (!desk.ok()) return desk.status();
  arguments.luggage.blocks.push_back(*desk);

  const absl::StatusOr<std::optional<port::Handle>> arena = ArenaForChild();
  if (!arena.ok()) return arena.status();
  absl::StatusOr<port::StreamPair> streams = Runtime::Get().port().CreateStreamPair();
  if (!streams.ok()) return streams.status();
  absl::StatusOr<std::shared_ptr<Child>> child =
      StartChildWithStream(process, WorkerTarget(), arguments, streams->second->Detach());
  if (!child.ok()) return child.status();
  return std::make_unique<WorkerLink>(*std::move(child), std::move(streams->first), *desk,
                                      arena->has_value());
}

}  // namespace isoproc::internal
