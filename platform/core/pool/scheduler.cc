#include "platform/core/pool/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "isoproc/exit_status.h"
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

TaskOutcome Failed(absl::Status status) {
  TaskOutcome outcome;
  outcome.status = std::move(status);
  return outcome;
}

absl::Status WorkerLost(const absl::StatusOr<ExitStatus>& how, absl::string_view when) {
  if (!how.ok()) return absl::AbortedError(absl::StrCat("the worker ended ", when));
  absl::Status status = absl::AbortedError(absl::StrCat("the worker ", how->ToString(), " ", when));
  SetExitStatus(*how, status);
  return status;
}

}  // namespace

uint64_t DefaultChunkSize(uint64_t items, int processes) {
  const uint64_t shares = 4 * static_cast<uint64_t>(processes);
  return (std::max)((items + shares - 1) / shares, uint64_t{1});
}

// ---- what users want ----------------------------------------------------------------------------

absl::StatusOr<JobId> Scheduler::Submit(JobRequest request, absl::Duration now) {
  if (broken_.has_value()) return *broken_;
  if (closed_) return absl::FailedPreconditionError("the pool is closed");
  const JobId id = ++last_job_;
  Job& job = jobs_[id];
  job.id = id;
  std::vector<std::shared_ptr<const Arguments>> items = std::move(request.items);
  job.more_to_come = request.more_to_come;
  job.request = std::move(request);
  if (job.request.total_timeout != absl::InfiniteDuration()) {
    job_deadlines_.emplace(now + job.request.total_timeout, id);
  }
  Enqueue(job, std::move(items));
  Pump(now);
  return id;
}

absl::Status Scheduler::Append(JobId id, std::vector<std::shared_ptr<const Arguments>> items,
                               absl::Duration now) {
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
  if (job->second.items.empty()) jobs_.erase(job);
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
    for (size_t i = worker.position; i < worker.indices.size(); ++i) {
      At(job, worker.indices[i]).doom = reason;
      ++count;
    }
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
  queue_.clear();
  const absl::Status cancelled = absl::CancelledError("the pool was terminated");
  for (auto& [id, job] : jobs_) {
    for (const uint64_t index : Unresolved(job)) {
      if (!IsResolved(job, index)) Resolve(job, index, Failed(cancelled));
    }
  }
  for (auto& [id, worker] : workers_) Kill(id, worker, now);
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
  if (worker.position < worker.indices.size()) MarkBegun(worker, now);
  Pump(now);
}

void Scheduler::Ended(WorkerId id, TaskOutcome outcome, bool leaves, absl::Duration now) {
  Worker& worker = workers_.at(id);
  if (worker.position == worker.indices.size()) return;  // it makes things up
  fruitless_lives_ = 0;
  given_up_in_a_row_ = 0;
  worker.has_begun = true;
  Job* const job = FindJob(worker.job);
  const uint64_t index = worker.indices[worker.position++];
  ++worker.statistics.tasks;
  worker.deadline = absl::InfiniteDuration();
  if (job != nullptr && !IsResolved(*job, index)) Resolve(*job, index, std::move(outcome));
  // One that is being killed keeps its items until it is dead.
  if (leaves && worker.state == WorkerState::kBusy) ReturnRest(worker, worker.indices.size());
  if (worker.position < worker.indices.size()) return;  // nothing follows from it yet
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
  if (worker.state != WorkerState::kBusy || worker.position > 0) return;  // it makes things up
  if (worker.indices.size() == 1) {
    Ended(id, Failed(reason), /*leaves=*/false, now);
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
  if (worker.position == worker.indices.size()) return;
  const uint64_t first = worker.indices[worker.position];
  const uint64_t last = worker.indices.back();
  worker.given -= worker.indices.size() - worker.position;
  worker.indices.resize(worker.position);
  Job* const job = FindJob(worker.job);
  if (job == nullptr) return;
  // What is between those that it had was resolved before.
  for (uint64_t index = first; index <= last; ++index) {
    if (!IsResolved(*job, index)) At(*job, index).state = ItemState::kPending;
  }
  for (uint64_t end = last + 1; end > first;) {
    const uint64_t count = (std::min)(most, end - first);
    end -= count;
    queue_.push_front(Chunk{worker.job, end, count});
  }
  if (broken_.has_value()) {
    ResolvePending(*job, *broken_);
  } else if (job->cancelling) {
    ResolvePending(*job, absl::CancelledError("another task of the call failed"));
  }
}

void Scheduler::TakeBack(Worker& worker, const absl::StatusOr<ExitStatus>& how) {
  Job* const job = FindJob(worker.job);
  if (job == nullptr) return;
  std::vector<uint64_t> again;
  for (size_t i = worker.position; i < worker.indices.size(); ++i) {
    const uint64_t index = worker.indices[i];
    if (IsResolved(*job, index)) continue;
    Item& item = At(*job, index);
    const bool had_begun = item.state == ItemState::kBegun;
    if (item.doom.has_value()) {
      Resolve(*job, index, Failed(*item.doom));
    } else if (had_begun && ++item.lost > job->request.retries) {
      Resolve(*job, index, Failed(WorkerLost(how, "while it ran the task")));
    } else if (!had_begun && ++item.returned > kMostReturns) {
      ++given_up_in_a_row_;
      Resolve(*job, index, Failed(WorkerLost(how, "before it began the task, as others before")));
    } else if (broken_.has_value()) {
      Resolve(*job, index, Failed(*broken_));
    } else if (job->cancelling) {
      Resolve(*job, index, Failed(absl::CancelledError("another task of the call failed")));
    } else {
      item.state = ItemState::kPending;
      again.push_back(index);
    }
  }
  // Backwards, so that the first of them comes first. One by one: what is run again is alone with
  // its worker.
  for (auto index = again.rbegin(); index != again.rend(); ++index) {
    queue_.push_front(Chunk{worker.job, *index, 1});
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

void Scheduler::Enqueue(Job& job, std::vector<std::shared_ptr<const Arguments>> items) {
  changed_jobs_.push_back(job.id);
  const uint64_t first = job.next_index;
  const uint64_t end = first + items.size();
  job.items.reserve(job.items.size() + items.size());
  for (std::shared_ptr<const Arguments>& arguments : items) {
    job.items[job.next_index++].arguments = std::move(arguments);
  }
  unresolved_ += items.size();
  if (job.cancelling) {
    ResolvePending(job, absl::CancelledError("another task of the call failed"));
    return;
  }
  // With a time limit, an item is alone with its worker, which may be killed for its sake.
  const uint64_t size =
      job.request.task_timeout == absl::InfiniteDuration() ? job.request.chunk_size : 1;
  for (uint64_t begin = first; begin < end; begin += size) {
    queue_.push_back(Chunk{job.id, begin, (std::min)(size, end - begin)});
  }
}

void Scheduler::Resolve(Job& job, uint64_t index, TaskOutcome outcome) {
  const bool failed = !outcome.status.ok();
  job.items.erase(index);
  --unresolved_;
  changed_jobs_.push_back(job.id);
  job.request.sink->Resolve(index, std::move(outcome));
  if (failed && job.request.cancel_rest_on_error && !job.cancelling) {
    job.cancelling = true;
    ResolvePending(job, absl::CancelledError("another task of the call failed"));
  }
}

std::vector<uint64_t> Scheduler::Unresolved(const Job& job) {
  std::vector<uint64_t> indices;
  indices.reserve(job.items.size());
  for (const auto& [index, item] : job.items) indices.push_back(index);
  std::sort(indices.begin(), indices.end());
  return indices;
}

uint64_t Scheduler::ResolvePending(Job& job, const absl::Status& status) {
  uint64_t count = 0;
  for (const uint64_t index : Unresolved(job)) {
    // The first error may resolve the others itself.
    if (IsResolved(job, index) || At(job, index).state != ItemState::kPending) continue;
    ++cancelled_;
    Resolve(job, index, Failed(status));
    ++count;
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
  Job* const job = FindJob(worker.job);
  const uint64_t index = worker.indices[worker.position];
  if (job == nullptr || IsResolved(*job, index)) return;
  Item& item = At(*job, index);
  if (std::exchange(item.state, ItemState::kBegun) == ItemState::kBegun) return;
  if (worker.state == WorkerState::kBusy) worker.deadline = now + job->request.task_timeout;
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
  worker.deadline = now + (std::max)(rules_.exit_timeout, absl::ZeroDuration());
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
  DropStaleChunks();
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
    if (job.items.empty() && !job.more_to_come) jobs_.erase(entry);
  }
  changed_jobs_.clear();
}

void Scheduler::DropStaleChunks() {
  if (cancelled_ == 0) return;
  const size_t short_queue = 4 * static_cast<size_t>(rules_.processes);
  if (queue_.size() > short_queue && cancelled_ < queue_.size() / 2) return;
  cancelled_ = 0;
  const auto is_stale = [this](const Chunk& chunk) {
    Job* const job = FindJob(chunk.job);
    if (job == nullptr) return true;
    for (uint64_t i = 0; i < chunk.count; ++i) {
      if (!IsResolved(*job, chunk.first + i)) return false;
    }
    return true;
  };
  queue_.erase(std::remove_if(queue_.begin(), queue_.end(), is_stale), queue_.end());
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
      Job* const job = FindJob(worker.job);
      At(*job, worker.indices[worker.position]).doom = absl::DeadlineExceededError(
          absl::StrCat("the task took longer than its timeout of ",
                       absl::FormatDuration(job->request.task_timeout), ", and was ended"));
    }
    worker.is_slow = worker.state == WorkerState::kInitializing;
    Kill(id, worker, now);
  }
}

void Scheduler::GiveItems(absl::Duration now) {
  while (!queue_.empty() && !idle_.empty()) {
    const WorkerId id = idle_.back();
    if (GiveTo(id, workers_.at(id), now)) idle_.pop_back();
  }
}

bool Scheduler::GiveTo(WorkerId id, Worker& worker, absl::Duration now) {
  Chunk& chunk = queue_.front();
  Job* const job = FindJob(chunk.job);
  uint64_t most = job == nullptr ? 0 : chunk.count;
  if (rules_.max_tasks_per_child != 0) {
    most = (std::min)(most, rules_.max_tasks_per_child - worker.given);
  }
  SendItems command{id, false, nullptr, {}};
  if (job != nullptr) {
    command.code = job->request.code;
    command.says_begun = job->request.task_timeout != absl::InfiniteDuration();
  }
  worker.indices.clear();
  while (chunk.count > 0 && worker.indices.size() < most) {
    const uint64_t index = chunk.first++;
    --chunk.count;
    if (IsResolved(*job, index)) continue;  // cancelled
    Item& item = At(*job, index);
    item.state = ItemState::kGiven;
    worker.indices.push_back(index);
    command.items.push_back(item.arguments);
  }
  worker.job = chunk.job;
  worker.position = 0;
  worker.given += worker.indices.size();
  if (job == nullptr || chunk.count == 0) queue_.pop_front();
  if (command.items.empty()) return false;
  commands_.emplace_back(std::move(command));
  Enter(worker, WorkerState::kBusy, now);
  return true;
}

void Scheduler::EndIdleWorkers(absl::Duration now) {
  const auto dismiss = [&](WorkerId id) {
    LetGo(workers_.at(id), now);
    commands_.emplace_back(DismissWorker{id});
  };
  if (closed_ && queue_.empty()) {
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
  return (std::min)(processes, static_cast<size_t>(busy) + queue_.size());
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
