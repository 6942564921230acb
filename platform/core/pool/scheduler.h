// What a pool does next: which worker runs which task, what becomes of a task whose worker dies,
// which workers start and end.
//
// Pure logic. It has no thread, process or clock: what happens is told to it, with the time, and
// what is to be done is taken from it as commands. So every order of events can be played to it.
//
// A job is what one call of the pool submits; its items are the tasks. Items go to workers in
// chunks. Of each item is known that it was begun, and later how it ended: so that, when a worker
// dies, one item is its own, those before it are done, and those after it have not begun.
//
// The rules:
//   - Each item is resolved just once. Which outcome is known first, counts.
//   - An item that has begun is begun again only if its job allows retries.
//   - An item that has not begun is given to another worker, but not for ever: kMostReturns.
//   - Items for which a worker lacks memory or handles are given one by one; then each is its own.
//   - A worker that is killed for an item's sake keeps that item until it is dead, since the item
//     may end well before.
//   - If no worker gets ready any more, or begins anything, the pool is broken: kMostUnready,
//     kMostGivenUp.
#ifndef ISOPROC_PLATFORM_CORE_POOL_SCHEDULER_H_
#define ISOPROC_PLATFORM_CORE_POOL_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/exit_status.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/task_results.h"
#include "isoproc/pool_options.h"
#include "platform/core/pool/job.h"

namespace isoproc::internal {

using WorkerId = uint64_t;  // one life of a worker; never used again

// ---- what is to be done -------------------------------------------------------------------------

struct StartWorker {
  WorkerId worker;
};
// Requires nothing of the worker: it is ready and has no other items.
struct SendItems {
  WorkerId worker;
  bool says_begun;  // Begun is wanted when it happens, and not only in the end
  std::shared_ptr<const TaskCode> code;
  uint64_t count;
  std::vector<Slice> items;
};
// The worker ends when it has read this.
struct DismissWorker {
  WorkerId worker;
};
struct KillWorker {
  WorkerId worker;
};
using Command = std::variant<StartWorker, SendItems, DismissWorker, KillWorker>;

// Thread safety: none; its owner has a lock.
class Scheduler {
 public:
  struct Rules {
    int processes = 1;
    bool on_demand = false;
    absl::Duration idle_timeout = absl::InfiniteDuration();
    uint64_t max_tasks_per_child = 0;  // 0: any number
    absl::Duration initializer_timeout = absl::InfiniteDuration();
    absl::Duration exit_timeout = absl::InfiniteDuration();
  };
  // How often an item is given to workers that die before they begin it.
  static constexpr int kMostReturns = 10;
  // How many workers in a row, at least, may end before they are ready, if no other is.
  static constexpr int kMostUnready = 3;
  // For so long starts may fail before that breaks the pool: a shortage may pass.
  static constexpr absl::Duration kShortage = absl::Seconds(1);
  // How many items in a row may be given up as kMostReturns says.
  static constexpr int kMostGivenUp = 3;

  explicit Scheduler(const Rules& rules) : rules_(rules) {}

  // ---- what users want --------------------------------------------------------------------------

  // Errors: FailedPrecondition: it is closed; or what broke it.
  absl::StatusOr<JobId> Submit(JobRequest request, absl::Duration now);
  // More items for a job of Submit with more_to_come. Errors: as Submit.
  absl::Status Append(JobId job, Batches items, absl::Duration now);
  void Finish(JobId job);
  // Resolves what has not been given to a worker with Cancelled; with `running`, also the rest, by
  // killing the workers that have it. Gives how many will have that outcome, but for those which
  // end while they are killed.
  uint64_t Cancel(JobId job, bool running, absl::Duration now);
  // Nothing new; what there is goes on, but for what no worker has if `cancel_pending`.
  void Close(bool cancel_pending, absl::Duration now);
  // Resolves all with Cancelled and kills all workers.
  void Terminate(absl::Duration now);
  // To be called at NextDeadline.
  void Tick(absl::Duration now) { Pump(now); }

  // ---- what happens to workers ------------------------------------------------------------------

  // StartWorker was done: the process is there; or it could not be done.
  void Started(WorkerId worker, int64_t pid, absl::Duration now);
  void StartFailed(WorkerId worker, const absl::Status& reason, absl::Duration now);
  // Whether StartWorker is still to be done; if not, StartFailed is to be told.
  bool IsWanted(WorkerId worker) const { return workers_.at(worker).state != WorkerState::kKilled; }
  // It waits for items.
  void Ready(WorkerId worker, absl::Duration now);
  // Its initializer failed; it will end.
  void InitializerFailed(WorkerId worker, const absl::Status& reason, absl::Duration now);
  // It has begun the first of its items that has not ended. May be told again and again.
  void Begun(WorkerId worker, absl::Duration now);
  // That item has ended, and those which follow it, as many as there are outcomes. They were begun
  // of course. `leaves`: the worker begins nothing else that it has. The outcomes are moved from.
  void Ended(WorkerId worker, absl::Span<TaskOutcome> outcomes, bool leaves, absl::Duration now);
  // It has none of its items, since there was no memory or handle for them.
  void Refused(WorkerId worker, const absl::Status& reason, absl::Duration now);
  // All that it had said was told before.
  void Died(WorkerId worker, const absl::StatusOr<ExitStatus>& how, absl::Duration now);

  // ---- what is to be done, and what is known ----------------------------------------------------

  std::vector<Command> TakeCommands();
  // When to call Tick at the latest.
  absl::Duration NextDeadline() const;

  // Closed, nothing to do, no workers.
  bool finished() const { return closed_ && workers_.empty() && unresolved_ == 0; }
  bool closed() const { return closed_; }
  uint64_t unresolved() const { return unresolved_; }
  std::vector<WorkerStatistics> Statistics(absl::Duration now) const;
  // Those which are over and still kept included.
  size_t TurnsForTesting() const { return turns_.size(); }

 private:
  using Range = Job::Range;
  enum class WorkerState { kStarting, kInitializing, kIdle, kBusy, kLeaving, kKilled };
  struct Worker {
    WorkerState state = WorkerState::kStarting;
    bool exists = false;  // there is a process
    JobId job = 0;
    Range items;                       // that it has; it does the first of them, or will
    bool is_fresh = false;             // none of those it was given last has ended
    bool is_at_one = false;            // it has begun that
    std::optional<absl::Status> doom;  // what they get if it dies
    absl::Duration since;              // of the state
    absl::Duration deadline = absl::InfiniteDuration();
    uint64_t given = 0;      // items in all
    bool has_begun = false;  // any
    bool is_slow = false;    // its initializer took too long
    WorkerStatistics statistics;
  };

  Job* FindJob(JobId id) {
    const auto job = jobs_.find(id);
    return job == jobs_.end() ? nullptr : &job->second;
  }
  void Enqueue(Job& job, Batches items);
  // To be given before all others.
  void PutFirst(Job& job, Range items);
  // All with the same.
  void Resolve(Job& job, Range items, const absl::Status& status);
  void Resolve(Job& job, uint64_t first, absl::Span<TaskOutcome> outcomes);
  // Those which no worker has. Gives how many.
  uint64_t ResolvePending(Job& job, const absl::Status& status);
  void Break(const absl::Status& reason);
  void Kill(WorkerId id, Worker& worker, absl::Duration now);
  void MarkBegun(Worker& worker, absl::Duration now);
  // What it has not begun and never will, though it lives. Others get it in pieces of so many.
  void ReturnRest(Worker& worker, uint64_t most);
  // It is to end by itself.
  void LetGo(Worker& worker, absl::Duration now);
  // As Cancel, with a reason.
  uint64_t GiveUp(Job& job, const absl::Status& reason, bool running, absl::Duration now);
  // The items of a worker that is dead.
  void TakeBack(Worker& worker, const absl::StatusOr<ExitStatus>& how);
  static void Enter(Worker& worker, WorkerState state, absl::Duration now);
  // A worker ended before it was ready, or could not be started. It breaks the pool if the others
  // before it took at least so long.
  void CountUnready(const absl::Status& reason, absl::Duration patience, absl::Duration now);
  // A worker ended before it began anything: the next ones start less and less often.
  void Pause(absl::Duration now);

  // Does what follows from what happened.
  void Pump(absl::Duration now);
  // Turns that are over. Some may stay, but not more than there are others.
  void DropStaleTurns();
  void ForgetJobsThatAreOver();
  void KillWhatIsOverdue(absl::Duration now);
  void GiveItems(absl::Duration now);
  bool GiveTo(WorkerId id, Worker& worker, absl::Duration now);
  void EndIdleWorkers(absl::Duration now);
  void StartWorkers(absl::Duration now);
  size_t WantedWorkers() const;

  const Rules rules_;
  std::vector<Command> commands_;
  std::map<JobId, Job> jobs_;
  std::set<std::pair<absl::Duration, JobId>> job_deadlines_;  // also of jobs that are over
  std::vector<JobId> changed_jobs_;
  // Whose turn it is: a job is here once for each of its pending ranges, and maybe more often.
  std::deque<JobId> turns_;
  size_t pending_ = 0;  // ranges, of all jobs
  std::map<WorkerId, Worker> workers_;
  std::vector<WorkerId> idle_;  // the one that was busy last comes last
  std::deque<WorkerStatistics> past_;
  JobId last_job_ = 0;
  WorkerId last_worker_ = 0;
  uint64_t unresolved_ = 0;
  bool closed_ = false;
  bool terminated_ = false;
  std::optional<absl::Status> broken_;
  int unready_in_a_row_ = 0;
  absl::Duration unready_since_;  // the first of them
  int given_up_in_a_row_ = 0;     // items, without any begun
  int fruitless_lives_ = 0;       // in a row, without any item begun
  absl::Duration next_start_ = -absl::InfiniteDuration();
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_SCHEDULER_H_
