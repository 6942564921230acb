#include "platform/core/pool/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/exit_status.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/task_results.h"
#include "isoproc/pool_options.h"
#include "platform/core/exit_status_payload.h"

namespace isoproc::internal {
namespace {

// After lives in which nothing was begun, the next start waits: this long, then twice as long, …
constexpr absl::Duration kFirstPause = absl::Milliseconds(10);
constexpr int kMostDoublings = 7;
// Of workers that are gone.
constexpr size_t kMostRemembered = 256;

absl::Status WorkerLost(const absl::StatusOr<ExitStatus>& how, absl::string_view when) {
  if (!how.ok()) return absl::AbortedError(absl::StrCat("the worker ended ", when));
  absl::Status status = absl::AbortedError(absl::StrCat("the worker ", how->ToString(), " ", when));
  SetExitStatus(*how, status);
  return status;
}

}  // namespace

// ---- what users want ----------------------------------------------------------------------------

absl::StatusOr<JobId> Scheduler::Submit(JobRequest request, absl::Duration now) {
  if (broken_.has_value()) return *broken_;
  if (closed_) return absl::FailedPreconditionError("the pool is closed");
  const JobId id = ++last_job_;
  Job& job = jobs_[id];
  job.id = id;
  Batches items = std::move(request.items);
  job.more_to_come = request.more_to_come;
  job.request = std::move(request);
  if (job.request.total_timeout != absl::InfiniteDuration()) {
    job_deadlines_.emplace(now + job.request.total_timeout, id);
  }
  Enqueue(job, std::move(items));
  Pump(now);
  return id;
}

absl::Status Scheduler::Append(JobId id, Batches items, absl::Duration now) {
  if (broken_.has_value()) return *broken_;
  if (closed_) return absl::FailedPreconditionError("the pool is closed");
  Enqueue(jobs_.at(id), std::move(items));
  Pump(now);
  return absl::OkStatus();
}

void Scheduler::Finish(JobId id) {
  const auto job = jobs_.find(id);
  if (job == jobs_.end()) return;
  job->second.more_to_come = false;
  if (job->second.unresolved == 0) jobs_.erase(job);
}

uint64_t Scheduler::Cancel(JobId id, bool running, absl::Duration now) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return 0;
  const uint64_t count =
      GiveUp(found->second, absl::CancelledError("the task was cancelled"), running, now);
  Pump(now);
  return count;
}

uint64_t Scheduler::GiveUp(Job& job, const absl::Status& reason, bool running, absl::Duration now) {
  uint64_t count = ResolvePending(job, reason);
  if (!running) return count;
  for (auto& [id, worker] : workers_) {
    if (worker.state != WorkerState::kBusy || worker.job != job.id) continue;
    worker.doom = reason;
    count += worker.items.count;
    Kill(id, worker, now);
  }
  return count;
}

void Scheduler::Close(bool cancel_pending, absl::Duration now) {
  closed_ = true;
  if (cancel_pending) {
    const absl::Status cancelled = absl::CancelledError("the pool was closed");
    for (auto& [id, job] : jobs_) ResolvePending(job, cancelled);
  }
  Pump(now);
}

void Scheduler::Terminate(absl::Duration now) {
  closed_ = true;
  if (terminated_) return;
  terminated_ = true;
  const absl::Status cancelled = absl::CancelledError("the pool was terminated");
  for (auto& [id, job] : jobs_) ResolvePending(job, cancelled);
  for (auto& [id, worker] : workers_) {
    const Range items = std::exchange(worker.items, {});
    if (items.count > 0) Resolve(jobs_.at(worker.job), items, cancelled);
    Kill(id, worker, now);
  }
  Pump(now);
}

// ---- what happens to workers --------------------------------------------------------------------

void Scheduler::Started(WorkerId id, int64_t pid, absl::Duration now) {
  Worker& worker = workers_.at(id);
  worker.exists = true;
  worker.statistics.pid = pid;
  if (worker.state == WorkerState::kKilled) {
    commands_.emplace_back(KillWorker{id});
  } else {
    Enter(worker, WorkerState::kInitializing, now);
    worker.deadline = now + rules_.initializer_timeout;
  }
  Pump(now);
}

void Scheduler::StartFailed(WorkerId id, const absl::Status& reason, absl::Duration now) {
  const bool was_wanted = IsWanted(id);
  workers_.erase(id);
  if (was_wanted) CountUnready(reason, kShortage, now);
  Pump(now);
}

void Scheduler::Ready(WorkerId id, absl::Duration now) {
  Worker& worker = workers_.at(id);
  if (worker.state == WorkerState::kInitializing) {
    unready_in_a_row_ = 0;
    worker.deadline = absl::InfiniteDuration();
    Enter(worker, WorkerState::kIdle, now);
    idle_.push_back(id);
  }
  Pump(now);
}

void Scheduler::InitializerFailed(WorkerId id, const absl::Status& reason, absl::Duration now) {
  Worker& worker = workers_.at(id);
  if (worker.state == WorkerState::kInitializing) {  // else it makes things up, or is killed
    LetGo(worker, now);
    Break(reason);
  }
  Pump(now);
}

void Scheduler::Begun(WorkerId id, absl::Duration now) {
  Worker& worker = workers_.at(id);
  if (worker.items.count > 0) MarkBegun(worker, now);
  Pump(now);
}

void Scheduler::Ended(WorkerId id, absl::Span<TaskOutcome> outcomes, bool leaves,
                      absl::Duration now) {
  Worker& worker = workers_.at(id);
  const uint64_t count = (std::min)(uint64_t{outcomes.size()}, worker.items.count);
  if (count == 0) return;  // it makes things up
  fruitless_lives_ = 0;
  given_up_in_a_row_ = 0;
  worker.has_begun = true;
  worker.is_fresh = false;
  worker.is_at_one = false;
  worker.statistics.tasks += count;
  worker.deadline = absl::InfiniteDuration();
  const uint64_t first = worker.items.first;
  worker.items.first += count;
  worker.items.count -= count;
  Resolve(jobs_.at(worker.job), first, outcomes.subspan(0, static_cast<size_t>(count)));
  // One that is being killed keeps its items until it is dead.
  if (leaves && worker.state == WorkerState::kBusy) ReturnRest(worker, worker.items.count);
  if (worker.items.count > 0) return;  // nothing follows from it yet
  if (worker.state == WorkerState::kBusy) {
    const bool used_up =
        leaves || (rules_.max_tasks_per_child != 0 && worker.given >= rules_.max_tasks_per_child);
    if (used_up) {
      LetGo(worker, now);
      commands_.emplace_back(DismissWorker{id});
    } else {
      Enter(worker, WorkerState::kIdle, now);
      idle_.push_back(id);
    }
  }
  Pump(now);
}

void Scheduler::Refused(WorkerId id, const absl::Status& reason, absl::Duration now) {
  Worker& worker = workers_.at(id);
  if (worker.state != WorkerState::kBusy || !worker.is_fresh) return;  // it makes things up
  if (worker.items.count == 1) {
    TaskOutcome failed;
    failed.status = reason;
    Ended(id, absl::MakeSpan(&failed, 1), /*leaves=*/false, now);
    return;
  }
  ReturnRest(worker, 1);
  Enter(worker, WorkerState::kIdle, now);
  idle_.push_back(id);
  Pump(now);
}

void Scheduler::Died(WorkerId id, const absl::StatusOr<ExitStatus>& how, absl::Duration now) {
  const auto found = workers_.find(id);
  Worker& worker = found->second;
  const bool was_ready =
      worker.state != WorkerState::kStarting && worker.state != WorkerState::kInitializing;
  const bool by_intent =
      worker.state == WorkerState::kLeaving || worker.state == WorkerState::kKilled;
  const bool fruitless = !worker.has_begun;
  const bool is_slow = worker.is_slow;
  Enter(worker, WorkerState::kLeaving, now);
  TakeBack(worker, how);
  past_.push_back(worker.statistics);
  past_.back().alive = false;
  if (past_.size() > kMostRemembered) past_.pop_front();
  idle_.erase(std::remove(idle_.begin(), idle_.end(), id), idle_.end());
  workers_.erase(found);
  if (given_up_in_a_row_ >= kMostGivenUp) {
    Break(WorkerLost(how, "before it began a task; the pool is broken, as no worker begins any"));
  }
  if (is_slow) {
    CountUnready(WorkerLost(how, absl::StrCat("as its initializer took longer than ",
                                              absl::FormatDuration(rules_.initializer_timeout))),
                 absl::ZeroDuration(), now);
  } else if (!by_intent && !was_ready) {
    CountUnready(WorkerLost(how, "before it was ready for tasks"), absl::ZeroDuration(), now);
  } else if (!by_intent && fruitless) {
    Pause(now);
  }
  Pump(now);
}

void Scheduler::ReturnRest(Worker& worker, uint64_t most) {
  Range rest = std::exchange(worker.items, {});
  if (rest.count == 0) return;
  worker.given -= rest.count;
  Job& job = jobs_.at(worker.job);
  // Backwards, so that the first of them comes first.
  while (rest.count > 0) {
    const uint64_t count = (std::min)(most, rest.count);
    rest.count -= count;
    PutFirst(job, {rest.first + rest.count, count});
  }
  if (broken_.has_value()) {
    ResolvePending(job, *broken_);
  } else if (job.cancelling) {
    ResolvePending(job, absl::CancelledError("another task of the call failed"));
  }
}

void Scheduler::TakeBack(Worker& worker, const absl::StatusOr<ExitStatus>& how) {
  const Range items = std::exchange(worker.items, {});
  if (items.count == 0) return;
  Job& job = jobs_.at(worker.job);
  if (worker.doom.has_value()) return Resolve(job, items, *worker.doom);
  std::vector<uint64_t> again;
  for (uint64_t index = items.first; index < items.first + items.count; ++index) {
    const Range item = {index, 1};
    const bool had_begun = worker.is_at_one && index == items.first;
    Job::Losses& losses = job.lost[index];
    if (had_begun && ++losses.lost > job.request.retries) {
      Resolve(job, item, WorkerLost(how, "while it ran the task"));
    } else if (!had_begun && ++losses.returned > kMostReturns) {
      ++given_up_in_a_row_;
      Resolve(job, item, WorkerLost(how, "before it began the task, as others before"));
    } else if (broken_.has_value()) {
      Resolve(job, item, *broken_);
    } else if (job.cancelling) {
      Resolve(job, item, absl::CancelledError("another task of the call failed"));
    } else {
      again.push_back(index);
    }
  }
  // Backwards, so that the first of them comes first. One by one: what is run again is alone with
  // its worker.
  for (auto index = again.rbegin(); index != again.rend(); ++index) PutFirst(job, {*index, 1});
}

void Scheduler::CountUnready(const absl::Status& reason, absl::Duration patience,
                             absl::Duration now) {
  if (unready_in_a_row_++ == 0) unready_since_ = now;
  Pause(now);
  const bool any_ready = std::any_of(workers_.begin(), workers_.end(), [](const auto& entry) {
    return entry.second.state == WorkerState::kIdle || entry.second.state == WorkerState::kBusy;
  });
  if (!any_ready && unready_in_a_row_ >= (std::max)(kMostUnready, rules_.processes) &&
      now - unready_since_ >= patience) {
    absl::Status broken = absl::AbortedError(
        absl::StrCat("the pool is broken: ", unready_in_a_row_,
                     " workers in a row did not get ready, the last: ", reason.message()));
    reason.ForEachPayload([&broken](absl::string_view type, const absl::Cord& payload) {
      broken.SetPayload(type, payload);
    });
    Break(broken);
  }
}

void Scheduler::Pause(absl::Duration now) {
  const int doublings = (std::min)(fruitless_lives_++, kMostDoublings);
  // The first one costs nothing: a worker may be killed for once.
  if (doublings > 0) next_start_ = now + kFirstPause * (1 << (doublings - 1));
}

// ---- items --------------------------------------------------------------------------------------

void Scheduler::Enqueue(Job& job, Batches items) {
  changed_jobs_.push_back(job.id);
  Range added = job.Add(std::move(items));
  unresolved_ += added.count;
  if (job.cancelling) {
    return Resolve(job, added, absl::CancelledError("another task of the call failed"));
  }
  // With a time limit, an item is alone with its worker, which may be killed for its sake.
  const uint64_t size =
      job.request.task_timeout == absl::InfiniteDuration() ? job.request.chunk_size : 1;
  for (; added.count > 0; ++pending_) {
    const Range chunk = {added.first, (std::min)(size, added.count)};
    job.pending.push_back(chunk);
    turns_.push_back(job.id);
    added.first += chunk.count;
    added.count -= chunk.count;
  }
}

void Scheduler::PutFirst(Job& job, Range items) {
  job.pending.push_front(items);
  turns_.push_front(job.id);
  ++pending_;
}

void Scheduler::Resolve(Job& job, Range items, const absl::Status& status) {
  constexpr uint64_t kAtOnce = 256;
  while (items.count > 0) {
    const uint64_t count = (std::min)(items.count, kAtOnce);
    std::vector<TaskOutcome> outcomes(static_cast<size_t>(count));
    for (TaskOutcome& outcome : outcomes) outcome.status = status;
    Resolve(job, items.first, absl::MakeSpan(outcomes));
    items.first += count;
    items.count -= count;
  }
}

void Scheduler::Resolve(Job& job, uint64_t first, absl::Span<TaskOutcome> outcomes) {
  const bool failed = std::any_of(outcomes.begin(), outcomes.end(),
                                  [](const TaskOutcome& one) { return !one.status.ok(); });
  job.Forget({first, outcomes.size()});
  job.unresolved -= outcomes.size();
  unresolved_ -= outcomes.size();
  changed_jobs_.push_back(job.id);
  job.request.sink->Resolve(first, outcomes);
  if (failed && job.request.cancel_rest_on_error && !job.cancelling) {
    job.cancelling = true;
    ResolvePending(job, absl::CancelledError("another task of the call failed"));
  }
}

uint64_t Scheduler::ResolvePending(Job& job, const absl::Status& status) {
  const std::deque<Range> pending = std::exchange(job.pending, {});
  pending_ -= pending.size();
  uint64_t count = 0;
  for (const Range& items : pending) {
    count += items.count;
    Resolve(job, items, status);
  }
  return count;
}

void Scheduler::Break(const absl::Status& reason) {
  closed_ = true;
  if (broken_.has_value() || terminated_) return;
  broken_ = reason;
  for (auto& [id, job] : jobs_) ResolvePending(job, reason);
}

void Scheduler::MarkBegun(Worker& worker, absl::Duration now) {
  fruitless_lives_ = 0;
  given_up_in_a_row_ = 0;
  worker.has_begun = true;
  if (std::exchange(worker.is_at_one, true)) return;
  if (worker.state != WorkerState::kBusy) return;
  worker.deadline = now + jobs_.at(worker.job).request.task_timeout;
}

void Scheduler::Kill(WorkerId id, Worker& worker, absl::Duration now) {
  if (worker.state == WorkerState::kKilled) return;
  if (worker.exists) commands_.emplace_back(KillWorker{id});
  Enter(worker, WorkerState::kKilled, now);
  worker.deadline = absl::InfiniteDuration();
  idle_.erase(std::remove(idle_.begin(), idle_.end(), id), idle_.end());
}

void Scheduler::LetGo(Worker& worker, absl::Duration now) {
  Enter(worker, WorkerState::kLeaving, now);
  worker.deadline = now + rules_.exit_timeout;
}

void Scheduler::Enter(Worker& worker, WorkerState state, absl::Duration now) {
  WorkerStatistics& statistics = worker.statistics;
  (worker.state == WorkerState::kBusy   ? statistics.working
   : worker.state == WorkerState::kIdle ? statistics.idle
   : worker.state == WorkerState::kStarting || worker.state == WorkerState::kInitializing
       ? statistics.starting
       : statistics.ending) += now - worker.since;
  worker.since = now;
  worker.state = state;
}

// ---- what follows -------------------------------------------------------------------------------

void Scheduler::Pump(absl::Duration now) {
  KillWhatIsOverdue(now);
  DropStaleTurns();
  GiveItems(now);
  EndIdleWorkers(now);
  StartWorkers(now);
  ForgetJobsThatAreOver();
}

void Scheduler::ForgetJobsThatAreOver() {
  for (const JobId id : changed_jobs_) {
    const auto entry = jobs_.find(id);
    if (entry == jobs_.end()) continue;
    const Job& job = entry->second;
    if (job.unresolved == 0 && !job.more_to_come) jobs_.erase(entry);
  }
  changed_jobs_.clear();
}

void Scheduler::DropStaleTurns() {
  constexpr size_t kFew = 16;
  if (turns_.size() <= 2 * pending_ + kFew) return;
  const auto is_stale = [this](JobId id) {
    const Job* const job = FindJob(id);
    return job == nullptr || job->pending.empty();
  };
  turns_.erase(std::remove_if(turns_.begin(), turns_.end(), is_stale), turns_.end());
}

void Scheduler::KillWhatIsOverdue(absl::Duration now) {
  while (!job_deadlines_.empty() && job_deadlines_.begin()->first <= now) {
    Job* const job = FindJob(job_deadlines_.begin()->second);
    job_deadlines_.erase(job_deadlines_.begin());
    if (job == nullptr) continue;
    const absl::Status late =
        absl::DeadlineExceededError(absl::StrCat("the call took longer than its timeout of ",
                                                 absl::FormatDuration(job->request.total_timeout)));
    GiveUp(*job, late, /*running=*/true, now);
  }
  for (auto& [id, worker] : workers_) {
    if (worker.deadline > now) continue;
    if (worker.state == WorkerState::kBusy) {
      // It is the only one that the worker has.
      worker.doom = absl::DeadlineExceededError(absl::StrCat(
          "the task took longer than its timeout of ",
          absl::FormatDuration(jobs_.at(worker.job).request.task_timeout), ", and was ended"));
    }
    worker.is_slow = worker.state == WorkerState::kInitializing;
    Kill(id, worker, now);
  }
}

void Scheduler::GiveItems(absl::Duration now) {
  while (pending_ > 0 && !idle_.empty()) {
    const WorkerId id = idle_.back();
    if (GiveTo(id, workers_.at(id), now)) idle_.pop_back();
  }
}

bool Scheduler::GiveTo(WorkerId id, Worker& worker, absl::Duration now) {
  Job* const job = FindJob(turns_.front());
  if (job == nullptr || job->pending.empty()) {
    turns_.pop_front();
    return false;
  }
  Range& chunk = job->pending.front();
  uint64_t count = chunk.count;
  if (rules_.max_tasks_per_child != 0) {
    count = (std::min)(count, rules_.max_tasks_per_child - worker.given);
  }
  worker.job = job->id;
  worker.items = {chunk.first, count};
  worker.is_fresh = true;
  worker.is_at_one = false;
  worker.given += count;
  chunk.first += count;
  chunk.count -= count;
  if (chunk.count == 0) {
    job->pending.pop_front();
    turns_.pop_front();
    --pending_;
  }
  commands_.emplace_back(SendItems{id, job->request.task_timeout != absl::InfiniteDuration(),
                                   job->request.code, count, job->Slices(worker.items)});
  Enter(worker, WorkerState::kBusy, now);
  return true;
}

void Scheduler::EndIdleWorkers(absl::Duration now) {
  const auto dismiss = [&](WorkerId id) {
    LetGo(workers_.at(id), now);
    commands_.emplace_back(DismissWorker{id});
  };
  if (closed_ && pending_ == 0) {
    for (const WorkerId id : idle_) dismiss(id);
    idle_.clear();
  }
  // The one that has been idle longest is the first.
  while (!idle_.empty() && workers_.at(idle_.front()).since + rules_.idle_timeout <= now) {
    dismiss(idle_.front());
    idle_.erase(idle_.begin());
  }
}

size_t Scheduler::WantedWorkers() const {
  if (terminated_ || broken_.has_value()) return 0;
  const size_t processes = static_cast<size_t>(rules_.processes);
  // Those that start with the pool; they are replaced, unless they may be let go.
  const bool keeps = rules_.idle_timeout == absl::InfiniteDuration() || last_worker_ < processes;
  if (!closed_ && !rules_.on_demand && keeps) return processes;
  const auto busy = std::count_if(workers_.begin(), workers_.end(), [](const auto& entry) {
    return entry.second.state == WorkerState::kBusy;
  });
  return (std::min)(processes, static_cast<size_t>(busy) + pending_);
}

void Scheduler::StartWorkers(absl::Duration now) {
  if (now < next_start_) return;
  const size_t wanted = WantedWorkers();
  size_t staying =
      static_cast<size_t>(std::count_if(workers_.begin(), workers_.end(), [](const auto& entry) {
        return entry.second.state != WorkerState::kLeaving &&
               entry.second.state != WorkerState::kKilled;
      }));
  while (staying < wanted && workers_.size() < static_cast<size_t>(rules_.processes)) {
    const WorkerId id = ++last_worker_;
    Worker& worker = workers_[id];
    worker.since = now;
    worker.statistics.number = static_cast<int64_t>(id);
    commands_.emplace_back(StartWorker{id});
    ++staying;
  }
}

// ---- what is to be done, and what is known ------------------------------------------------------

std::vector<Command> Scheduler::TakeCommands() { return std::exchange(commands_, {}); }

absl::Duration Scheduler::NextDeadline() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& [id, worker] : workers_) next = (std::min)(next, worker.deadline);
  if (!job_deadlines_.empty()) next = (std::min)(next, job_deadlines_.begin()->first);
  if (!idle_.empty()) {
    next = (std::min)(next, workers_.at(idle_.front()).since + rules_.idle_timeout);
  }
  // Later it does not matter any more; one that is over and changed nothing neither.
  if (workers_.size() < WantedWorkers()) next = (std::min)(next, next_start_);
  return next;
}

std::vector<WorkerStatistics> Scheduler::Statistics(absl::Duration now) const {
  std::vector<WorkerStatistics> all(past_.begin(), past_.end());
  for (const auto& [id, worker] : workers_) {
    Worker copy = worker;
    Enter(copy, copy.state, now);
    all.push_back(copy.statistics);
  }
  // Those which are gone are remembered in the order of their end.
  std::sort(all.begin(), all.end(), [](const WorkerStatistics& one, const WorkerStatistics& other) {
    return one.number < other.number;
  });
  return all;
}

}  // namespace isoproc::internal
