// A pool at work: its scheduler, its threads and its end of the streams to the workers.
#ifndef ISOPROC_PLATFORM_CORE_POOL_POOL_CORE_H_
#define ISOPROC_PLATFORM_CORE_POOL_POOL_CORE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/call_state.h"
#include "isoproc/internal/task.h"
#include "isoproc/pool_options.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/pool/worker_link.h"
#include "platform/core/shared/spin.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Errors: FailedPrecondition: this process is a fork of `owner`.
absl::Status CheckIsOwner(int64_t owner);

// Three threads serve it, none of which runs user code while it holds the lock, nor waits for a
// worker:
//   manager    talks to the workers and tells the scheduler what they say
//   starter    starts workers, which may take its time
//   callbacks  runs what users want to be called
// All else is done by the users' own threads, under the lock, and waits for nobody: at most it
// writes a word to each worker, or kills it. So they also give small chunks to workers, and who
// waits for a result looks at the desks for a while, before it sleeps: as long as that goes well,
// nobody is woken.
//
// Thread safety: any thread.
class PoolCore : public std::enable_shared_from_this<PoolCore> {
 public:
  // Errors: as Pool::Create.
  static absl::StatusOr<std::shared_ptr<PoolCore>> Create(const PoolOptions& options);

  // Errors: FailedPrecondition: this process is a fork of the pool's.
  absl::Status CheckIsOwner() const { return internal::CheckIsOwner(owner_); }

  int processes() const { return rules_.processes; }
  std::shared_ptr<const TaskCode> CodeOf(const TaskTarget& target);
  // As those of Scheduler.
  absl::StatusOr<JobId> Submit(JobRequest request);
  absl::Status Append(JobId job, Batches items);
  void Finish(JobId job);
  uint64_t Cancel(JobId job, bool running);

  void Close(bool cancel_pending);
  void Terminate();
  absl::Status Join(absl::Duration timeout);
  std::vector<WorkerStatistics> Statistics();
  std::string ToString();

  // Looks at what workers do, for as long as that promises to make `is_done` true soon. Gives what
  // is left of `timeout`.
  absl::Duration Help(absl::Duration timeout, absl::FunctionRef<bool()> is_done);

  // Has `call` called by the thread of callbacks.
  void CallLater(std::shared_ptr<CallState> call);
  // Whether the caller is that thread.
  bool IsThreadOfCallbacks() const { return std::this_thread::get_id() == callback_thread_; }

 private:
  struct NewWorker {
    WorkerId worker;
    absl::StatusOr<std::unique_ptr<WorkerLink>> link;
  };

  PoolCore(const PoolOptions& options, const Scheduler::Rules& rules);

  absl::Status StartThreads();
  // Lets the threads end.
  void End(std::unique_lock<std::mutex>& lock);
  void Manage();
  void StartWorkers();
  void RunCallbacks();

  // For the manager. What requires the lock may give it away for a while.
  void TakeNewWorkers();  // requires the lock
  void SendLarge(std::unique_lock<std::mutex>& lock);
  // Waits for news of workers, users and time, and takes what workers say.
  void Await(std::unique_lock<std::mutex>& lock);
  // Takes what the worker said, and that it is dead.
  void Hear(WorkerId worker);
  void Tell(WorkerId worker, WorkerLink& link, PoolMessage message);

  // These require the lock. Does what the scheduler wants.
  void Act();
  // Until it is dead: what fails is tried again.
  void Kill(WorkerLink& link);
  // Null if it died before the command for it was executed.
  WorkerLink* Find(WorkerId worker);
  // Takes what is on the worker's desk. False: no results.
  bool LookAtDesk(WorkerId worker, WorkerLink& link);
  // The same for all, and does what follows from it.
  bool LookAtDesks();
  // When the manager is to look at the latest.
  absl::Duration NextDeadline();

  // Makes the manager look, if it sleeps. Requires the lock.
  void Wake();
  // The same, if it would sleep for too long.
  void WakeInTime();
  absl::Duration Now() const;

  const PoolOptions options_;
  const Scheduler::Rules rules_;
  const int64_t owner_;
  const int processors_;
  port::StreamPair wake_;  // first: to write to; second: the manager's
  SpinTime spin_;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  Scheduler scheduler_;
  // Only the manager changes who is there; and what a link reads from its stream is the manager's.
  std::map<WorkerId, std::unique_ptr<WorkerLink>> links_;
  // What takes time to prepare is prepared by the manager, without the lock. Meanwhile the
  // scheduler believes that the worker has these items, and nothing is taken from its desk: so the
  // scheduler wants nothing else to be sent to it, and nobody else writes to its stream.
  std::vector<SendItems> to_send_;
  std::vector<TaskOutcome> outcomes_;      // of LookAtDesk, to use the memory again
  bool has_helper_ = false;                // who looks at the desks; meanwhile workers do not ring
  std::optional<absl::Duration> gave_up_;  // when the last one did, if no result came since
  // Until then, if nobody wakes it. While it is awake, others ask no link for what NextDeadline
  // wants to know: it changes that without the lock, as it reads and prepares.
  std::optional<absl::Duration> manager_sleeps_;
  std::map<const TaskTarget*, std::shared_ptr<const TaskCode>> codes_;
  std::deque<WorkerId> to_start_;
  std::vector<NewWorker> started_;
  size_t starts_done_ = 0;
  std::optional<absl::Status> first_start_failure_;
  bool over_ = false;  // no workers, nothing to do: threads end
  int threads_ = 0;

  std::mutex calls_mutex_;
  std::condition_variable calls_changed_;
  std::deque<std::shared_ptr<CallState>> calls_;
  bool no_more_calls_ = false;
  std::atomic<std::thread::id> callback_thread_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_POOL_CORE_H_
