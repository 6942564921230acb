// The state of a call that was submitted to a pool, behind AsyncResult.
#ifndef ISOPROC_INTERNAL_CALL_STATE_H_
#define ISOPROC_INTERNAL_CALL_STATE_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/task_results.h"

namespace isoproc::internal {

class CallState;
class PoolCore;

// Its id, by which a fork knows that it is one: it has the mutexes as they were, but no thread that
// would ever unlock them.
int64_t ThisProcess();

// Who waits for several calls: gets the places of those which become ready, in that order.
class ReadyList {
 public:
  void Add(size_t place);
  // The next one, if it comes until `timeout`; in a fork of the process that made it, none does.
  std::optional<size_t> Next(absl::Duration timeout);

 private:
  const int64_t owner_ = ThisProcess();
  std::mutex mutex_;
  std::condition_variable added_;
  std::deque<size_t> places_;
};

// Thread safety: any thread. In a fork of the process that made it, it is ready, and what Error and
// ErrorOfCallbacks give is FailedPrecondition.
class CallState final : public TaskSink, public std::enable_shared_from_this<CallState> {
 public:
  using Progress = std::function<void(uint64_t done, uint64_t total)>;
  using Callback = absl::AnyInvocable<void(CallState& state)>;
  // Whether the result can be given. As those of Error.
  using Check = absl::Status (*)(CallState& state);

  // Ready at once if `items` is 0.
  CallState(std::weak_ptr<PoolCore> pool, size_t items, Progress progress, Check check);

  // Which job it is, before anybody can cancel it. Outcomes may have come before.
  void SetJob(JobId job);

  void Resolve(uint64_t first, absl::Span<TaskOutcome> outcomes) override;

  bool ready();
  // Errors: DeadlineExceeded: it is not ready. FailedPrecondition: this process is a fork; or the
  // caller is the thread of callbacks, which it still needs.
  absl::Status AwaitReady(absl::Duration timeout);

  // OK, or the error that counts of those which `look` gives of outcomes: the first in the order of
  // the items, and one of what was cancelled only if there is no other. After one that counts, it
  // looks no further. Requires: ready, or in a callback.
  absl::Status Error(absl::FunctionRef<absl::Status(const TaskOutcome& outcome)> look);
  // What the first callback that threw has thrown. As those of Error.
  absl::Status ErrorOfCallbacks();
  // Whether there is an error of either kind. As those of Error.
  bool IsSuccessful() { return ErrorOfCallbacks().ok() && check_(*this).ok(); }
  // Requires: ready, or in a callback.
  absl::Span<const TaskOutcome> outcomes() const { return outcomes_; }

  // Has `callback` called once, before it is ready; now, if it is. What it throws is an error of
  // the call, either way, but nothing to other callbacks.
  void WhenDone(Callback callback);
  // Puts `place` into `list` when it is ready.
  void Watch(std::shared_ptr<ReadyList> list, size_t place);

  uint64_t Cancel(bool running);

  // For the thread of callbacks: what is due.
  void CallBack();

 private:
  // Requires the lock. All is done, and no callback is left.
  void BecomeReady();
  // Requires the lock. Whether callbacks are to be called, or one runs, before it is ready.
  bool NeedsCallbacks();
  // Runs user code, without the lock, and keeps what it throws.
  void Run(absl::FunctionRef<void()> body);

  const int64_t owner_ = ThisProcess();
  std::mutex mutex_;
  std::condition_variable changed_;  // ready_
  std::vector<TaskOutcome> outcomes_;
  size_t done_ = 0;
  size_t progress_told_ = 0;
  bool calls_back_ = false;          // it is with the thread of callbacks
  std::atomic<bool> ready_ = false;  // changed with the lock
  Progress progress_;  // null after the last call, so that no other thread destroys what is its
  std::deque<Callback> callbacks_;
  absl::Status callback_error_;
  std::vector<std::pair<std::weak_ptr<ReadyList>, size_t>> watchers_;
  const Check check_;
  const std::weak_ptr<PoolCore> pool_;
  JobId job_ = 0;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_CALL_STATE_H_
