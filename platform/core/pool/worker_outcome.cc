#include "platform/core/pool/worker_outcome.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/internal/task_results.h"
#include "isoproc/status.h"
#include "platform/base/native_error.h"
#include "platform/core/exit_status_payload.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/messages.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/pool/start_worker.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {

absl::Span<const std::byte> TaskOutcome::value() const {
  if (block != nullptr) return block->bytes().subspan(0, static_cast<size_t>(size));
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size());
}

absl::Status ToStatus(const PoolMessage& message, WorkerId worker, int64_t pid) {
  const absl::StatusOr<TaskFailure> failure = ReadFailure(message);
  if (!failure.ok()) return failure.status();
  if (failure->type.empty()) {
    return absl::Status(static_cast<absl::StatusCode>(failure->code), failure->message);
  }
  return internal::ToStatus(
      RemoteError{failure->type, failure->message, NameOfWorker(worker), pid});
}

TaskOutcome ToOutcome(DeskOfPool::Result result, WorkerId worker, int64_t pid) {
  TaskOutcome outcome;
  if ((result.flags & PoolMessage::kFailed) == 0) {
    outcome.bytes = std::move(result.bytes);
    return outcome;
  }
  PoolMessage message;
  message.bytes = std::move(result.bytes);
  outcome.status = ToStatus(message, worker, pid);
  return outcome;
}
TaskOutcome ToOutcome(PoolMessage message, WorkerId worker, int64_t pid) {
  TaskOutcome outcome;
  if (!message.lost.ok()) {
    outcome.status = port::Annotate(message.lost, "the result");
  } else if ((message.flags & PoolMessage::kFailed) != 0) {
    outcome.status = ToStatus(message, worker, pid);
  } else {
    outcome.bytes = std::move(message.bytes);
    outcome.block = std::move(message.block);
    outcome.size = message.size;
  }
  return outcome;
}

}  // namespace isoproc::internal
