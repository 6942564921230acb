#include "isoproc/pool.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/internal/call_state.h"
#include "isoproc/pool_options.h"
#include "platform/core/pool/check_options.h"
#include "platform/core/pool/pool_core.h"
#include "platform/core/pool/scheduler.h"

namespace isoproc {
namespace internal {

absl::Status UnusablePool(const PoolCore* pool) {
  if (pool == nullptr) return absl::FailedPreconditionError("this Pool was moved away");
  return pool->CheckIsOwner();
}

std::shared_ptr<const TaskCode> CodeOf(PoolCore& pool, const TaskTarget& target) {
  return pool.CodeOf(target);
}

absl::StatusOr<std::shared_ptr<CallState>> SubmitCall(const std::shared_ptr<PoolCore>& pool,
                                                      std::shared_ptr<const TaskCode> code,
                                                      Batches items, const MapOptions& options,
                                                      bool waits, CallState::Check check) {
  const absl::Status good =
      CheckTaskOptions(options.chunk_size.value_or(1), options.timeout, options.retries);
  if (!good.ok()) return good;
  if (waits && options.on_progress && pool->IsThreadOfCallbacks()) {
    return absl::FailedPreconditionError("a callback cannot wait for calls of on_progress");
  }
  const absl::Status travels = CheckLuggage(code->object.luggage);
  if (!travels.ok()) return travels;
  size_t count = 0;
  for (const std::shared_ptr<const Batch>& batch : items) count += batch->size();
  auto state = std::make_shared<CallState>(pool, count, options.on_progress, check);
  JobRequest request;
  request.sink = state;
  request.code = std::move(code);
  request.items = std::move(items);
  request.chunk_size = options.chunk_size.has_value() ? static_cast<uint64_t>(*options.chunk_size)
                                                      : DefaultChunkSize(count, pool->processes());
  request.task_timeout = options.timeout;
  request.total_timeout = options.total_timeout;
  request.retries = options.retries;
  request.cancel_rest_on_error = options.on_error == OnError::kCancelRest;
  const absl::StatusOr<JobId> job = pool->Submit(std::move(request));
  if (!job.ok()) return job.status();
  state->SetJob(*job);
  return state;
}

}  // namespace internal

absl::StatusOr<Pool> Pool::Create(const PoolOptions& options) {
  absl::StatusOr<std::shared_ptr<internal::PoolCore>> core = internal::PoolCore::Create(options);
  if (!core.ok()) return core.status();
  return Pool(*std::move(core));
}

Pool& Pool::operator=(Pool&& other) noexcept {
  if (this != &other) {
    End();
    core_ = std::move(other.core_);
    exceptions_ = other.exceptions_;
  }
  return *this;
}

Pool::~Pool() { End(); }

void Pool::End() {
  if (!internal::UnusablePool(core_.get()).ok()) return;
  if (std::uncaught_exceptions() > exceptions_) {
    core_->Terminate();
  } else {
    core_->Close(/*cancel_pending=*/false);
  }
  core_->Join(absl::InfiniteDuration()).IgnoreError();
  core_ = nullptr;
}

void Pool::Close(const CloseOptions& options) {
  if (internal::UnusablePool(core_.get()).ok()) core_->Close(options.cancel_pending);
}

void Pool::Terminate() {
  if (internal::UnusablePool(core_.get()).ok()) core_->Terminate();
}

absl::Status Pool::Join(absl::Duration timeout) {
  const absl::Status usable = internal::UnusablePool(core_.get());
  return usable.ok() ? core_->Join(timeout) : usable;
}

std::vector<WorkerStatistics> Pool::Statistics() const {
  if (!internal::UnusablePool(core_.get()).ok()) return {};
  return core_->Statistics();
}

std::string Pool::ToString() const {
  return internal::UnusablePool(core_.get()).ok() ? core_->ToString() : "no pool";
}

}  // namespace isoproc
