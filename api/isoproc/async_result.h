// Results of a pool that may still be on their way.
#ifndef ISOPROC_ASYNC_RESULT_H_
#define ISOPROC_ASYNC_RESULT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/codec.h"
#include "isoproc/internal/call_state.h"
#include "isoproc/internal/must_travel.h"
#include "isoproc/internal/task.h"

namespace isoproc {

// A value, or why there is none. A task that returns nothing gives a status.
template <class R>
struct OutcomeOf {
  using Type = absl::StatusOr<R>;
};
template <>
struct OutcomeOf<void> {
  using Type = absl::Status;
};
template <class R>
using Outcome = typename OutcomeOf<R>::Type;

namespace internal {

template <class R>
Outcome<R> ToOutcome(const TaskOutcome& outcome) {
  if (!outcome.status.ok()) return outcome.status;
  if constexpr (std::is_void_v<R>) {
    return absl::OkStatus();
  } else {
    return DecodeResult<R>(outcome.value());
  }
}

inline absl::Status StatusOfOutcome(const absl::Status& status) { return status; }
template <class R>
absl::Status StatusOfOutcome(const absl::StatusOr<R>& value) {
  return value.status();
}

// What a call with one item gives, and one with many.
template <class R>
struct One {
  using Result = R;
  static Outcome<R> Give(CallState& state) {
    Outcome<R> value;
    const absl::Status error = state.Error([&value](const TaskOutcome& outcome) {
      value = ToOutcome<R>(outcome);
      return StatusOfOutcome(value);
    });
    if (!error.ok()) return error;
    return value;
  }
};
template <class R>
struct Many {
  using Result = std::vector<R>;
  static absl::StatusOr<std::vector<R>> Give(CallState& state) {
    std::vector<R> values;
    values.reserve(state.outcomes().size());
    const absl::Status error = state.Error([&values](const TaskOutcome& outcome) {
      absl::StatusOr<R> value = ToOutcome<R>(outcome);
      if (!value.ok()) return value.status();
      values.push_back(*std::move(value));
      return absl::OkStatus();
    });
    if (!error.ok()) return error;
    return values;
  }
};
template <>
struct Many<void> {
  using Result = void;
  static absl::Status Give(CallState& state) {
    return state.Error([](const TaskOutcome& outcome) { return outcome.status; });
  }
};

}  // namespace internal

class AsyncResultBase;
template <class R>
class AsyncResult;
template <>
inline constexpr bool internal::kStaysHere<AsyncResultBase> = true;
template <class R>
inline constexpr bool internal::kStaysHere<AsyncResult<R>> = true;

// Waits until at least one is ready.                                                    [FUT-12]
// Blocks:  until then or `timeout`; a callback of the pool in vain for what comes after it.
// On OK:   the places of all that are ready, ascending; a result may be there twice.
// Errors:  DeadlineExceeded: none is ready. InvalidArgument: there are no results.
absl::StatusOr<std::vector<size_t>> WaitAny(const std::vector<AsyncResultBase>& results,
                                            absl::Duration timeout = absl::InfiniteDuration());
template <class R>
absl::StatusOr<std::vector<size_t>> WaitAny(const std::vector<AsyncResult<R>>& results,
                                            absl::Duration timeout = absl::InfiniteDuration()) {
  return WaitAny(std::vector<AsyncResultBase>(results.begin(), results.end()), timeout);
}
// Waits until all are ready, as Wait does for one, and with its errors.                 [FUT-12]
absl::Status WaitAll(const std::vector<AsyncResultBase>& results,
                     absl::Duration timeout = absl::InfiniteDuration());
template <class R>
absl::Status WaitAll(const std::vector<AsyncResult<R>>& results,
                     absl::Duration timeout = absl::InfiniteDuration()) {
  return WaitAll(std::vector<AsyncResultBase>(results.begin(), results.end()), timeout);
}

// What all AsyncResults have, whatever their type: a std::vector<AsyncResultBase> holds any of
// them. A cheap value; copies refer to the same call. Dropping it neither ends nor awaits anything.
// One made by default refers to none: it is ready, its error is kFailedPrecondition, and it calls
// nothing back. Nor does any in a fork of the process that made the call.     [POOL-38, POOL-55]
// Thread safety: as a plain value; all functions from any thread.
class AsyncResultBase {
 public:
  AsyncResultBase() = default;

  // Whether the result is there, or an error. Never blocks.                             [POOL-40]
  bool Ready() const { return state_ == nullptr || state_->ready(); }

  // Blocks:  until the result or an error is there, or `timeout`.                       [POOL-40]
  // Errors:  DeadlineExceeded: it is not. The task goes on. FailedPrecondition: the caller is a
  //          callback of the pool, and the result comes after this callback or another. [POOL-45]
  absl::Status Wait(absl::Duration timeout = absl::InfiniteDuration()) const {
    return state_ == nullptr ? absl::OkStatus() : state_->AwaitReady(timeout);
  }

  // Whether the call went well: no task failed, the result can be decoded, which is tried, and no
  // callback threw. Never blocks.                                                       [POOL-40]
  // Errors:  FailedPrecondition: it is not ready.
  absl::StatusOr<bool> Successful() const;

  // Gives up tasks that no worker has yet: they get kCancelled, and are never run. How many.
  // Never blocks; twice does nothing more.                                      [FUT-08, POOL-71]
  uint64_t Cancel() const { return state_ == nullptr ? 0 : state_->Cancel(false); }
  // As Cancel, and also ends tasks that run, by killing their workers, which are replaced. One that
  // has ended meanwhile keeps its result.                                       [FUT-08, POOL-72]
  uint64_t CancelRunning() const { return state_ == nullptr ? 0 : state_->Cancel(true); }

 protected:
  explicit AsyncResultBase(std::shared_ptr<internal::CallState> state) : state_(std::move(state)) {}
  const std::shared_ptr<internal::CallState>& state() const { return state_; }
  static absl::Status NoCall() {
    return absl::FailedPreconditionError("this AsyncResult refers to no call");
  }

 private:
  friend absl::StatusOr<std::vector<size_t>> WaitAny(const std::vector<AsyncResultBase>& results,
                                                     absl::Duration timeout);
  friend absl::Status WaitAll(const std::vector<AsyncResultBase>& results, absl::Duration timeout);
  friend class CompletionOrder;
  friend class Pool;

  std::shared_ptr<internal::CallState> state_;
};

// The result of ApplyAsync, MapAsync and StarMapAsync: an R, or for a function that returns
// nothing, a status.
template <class R>
class AsyncResult : public AsyncResultBase {
 public:
  AsyncResult() = default;

  // The result. It stays: each call gives a value of its own.                           [POOL-38]
  // Blocks:  until it is there, or `timeout`.
  // Errors:  those of the tasks (pool.h); of several tasks that of the first in the order of the
  //          input, whichever failed first [POOL-27]. DataLoss: the result cannot be decoded.
  //          DeadlineExceeded: it is not there, or the task took longer than its timeout: then
  //          Ready() is true. FailedPrecondition: as Wait.
  Outcome<R> Get(absl::Duration timeout = absl::InfiniteDuration()) const {
    if (state() == nullptr) return NoCall();
    const absl::Status ready = state()->AwaitReady(timeout);
    if (!ready.ok()) return ready;
    const absl::Status threw = state()->ErrorOfCallbacks();
    if (!threw.ok()) return threw;
    return give_(*state());
  }

  // Has `callback` called once if the tasks go well, or with the error if they do not: in the
  // pool's thread of callbacks, one after the other, and before the result is ready, so that Get
  // returns after it [POOL-41, POOL-42]. A slow one holds up those of other calls, and their
  // results, but no worker [POOL-43]. One that throws makes its exception the error of the call;
  // other callbacks are called as if it had not [POOL-44]. It may submit, cancel, close, terminate
  // and destroy the pool, but not wait for what comes after it [POOL-45]. If the result is ready
  // already, it is called here and now, and what it throws is the error of the call from then on.
  //                                                                                     [FUT-10]
  template <class Callback>
  const AsyncResult& OnSuccess(Callback callback) const {
    if (state() == nullptr) return *this;
    state()->WhenDone(
        [give = give_, callback = std::move(callback)](internal::CallState& done) mutable {
          if constexpr (std::is_void_v<R>) {
            if (give(done).ok()) callback();
          } else {
            Outcome<R> value = give(done);
            if (value.ok()) callback(*std::move(value));
          }
        });
    return *this;
  }
  template <class Callback>
  const AsyncResult& OnError(Callback callback) const {
    if (state() == nullptr) return *this;
    state()->WhenDone(
        [give = give_, callback = std::move(callback)](internal::CallState& done) mutable {
          const absl::Status error = internal::StatusOfOutcome(give(done));
          if (!error.ok()) callback(error);
        });
    return *this;
  }

 private:
  friend class Pool;
  using Give = Outcome<R> (*)(internal::CallState& state);
  AsyncResult(std::shared_ptr<internal::CallState> state, Give give)
      : AsyncResultBase(std::move(state)), give_(give) {}

  Give give_ = nullptr;
};

// Gives the places of results in the order in which they become ready.                  [FUT-13]
//   CompletionOrder order(results);
//   while (std::optional<size_t> place = order.Next()) Use(results[*place].Get());
// Thread safety: one thread at a time.
class CompletionOrder {
 public:
  explicit CompletionOrder(const std::vector<AsyncResultBase>& results);
  template <class R>
  explicit CompletionOrder(const std::vector<AsyncResult<R>>& results)
      : CompletionOrder(std::vector<AsyncResultBase>(results.begin(), results.end())) {}

  // The place of the next one that is ready; nullopt when all were given, or after `timeout`.
  // Blocks:  until then; a callback of the pool in vain for what comes after it.
  std::optional<size_t> Next(absl::Duration timeout = absl::InfiniteDuration());
  // How many have not been given.
  size_t left() const { return left_; }

 private:
  std::shared_ptr<internal::ReadyList> ready_;
  size_t left_;
};

}  // namespace isoproc

#endif  // ISOPROC_ASYNC_RESULT_H_
