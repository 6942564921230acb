// A pool at work: its scheduler, its threads and its end of the streams to the workers.
#ifndef ISOPROC_PLATFORM_CORE_POOL_POOL_CORE_H_
#define ISOPROC_PLATFORM_CORE_POOL_POOL_CORE_H_

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

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/internal/call_state.h"
#include "isoproc/internal/task.h"
#include "isoproc/pool_options.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/pool/worker_link.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Errors: InvalidArgument: an end of a pipe is among them.
absl::Status CheckLuggage(const Arguments& arguments);
// Errors: FailedPrecondition: this process is a fork of `owner`.
absl::Status CheckIsOwner(int64_t owner);

// Three threads serve it, none of which runs user code while it holds the lock, nor waits for a
// worker:
//   manager    talks to the workers and tells the scheduler what they say
//   starter    starts workers, which may take its time
//   callbacks  runs what users want to be called
// All else is done by the users' own threads, under the lock and in no time.
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
  absl::Status Append(JobId job, std::vector<std::shared_ptr<const Arguments>> items);
  void Finish(JobId job);
  uint64_t Cancel(JobId job, bool running);

  void Close(bool cancel_pending);
  void Terminate();
  absl::Status Join(absl::Duration timeout);
  std::vector<WorkerStatistics> Statistics();
  std::string ToString();

  // Has `call` called by the thread of callbacks.
  void CallLater(std::shared_ptr<CallState> call);

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

  // For the manager.
  void TakeNewWorkers();
  void Execute(const Command& command);
  // Null if it died before the command for it was executed.
  WorkerLink* Find(WorkerId worker);
  // Waits for news of workers, users and time, and takes what workers say.
  void Await(bool unsent);
  // Takes what the worker said, and that it is dead.
  void Hear(WorkerId worker);
  void Tell(WorkerId worker, WorkerLink& link, PoolMessage message);
  // Until it is dead: what fails is tried again.
  void Kill(WorkerLink& link);
  // Takes what is on the worker's desk. Requires the lock.
  void LookAtDesk(WorkerId worker, WorkerLink& link);

  absl::StatusOr<std::unique_ptr<WorkerLink>> StartOne(WorkerId worker);
  // Makes the manager look. Requires the lock.
  void Wake();
  absl::Duration Now() const;

  const PoolOptions options_;
  const Scheduler::Rules rules_;
  const int64_t owner_;
  port::StreamPair wake_;  // first: to write to; second: the manager's
  std::map<WorkerId, std::unique_ptr<WorkerLink>> links_;  // the manager's

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  Scheduler scheduler_;
  bool woken_ = false;
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
  std::thread::id callback_thread_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_POOL_CORE_H_
