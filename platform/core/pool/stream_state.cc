#include "isoproc/internal/stream_state.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/batch.h"
#include "isoproc/pool_options.h"
#include "platform/base/native_error.h"
#include "platform/core/pool/check_options.h"
#include "platform/core/pool/pool_core.h"
#include "platform/core/wait_until.h"

namespace isoproc::internal {

absl::StatusOr<std::shared_ptr<StreamState>> StreamState::Start(
    std::shared_ptr<PoolCore> pool, std::shared_ptr<const TaskCode> code,
    const StreamOptions& options, bool ordered, Pull pull) {
  const absl::Status good = CheckTaskOptions(options.chunk_size, options.timeout, options.retries);
  if (!good.ok()) return good;
  if (options.look_ahead.value_or(1) < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a stream reads at least one item ahead, not ", *options.look_ahead));
  }
  const uint64_t chunk_size = static_cast<uint64_t>(options.chunk_size);
  const uint64_t chunks = 4 * static_cast<uint64_t>(pool->processes());
  constexpr uint64_t kMost = (std::numeric_limits<int64_t>::max)();
  const uint64_t look_ahead = options.look_ahead.has_value()
                                  ? static_cast<uint64_t>(*options.look_ahead)
                                  : (std::min)(chunk_size, kMost / chunks) * chunks;
  const absl::Status travels = CheckLuggage(code->object.luggage);
  if (!travels.ok()) return travels;
  std::shared_ptr<StreamState> stream(new StreamState(pool, (std::min)(chunk_size, look_ahead),
                                                      look_ahead, ordered, std::move(pull)));
  JobRequest request;
  request.sink = stream;
  request.code = std::move(code);
  request.chunk_size = stream->chunk_size_;
  request.task_timeout = options.timeout;
  request.retries = options.retries;
  request.more_to_come = true;
  const absl::StatusOr<JobId> job = pool->Submit(std::move(request));
  if (!job.ok()) return job.status();
  stream->job_ = *job;
  stream->Refill();
  return stream;
}

void StreamState::Resolve(uint64_t first, absl::Span<TaskOutcome> outcomes) {
  const std::lock_guard lock(mutex_);
  for (TaskOutcome& outcome : outcomes) {
    const auto position = positions_.find(first++);
    Place(position->second, std::move(outcome));
    positions_.erase(position);
  }
}

void StreamState::Place(uint64_t position, TaskOutcome outcome) {
  if (ordered_) {
    const auto place = static_cast<size_t>(position - given_);
    if (window_.size() <= place) window_.resize(place + 1);
    window_[place] = std::move(outcome);
  } else {
    arrived_.emplace_back(position, std::move(outcome));
  }
  placed_.notify_all();
}

void StreamState::Refill() {
  while (!input_over_) {
    {
      const std::lock_guard lock(mutex_);
      if (taken_ != given_ && taken_ - given_ + chunk_size_ > look_ahead_) return;
    }
    BatchWriter items;
    uint64_t submitted = 0;
    for (uint64_t count = 0; count < chunk_size_; ++count) {
      std::optional<absl::Status> next;
      try {
        next = pull_(items);
      } catch (...) {
        input_failed_ = std::current_exception();
      }
      if (!next.has_value()) {
        input_over_ = true;
        break;
      }
      const std::lock_guard lock(mutex_);
      const uint64_t position = taken_++;
      if (next->ok()) {
        positions_[items_++] = position;
        ++submitted;
      } else {
        TaskOutcome outcome;
        outcome.status = *next;
        Place(position, std::move(outcome));
      }
    }
    if (submitted == 0) continue;
    const absl::Status appended = pool_->Append(job_, std::move(items).Take());
    if (appended.ok()) continue;
    input_over_ = true;
    input_failed_ = nullptr;
    const std::lock_guard lock(mutex_);
    for (uint64_t left = submitted; left > 0; --left) {
      TaskOutcome outcome;
      outcome.status = appended;
      Place(positions_.at(items_ - left), std::move(outcome));
      positions_.erase(items_ - left);
    }
  }
  if (input_over_) pool_->Finish(job_);
}

absl::Duration StreamState::Help(absl::Duration timeout) {
  return pool_->Help(timeout, [this] {
    const std::lock_guard lock(mutex_);
    return HasNext();
  });
}

absl::Status StreamState::Await(absl::Duration timeout) {
  const absl::Status is_owner = pool_->CheckIsOwner();
  if (!is_owner.ok()) return is_owner;
  Refill();
  timeout = Help(timeout);
  std::unique_lock lock(mutex_);
  if (WaitUntil(placed_, lock, timeout, [this] { return HasNext(); })) return absl::OkStatus();
  return absl::DeadlineExceededError("the next result is not there yet");
}

std::optional<TaskOutcome> StreamState::Next() {
  std::optional<TaskOutcome> outcome;
  if (const absl::Status is_owner = pool_->CheckIsOwner(); !is_owner.ok()) {
    last_ = std::nullopt;
    if (!std::exchange(refused_, true)) outcome.emplace().status = is_owner;
    return outcome;
  }
  // Not after the result is taken: what is there would be kept back while the input blocks.
  Refill();
  Help(absl::InfiniteDuration());
  {
    std::unique_lock lock(mutex_);
    placed_.wait(lock, [this] { return HasNext(); });
    if (given_ != taken_) {
      if (ordered_) {
        last_ = given_;
        outcome = std::move(window_.front());
        window_.pop_front();
      } else {
        last_ = arrived_.front().first;
        outcome = std::move(arrived_.front().second);
        arrived_.pop_front();
      }
      ++given_;
    }
  }
  if (!outcome.has_value() && input_failed_ != nullptr) {
    std::rethrow_exception(std::exchange(input_failed_, nullptr));
  }
  return outcome;
}

absl::Status StreamState::Named(const absl::Status& error) const {
  return last_.has_value() ? port::Annotate(error, absl::StrCat("item ", *last_)) : error;
}

void StreamState::Abandon() {
  input_over_ = true;
  // What is the user's is destroyed here. The pool, which destroys the rest, has its lock then.
  pull_ = nullptr;
  input_failed_ = nullptr;
  if (!pool_->CheckIsOwner().ok()) return;
  pool_->Cancel(job_, false);
  pool_->Finish(job_);
}

}  // namespace isoproc::internal
