#include "isoproc/internal/call_state.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <typeinfo>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/async_result.h"
#include "platform/base/native_error.h"
#include "platform/base/type_name.h"
#include "platform/core/pool/pool_core.h"
#include "platform/core/runtime.h"
#include "platform/core/wait_until.h"

namespace isoproc {
namespace internal {
namespace {

// What a callback threw, if it did.
absl::Status Guard(absl::FunctionRef<void()> body) {
  try {
    body();
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::UnknownError(
        absl::StrCat("a callback threw ", port::TypeName(typeid(error)), ": ", error.what()));
  } catch (...) {
    return absl::UnknownError("a callback threw what is not a std::exception");
  }
}

}  // namespace

int64_t ThisProcess() { return Runtime::Get().port().ProcessId(); }

void ReadyList::Add(size_t place) {
  const std::lock_guard lock(mutex_);
  places_.push_back(place);
  added_.notify_one();
}

std::optional<size_t> ReadyList::Next(absl::Duration timeout) {
  if (ThisProcess() != owner_) return std::nullopt;
  std::unique_lock lock(mutex_);
  if (!WaitUntil(added_, lock, timeout, [this] { return !places_.empty(); })) return std::nullopt;
  const size_t place = places_.front();
  places_.pop_front();
  return place;
}

CallState::CallState(std::weak_ptr<PoolCore> pool, size_t items, Progress progress, Check check)
    : outcomes_(items),
      ready_(items == 0),
      progress_(std::move(progress)),
      check_(check),
      pool_(std::move(pool)) {}

void CallState::Resolve(uint64_t first, absl::Span<TaskOutcome> outcomes) {
  const std::lock_guard lock(mutex_);
  auto place = outcomes_.begin() + static_cast<ptrdiff_t>(first);
  for (TaskOutcome& outcome : outcomes) *place++ = std::move(outcome);
  done_ += outcomes.size();
  const bool all = done_ == outcomes_.size();
  if (progress_ != nullptr || (all && !callbacks_.empty())) {
    // The pool is there: it calls.
    if (!std::exchange(calls_back_, true)) pool_.lock()->CallLater(shared_from_this());
  } else if (all) {
    BecomeReady();
  }
}

void CallState::BecomeReady() {
  ready_ = true;
  changed_.notify_all();
  for (const auto& [watcher, place] : watchers_) {
    if (const std::shared_ptr<ReadyList> list = watcher.lock()) list->Add(place);
  }
  watchers_.clear();
}

void CallState::CallBack() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (progress_ != nullptr && progress_told_ < done_) {
      progress_told_ = done_;
      lock.unlock();
      Run([&] { progress_(progress_told_, outcomes_.size()); });
    } else if (done_ < outcomes_.size()) {
      calls_back_ = false;
      return;
    } else if (progress_ != nullptr) {
      const Progress over = std::exchange(progress_, nullptr);
      lock.unlock();  // before `over` is destroyed
    } else if (!callbacks_.empty()) {
      Callback callback = std::move(callbacks_.front());
      callbacks_.pop_front();
      lock.unlock();
      Run([&] { callback(*this); });
    } else {
      BecomeReady();
      return;
    }
    lock.lock();
  }
}

void CallState::Run(absl::FunctionRef<void()> body) {
  const absl::Status status = Guard(body);
  if (status.ok()) return;
  const std::lock_guard lock(mutex_);
  callback_error_.Update(status);
}

bool CallState::ready() {
  if (ThisProcess() != owner_) return true;
  const std::lock_guard lock(mutex_);
  return ready_;
}

absl::Status CallState::AwaitReady(absl::Duration timeout) {
  const absl::Status is_owner = CheckIsOwner(owner_);
  if (!is_owner.ok()) return is_owner;
  const std::shared_ptr<PoolCore> pool = ready_ ? nullptr : pool_.lock();
  const bool is_callback = pool != nullptr && pool->IsThreadOfCallbacks();
  if (pool != nullptr) timeout = pool->Help(timeout, [this] { return ready_.load(); });
  std::unique_lock lock(mutex_);
  // Another thread may add a callback meanwhile.
  const auto is_over = [&] { return ready_ || (is_callback && NeedsCallbacks()); };
  if (!WaitUntil(changed_, lock, timeout, is_over)) {
    return absl::DeadlineExceededError("the result is not there yet");
  }
  if (ready_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "a callback cannot wait for a result that is ready only after callbacks");
}

bool CallState::NeedsCallbacks() {
  return !ready_ && (calls_back_ || progress_ != nullptr || !callbacks_.empty());
}

absl::Status CallState::Error(absl::FunctionRef<absl::Status(const TaskOutcome& outcome)> look) {
  const absl::Status is_owner = CheckIsOwner(owner_);
  if (!is_owner.ok()) return is_owner;
  absl::Status error;
  for (size_t i = 0; i < outcomes_.size(); ++i) {
    const absl::Status status = look(outcomes_[i]);
    if (status.ok()) continue;
    // What was cancelled on account of an error counts for less than the error.
    const bool counts = !absl::IsCancelled(status);
    if (!counts && !error.ok()) continue;
    error = outcomes_.size() == 1 ? status : port::Annotate(status, absl::StrCat("item ", i));
    if (counts) break;
  }
  return error;
}

absl::Status CallState::ErrorOfCallbacks() {
  const absl::Status is_owner = CheckIsOwner(owner_);
  if (!is_owner.ok()) return is_owner;
  const std::lock_guard lock(mutex_);
  return callback_error_;
}

void CallState::WhenDone(Callback callback) {
  if (ThisProcess() != owner_) return;  // nor is it called for a result that refers to no call
  {
    const std::lock_guard lock(mutex_);
    if (!ready_) {
      callbacks_.push_back(std::move(callback));
      changed_.notify_all();
      return;
    }
  }
  Run([&] { callback(*this); });
}

void CallState::Watch(std::shared_ptr<ReadyList> list, size_t place) {
  if (ThisProcess() != owner_) {
    list->Add(place);
    return;
  }
  const std::lock_guard lock(mutex_);
  if (ready_) {
    list->Add(place);
  } else {
    watchers_.erase(std::remove_if(watchers_.begin(), watchers_.end(),
                                   [](const auto& watcher) { return watcher.first.expired(); }),
                    watchers_.end());
    watchers_.emplace_back(std::move(list), place);
  }
}

void CallState::SetJob(JobId job) {
  const std::lock_guard lock(mutex_);
  job_ = job;
}

uint64_t CallState::Cancel(bool running) {
  if (ThisProcess() != owner_) return 0;
  const std::shared_ptr<PoolCore> pool = pool_.lock();
  if (pool == nullptr) return 0;
  JobId job = 0;
  {
    const std::lock_guard lock(mutex_);
    job = job_;
  }
  return pool->Cancel(job, running);
}

}  // namespace internal

absl::StatusOr<bool> AsyncResultBase::Successful() const {
  if (state_ == nullptr) return NoCall();
  if (!state_->ready()) return absl::FailedPreconditionError("the result is not there yet");
  return state_->IsSuccessful();
}

absl::StatusOr<std::vector<size_t>> WaitAny(const std::vector<AsyncResultBase>& results,
                                            absl::Duration timeout) {
  if (results.empty()) return absl::InvalidArgumentError("waiting for no results");
  CompletionOrder order(results);
  if (!order.Next(timeout).has_value()) {
    return absl::DeadlineExceededError("none of the results is there yet");
  }
  std::vector<size_t> ready;
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].Ready()) ready.push_back(i);
  }
  return ready;
}

absl::Status WaitAll(const std::vector<AsyncResultBase>& results, absl::Duration timeout) {
  internal::Runtime& runtime = internal::Runtime::Get();
  const port::Deadline deadline = runtime.DeadlineAfter(timeout);
  for (const AsyncResultBase& result : results) {
    const absl::Status ready = result.Wait(deadline.Remaining(runtime.port().Now()));
    if (!ready.ok()) return ready;
  }
  return absl::OkStatus();
}

CompletionOrder::CompletionOrder(const std::vector<AsyncResultBase>& results)
    : ready_(std::make_shared<internal::ReadyList>()), left_(results.size()) {
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].state_ == nullptr) {
      ready_->Add(i);
    } else {
      results[i].state_->Watch(ready_, i);
    }
  }
}

std::optional<size_t> CompletionOrder::Next(absl::Duration timeout) {
  if (left_ == 0) return std::nullopt;
  const std::optional<size_t> place = ready_->Next(timeout);
  if (place.has_value()) --left_;
  return place;
}

}  // namespace isoproc
