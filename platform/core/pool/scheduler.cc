#include "platform/core/pool/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
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
// What could not be done for want of memory is tried again after this time.
constexpr absl::Duration kTryAgain = absl::Milliseconds(1);
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
  try {
    job.id = id;
    Batches items = std::move(request.items);
    job.more_to_come = request.more_to_come;
    job.request = std::move(request);
    if (job.request.total_timeout != absl::InfiniteDuration()) {
      job_deadlines_.emplace(now + job.request.total_timeout, id);
    }
    Enqueue(job, std::move(items));
  } catch (...) {
    jobs_.erase(id);
    throw;
  }
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
  Job* const job = FindJob(id);
  if (job == nullptr) return 0;
  uint64_t count = 0;
  for (const Range& items : job->pending) count += items.count;
  for (const auto& [worker_id, worker] : workers_) {
    if (running && worker.state == WorkerState::kBusy && worker.job == id) {
      count += worker.items.count;
    }
  }
  constexpr const char* kWhy = "the task was cancelled";
  try {
    GiveUp(*job, absl::CancelledError(kWhy), running, now);
  } catch (const std::bad_alloc&) {
    job->doom = kWhy;
    job->dooms_running |= running;
    any_doomed_ = true;
  }
  Pump(now);
  return count;
}

void Scheduler::GiveUp(Job& job, const absl::Status& reason, bool running, absl::Duration now) {
  ResolvePending(job, reason);
  if (!running) return;
  for (auto& [id, worker] : workers_) {
    if (worker.state != WorkerState::kBusy || worker.job != job.id) continue;
    Kill(id, worker, now);
    worker.doom = reason;
  }
}

void Scheduler::Close(bool cancel_pending, absl::Duration now) {
  closed_ = true;
  if (cancel_pending) {
    for (auto& [id, job] : jobs_) job.doom = "the pool was closed";
    any_doomed_ = true;
  }
  Pump(now);
}

void Scheduler::Terminate(absl::Duration now) {
  closed_ = true;
  if (terminated_) return;
  terminated_ = true;
  any_doomed_ = true;
  Pump(now);
}

// ---- what happens to workers --------------------------------------------------------------------

void Scheduler::Started(WorkerId id, int64_t pid, absl::Duration now) {
  Worker& worker = workers_.at(id);
  commands_.reserve(commands_.size() + 1);
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
  // First what needs memory; of that last the outcomes, which must not be told twice.
  commands_.reserve(commands_.size() + 1);
  // One that is being killed keeps its items until it is dead.
  if (leaves && worker.state == WorkerState::kBusy) {
    ReturnRest(worker, count, worker.items.count - count);
  }
  Resolve(jobs_.at(worker.job), worker.items.first,
          outcomes.subspan(0, static_cast<size_t>(count)));
  fruitless_lives_ = 0;
  given_up_in_a_row_ = 0;
  worker.has_begun = true;
  worker.is_fresh = false;
  worker.is_at_one = false;
  worker.statistics.tasks += count;
  worker.deadline = absl::InfiniteDuration();
  worker.items.first += count;
  worker.items.count -= count;
  if (worker.items.count > 0 && !any_doomed_) return;  // nothing follows from it yet
  if (worker.items.count == 0 && worker.state == WorkerState::kBusy) {
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
  ReturnRest(worker, 0, 1);
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
  const bool is_unready = is_slow || (!by_intent && !was_ready);
  TakeBack(worker, how);
  const bool is_hopeless = given_up_in_a_row_ >= kMostGivenUp;
  const absl::Status hopeless =
      is_hopeless
          ? WorkerLost(how, "before it began a task; the pool is broken, as no worker begins any")
          : absl::OkStatus();
  const absl::Status unready =
      is_slow      ? WorkerLost(how, absl::StrCat("as its initializer took longer than ",
                                                  absl::FormatDuration(rules_.initializer_timeout)))
      : is_unready ? WorkerLost(how, "before it was ready for tasks")
                   : absl::OkStatus();
  past_.emplace_back();
  // From here on nothing needs memory.
  Enter(worker, WorkerState::kLeaving, now);
  past_.back() = worker.statistics;
  past_.back().alive = false;
  if (past_.size() > kMostRemembered) past_.pop_front();
  idle_.erase(std::remove(idle_.begin(), idle_.end(), id), idle_.end());
  workers_.erase(found);
  if (is_hopeless) Break(hopeless);
  if (is_unready) {
    CountUnready(unready, absl::ZeroDuration(), now);
  } else if (!by_intent && fruitless) {
    Pause(now);
  }
  Pump(now);
}

void Scheduler::ReturnRest(Worker& worker, uint64_t kept, uint64_t most) {
  Range rest = {worker.items.first + kept, worker.items.count - kept};
  const uint64_t returned = rest.count;
  Job& job = jobs_.at(worker.job);
  size_t put = 0;
  try {
    // Backwards, so that the first of them comes first.
    for (; rest.count > 0; ++put) {
      const uint64_t count = (std::min)(most, rest.count);
      PutFirst(job, {rest.first + rest.count - count, count});
      rest.count -= count;
    }
  } catch (...) {
    pending_ -= put;
    for (; put > 0; --put) job.pending.pop_front();
    throw;
  }
  worker.items.count = kept;
  worker.given -= returned;
  any_doomed_ |= broken_.has_value() || job.has_failed;
}

void Scheduler::TakeBack(Worker& worker, const absl::StatusOr<ExitStatus>& how) {
  Range& items = worker.items;
  if (items.count == 0) return;
  Job& job = jobs_.at(worker.job);
  if (worker.doom.has_value()) return Resolve(job, items, *worker.doom);
  // What is put back is not given to anybody if the job or the pool was given up.
  any_doomed_ |= broken_.has_value() || job.has_failed;
  // Backwards, so that the first of them comes first. One by one: what is run again is alone with
  // its worker.
  for (; items.count > 0; --items.count) {
    Range item = {items.first + items.count - 1, 1};
    const bool had_begun = worker.is_at_one && items.count == 1;
    Job::Losses& losses = job.lost[item.first];
    if (had_begun && losses.lost >= job.request.retries) {
      Resolve(job, item, WorkerLost(how, "while it ran the task"));
    } else if (!had_begun && losses.returned >= kMostReturns) {
      Resolve(job, item, WorkerLost(how, "before it began the task, as others before"));
      ++given_up_in_a_row_;
    } else {
      PutFirst(job, item);
      ++(had_begun ? losses.lost : losses.returned);
    }
  }
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
    try {
      absl::Status broken = absl::AbortedError(
          absl::StrCat("the pool is broken: ", unready_in_a_row_,
                       " workers in a row did not get ready, the last: ", reason.message()));
      reason.ForEachPayload([&broken](absl::string_view type, const absl::Cord& payload) {
        broken.SetPayload(type, payload);
      });
      Break(broken);
    } catch (const std::bad_alloc&) {
      Break(reason);  // which says less, and needs no memory
    }
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
  Range left = {job.next_index, 0};
  for (const std::shared_ptr<const Batch>& batch : items) left.count += batch->size();
  // With a time limit, an item is alone with its worker, which may be killed for its sake.
  const uint64_t size =
      job.request.task_timeout == absl::InfiniteDuration() ? job.request.chunk_size : 1;
  size_t put = 0;
  try {
    while (left.count > 0) {
      const Range chunk = {left.first, (std::min)(size, left.count)};
      turns_.push_back(job.id);
      job.pending.push_back(chunk);
      ++put;
      left.first += chunk.count;
      left.count -= chunk.count;
    }
    unresolved_ += job.Add(std::move(items)).count;
  } catch (...) {
    for (; put > 0; --put) job.pending.pop_back();
    throw;
  }
  pending_ += put;
  any_doomed_ |= job.has_failed;
}

void Scheduler::PutFirst(Job& job, Range items) {
  turns_.push_front(job.id);
  job.pending.push_front(items);
  ++pending_;
}

void Scheduler::Resolve(Job& job, Range& items, const absl::Status& status) {
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
  changed_jobs_.push_back(job.id);
  job.request.sink->Resolve(first, outcomes);
  job.Forget({first, outcomes.size()});
  job.unresolved -= outcomes.size();
  unresolved_ -= outcomes.size();
  if (failed && job.request.cancel_rest_on_error && !job.has_failed) {
    job.has_failed = true;
    any_doomed_ = true;
  }
}

void Scheduler::ResolvePending(Job& job, const absl::Status& status) {
  for (; !job.pending.empty(); --pending_) {
    Resolve(job, job.pending.front(), status);
    job.pending.pop_front();
  }
}

void Scheduler::Break(const absl::Status& reason) {
  closed_ = true;
  if (broken_.has_value() || terminated_) return;
  broken_ = reason;
  any_doomed_ = true;
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
  try {
    GiveUpWhatIsDoomed(now);
    KillWhatIsOverdue(now);
    DropStaleTurns();
    GiveItems(now);
    EndIdleWorkers(now);
    StartWorkers(now);
    ForgetJobsThatAreOver();
    next_try_ = absl::InfiniteDuration();
  } catch (const std::bad_alloc&) {
    // Each step leaves undone what it could not do.
    next_try_ = now + kTryAgain;
  }
}

void Scheduler::GiveUpWhatIsDoomed(absl::Duration now) {
  if (!any_doomed_) return;
  const absl::Status terminated = absl::CancelledError("the pool was terminated");
  const absl::Status failed = absl::CancelledError("another task of the call failed");
  for (auto& [id, job] : jobs_) {
    if (job.doom != nullptr) {
      GiveUp(job, absl::CancelledError(job.doom), job.dooms_running, now);
      job.doom = nullptr;
      job.dooms_running = false;
    } else if (terminated_) {
      ResolvePending(job, terminated);
    } else if (broken_.has_value()) {
      ResolvePending(job, *broken_);
    } else if (job.has_failed) {
      ResolvePending(job, failed);
    }
  }
  if (terminated_) {
    for (auto& [id, worker] : workers_) {
      if (worker.items.count > 0) Resolve(jobs_.at(worker.job), worker.items, terminated);
      Kill(id, worker, now);
    }
  }
  any_doomed_ = false;
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
    if (job != nullptr) {
      const absl::Status late = absl::DeadlineExceededError(
          absl::StrCat("the call took longer than its timeout of ",
                       absl::FormatDuration(job->request.total_timeout)));
      GiveUp(*job, late, /*running=*/true, now);
    }
    job_deadlines_.erase(job_deadlines_.begin());
  }
  for (auto& [id, worker] : workers_) {
    if (worker.deadline > now) continue;
    std::optional<absl::Status> doom;
    if (worker.state == WorkerState::kBusy) {
      // It is the only one that the worker has.
      doom = absl::DeadlineExceededError(absl::StrCat(
          "the task took longer than its timeout of ",
          absl::FormatDuration(jobs_.at(worker.job).request.task_timeout), ", and was ended"));
    }
    const bool is_slow = worker.state == WorkerState::kInitializing;
    Kill(id, worker, now);
    worker.is_slow = is_slow;
    if (doom.has_value()) worker.doom = std::move(doom);
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
  const Range items = {chunk.first, count};
  commands_.emplace_back(SendItems{id, job->request.task_timeout != absl::InfiniteDuration(),
                                   job->request.code, count, job->Slices(items)});
  worker.job = job->id;
  worker.items = items;
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
  Enter(worker, WorkerState::kBusy, now);
  return true;
}

void Scheduler::EndIdleWorkers(absl::Duration now) {
  const bool all = closed_ && pending_ == 0;
  // The one that has been idle longest is the first.
  while (!idle_.empty() && (all || workers_.at(idle_.front()).since + rules_.idle_timeout <= now)) {
    commands_.emplace_back(DismissWorker{idle_.front()});
    LetGo(workers_.at(idle_.front()), now);
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
    const WorkerId id = last_worker_ + 1;
    idle_.reserve(workers_.size() + 1);  // so that it needs no memory when one becomes idle
    commands_.reserve(commands_.size() + 1);
    Worker& worker = workers_[id];
    worker.since = now;
    worker.statistics.number = static_cast<int64_t>(id);
    commands_.emplace_back(StartWorker{id});
    last_worker_ = id;
    ++staying;
  }
}

// ---- what is to be done, and what is known ------------------------------------------------------

std::vector<Command> Scheduler::TakeCommands() noexcept {
  if (commands_.empty()) return {};  // and keeps the memory
  return std::exchange(commands_, {});
}

absl::Duration Scheduler::NextDeadline() const {
  absl::Duration next = next_try_;
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
