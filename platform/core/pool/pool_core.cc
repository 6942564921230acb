#include "platform/core/pool/pool_core.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/exit_status.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/call_state.h"
#include "isoproc/internal/task.h"
#include "isoproc/pool_options.h"
#include "platform/base/native_error.h"
#include "platform/core/pool/check_options.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/messages.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/pool/start_worker.h"
#include "platform/core/pool/worker_link.h"
#include "platform/core/pool/worker_outcome.h"
#include "platform/core/runtime.h"
#include "platform/core/wait_until.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// A worker that is lost is about to die. If it does not:
constexpr absl::Duration kLostGrace = absl::Seconds(5);
// A worker that could not be killed is killed again after this time.
constexpr absl::Duration kKillPause = absl::Milliseconds(50);
// What a worker says is heard so far before others are.
constexpr int kMostHeard = 256;
// What did not fit into a stream is tried again after this time.
constexpr absl::Duration kUnsentPause = absl::Milliseconds(1);
// How long a result may lie on a desk while its worker is busy with the next item.
constexpr absl::Duration kLookPause = absl::Milliseconds(5);
// How long blocks are kept by a worker that has no items.
constexpr absl::Duration kKeepBlocks = absl::Seconds(1);
// How often who helps does nothing before it looks at the desks again: some 5 microseconds.
constexpr int kLongPause = 128;
// Results that are taken from a desk at once.
constexpr size_t kMostTaken = 256;

port::Deadline Once() { return port::Deadline::At(absl::ZeroDuration()); }

// The pools that exist, for the end of the process.
struct Pools {
  std::mutex mutex;
  std::vector<std::weak_ptr<PoolCore>> all;
};
Pools& GetPools() {
  static Pools* const pools = new Pools;
  return *pools;
}
void EndPools() {
  std::vector<std::weak_ptr<PoolCore>> all;
  {
    const std::lock_guard lock(GetPools().mutex);
    all.swap(GetPools().all);
  }
  for (const std::weak_ptr<PoolCore>& entry : all) {
    const std::shared_ptr<PoolCore> pool = entry.lock();
    if (pool != nullptr && pool->CheckIsOwner().ok()) pool->Terminate();
  }
}
void Remember(const std::shared_ptr<PoolCore>& pool) {
  {
    const std::lock_guard lock(GetPools().mutex);
    std::vector<std::weak_ptr<PoolCore>>& all = GetPools().all;
    all.erase(std::remove_if(all.begin(), all.end(),
                             [](const std::weak_ptr<PoolCore>& entry) { return entry.expired(); }),
              all.end());
    all.push_back(pool);
  }
  Runtime::Get().BeforeEndingChildren(&EndPools);
}

}  // namespace

absl::Status CheckIsOwner(int64_t owner) {
  if (Runtime::Get().port().ProcessId() == owner) return absl::OkStatus();
  return absl::FailedPreconditionError("this process is a fork of the one that made the pool");
}

// ---- beginning ----------------------------------------------------------------------------------

PoolCore::PoolCore(const PoolOptions& options, const Scheduler::Rules& rules)
    : options_(options),
      rules_(rules),
      owner_(Runtime::Get().port().ProcessId()),
      processors_(Runtime::Get().port().UsableCpuCount()),
      scheduler_(rules) {}

absl::StatusOr<std::shared_ptr<PoolCore>> PoolCore::Create(const PoolOptions& options) {
  const absl::StatusOr<Scheduler::Rules> rules = CheckPoolOptions(options);
  if (!rules.ok()) return rules.status();
  Runtime& runtime = Runtime::Get();
  const absl::Status can_start = runtime.program().CheckReady(runtime.port());
  if (!can_start.ok()) return can_start;
  absl::StatusOr<port::StreamPair> wake = runtime.port().CreateStreamPair();
  if (!wake.ok()) return wake.status();

  const std::shared_ptr<PoolCore> pool(new PoolCore(options, *rules));
  pool->wake_ = *std::move(wake);
  absl::Status status = pool->StartThreads();
  if (!status.ok()) return status;
  Remember(pool);
  if (options.on_demand) return pool;
  {
    std::unique_lock lock(pool->mutex_);
    pool->changed_.wait(lock, [&] {
      return pool->first_start_failure_.has_value() ||
             pool->starts_done_ >= static_cast<size_t>(rules->processes);
    });
    if (!pool->first_start_failure_.has_value()) return pool;
    status = *pool->first_start_failure_;
  }
  pool->Terminate();
  pool->Join(absl::InfiniteDuration()).IgnoreError();
  return status;
}

absl::Status PoolCore::StartThreads() {
  absl::Status status;
  for (void (PoolCore::*const run)() :
       {&PoolCore::RunCallbacks, &PoolCore::StartWorkers, &PoolCore::Manage}) {
    {
      const std::lock_guard lock(mutex_);
      ++threads_;
    }
    status = Runtime::Get().port().StartThread([self = shared_from_this(), run] {
      ((*self).*run)();
      const std::lock_guard lock(self->mutex_);
      --self->threads_;
      self->changed_.notify_all();
    });
    if (status.ok()) continue;
    // Without the last, the manager, the others have done nothing yet.
    std::unique_lock lock(mutex_);
    --threads_;
    End(lock);
    changed_.wait(lock, [this] { return threads_ == 0; });
    return status;
  }
  return status;
}

absl::Duration PoolCore::Now() const { return Runtime::Get().port().Now(); }

// ---- what users want ----------------------------------------------------------------------------

std::shared_ptr<const TaskCode> PoolCore::CodeOf(const TaskTarget& target) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const TaskCode>& code = codes_[&target];
  if (code == nullptr) code = std::make_shared<const TaskCode>(TaskCode{&target, {}});
  return code;
}

absl::StatusOr<JobId> PoolCore::Submit(JobRequest request) {
  const std::lock_guard lock(mutex_);
  absl::StatusOr<JobId> job = scheduler_.Submit(std::move(request), Now());
  Act();
  return job;
}

absl::Status PoolCore::Append(JobId job, Batches items) {
  const std::lock_guard lock(mutex_);
  absl::Status status = scheduler_.Append(job, std::move(items), Now());
  Act();
  return status;
}

void PoolCore::Finish(JobId job) {
  const std::lock_guard lock(mutex_);
  scheduler_.Finish(job);
}

uint64_t PoolCore::Cancel(JobId job, bool running) {
  const std::lock_guard lock(mutex_);
  const uint64_t count = scheduler_.Cancel(job, running, Now());
  Act();
  return count;
}

void PoolCore::Close(bool cancel_pending) {
  const std::lock_guard lock(mutex_);
  scheduler_.Close(cancel_pending, Now());
  Act();
}

void PoolCore::Terminate() {
  std::unique_lock lock(mutex_);
  scheduler_.Terminate(Now());
  Act();
  changed_.wait(lock, [this] { return over_; });
}

absl::Status PoolCore::Join(absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  if (!scheduler_.closed()) {
    return absl::FailedPreconditionError("the pool was neither closed nor terminated");
  }
  if (IsThreadOfCallbacks()) {
    return absl::FailedPreconditionError("a callback cannot wait for the end of its pool");
  }
  if (!WaitUntil(changed_, lock, timeout, [this] { return over_ && threads_ == 0; })) {
    return absl::DeadlineExceededError("the pool has work to do");
  }
  return absl::OkStatus();
}

std::vector<WorkerStatistics> PoolCore::Statistics() {
  const std::lock_guard lock(mutex_);
  return scheduler_.Statistics(Now());
}

std::string PoolCore::ToString() {
  const std::lock_guard lock(mutex_);
  return absl::StrCat("pool of ", rules_.processes, ", ",
                      over_                 ? "ended"
                      : scheduler_.closed() ? "closed"
                                            : "running");
}

void PoolCore::Wake() {
  // Awake, it looks at all there is before it sleeps.
  if (!manager_sleeps_.has_value()) return;
  constexpr std::array<std::byte, 1> kNews = {std::byte{1}};
  const absl::Status woken = wake_.first->Write(kNews, Once()).status();
  // Who could not wake it leaves that to the next one. What is full holds news already.
  if (woken.ok() || absl::IsDeadlineExceeded(woken)) manager_sleeps_.reset();
}

void PoolCore::WakeInTime() {
  if (!manager_sleeps_.has_value()) return;
  if (!to_send_.empty() || scheduler_.finished() || NextDeadline() < *manager_sleeps_) Wake();
}

void PoolCore::End(std::unique_lock<std::mutex>&) {
  over_ = true;
  changed_.notify_all();
  const std::lock_guard lock(calls_mutex_);
  no_more_calls_ = true;
  calls_changed_.notify_all();
}

// ---- the manager --------------------------------------------------------------------------------

void PoolCore::Manage() {
  std::unique_lock lock(mutex_);
  while (true) {
    TakeNewWorkers();
    scheduler_.Tick(Now());
    Act();
    if (scheduler_.finished()) {
      End(lock);
      return;
    }
    for (const auto& [worker, link] : links_) {
      link->Flush();
      if (!link->has_items() && link->keeps_blocks() && link->ended_at + kKeepBlocks <= Now()) {
        link->LetGoOfBlocks();
      }
    }
    if (to_send_.empty()) {
      Await(lock);
    } else {
      SendLarge(lock);
    }
  }
}

void PoolCore::TakeNewWorkers() {
  for (NewWorker& entry : std::exchange(started_, {})) {
    if (!entry.link.ok()) {
      scheduler_.StartFailed(entry.worker, entry.link.status(), Now());
      continue;
    }
    scheduler_.Started(entry.worker, (*entry.link)->pid(), Now());
    links_[entry.worker] = *std::move(entry.link);
  }
}

void PoolCore::Act() {
  for (const Command& command : scheduler_.TakeCommands()) {
    if (const auto* start = std::get_if<StartWorker>(&command)) {
      to_start_.push_back(start->worker);
      changed_.notify_all();
    } else if (const auto* items = std::get_if<SendItems>(&command)) {
      WorkerLink* const link = Find(items->worker);
      if (link == nullptr) continue;
      if (link->IsQuick(*items)) {
        const absl::StatusOr<ChunkNote> chunk = link->Prepare(*items);
        if (chunk.ok()) {
          link->Give(*items, *chunk);
          continue;
        }
      }
      to_send_.push_back(*items);
    } else if (const auto* dismiss = std::get_if<DismissWorker>(&command)) {
      if (WorkerLink* const link = Find(dismiss->worker)) link->Dismiss();
    } else if (const auto* kill = std::get_if<KillWorker>(&command)) {
      if (WorkerLink* const link = Find(kill->worker)) Kill(*link);
    }
  }
  WakeInTime();
}

void PoolCore::SendLarge(std::unique_lock<std::mutex>& lock) {
  for (const SendItems& items : std::exchange(to_send_, {})) {
    WorkerLink* const link = Find(items.worker);
    if (link == nullptr) continue;
    lock.unlock();
    const absl::StatusOr<ChunkNote> chunk = link->Prepare(items);
    lock.lock();
    if (chunk.ok()) {
      link->Give(items, *chunk);
      continue;
    }
    // There is no memory or handle for what it needs. The worker knows nothing of these items.
    scheduler_.Refused(items.worker, chunk.status(), Now());
  }
}

WorkerLink* PoolCore::Find(WorkerId worker) {
  const auto link = links_.find(worker);
  return link == links_.end() ? nullptr : link->second.get();
}

absl::Duration PoolCore::NextDeadline() {
  absl::Duration next = scheduler_.NextDeadline();
  const absl::Duration now = Now();
  for (const auto& [worker, link] : links_) {
    next = (std::min)(next, link->kill_at);
    if (link->has_unsent()) next = (std::min)(next, now + kUnsentPause);
    if (link->needs_a_look()) next = (std::min)(next, now + kLookPause);
    if (link->keeps_blocks()) {
      // One that is busy is looked at now and then, so that its end need not wake the manager.
      const absl::Duration since = link->has_items() ? now : link->ended_at;
      next = (std::min)(next, since + kKeepBlocks);
    }
  }
  return next;
}

void PoolCore::Await(std::unique_lock<std::mutex>& lock) {
  if (!has_helper_) {
    for (const auto& [worker, link] : links_) link->FallAsleep();
    if (LookAtDesks() || !to_send_.empty()) return;
  }
  port::Port& port = Runtime::Get().port();
  const absl::Duration now = port.Now();
  // What is waited for, and whose it is.
  std::vector<port::Waitable*> objects = {wake_.second.get()};
  std::vector<WorkerId> workers = {0};
  for (const auto& [worker, link] : links_) {
    if (!link->is_silent()) {
      objects.push_back(&link->stream());
      workers.push_back(worker);
    }
    const absl::StatusOr<std::shared_ptr<port::Waitable>> notice = link->notice();
    if (notice.ok()) {
      objects.push_back(notice->get());  // a part of the link's child
      workers.push_back(worker);
    }
    if (link->is_lost()) link->kill_at = (std::min)(link->kill_at, now + kLostGrace);
  }
  manager_sleeps_ = NextDeadline();
  const port::Deadline until = port::Deadline::At(*manager_sleeps_);
  lock.unlock();
  const absl::StatusOr<std::vector<size_t>> ready = port.WaitAny(objects, until);
  lock.lock();
  manager_sleeps_.reset();
  for (const auto& [worker, link] : links_) link->WakeUp();
  lock.unlock();
  if (ready.ok()) {
    for (const size_t place : *ready) {
      if (place != 0) {
        Hear(workers[place]);
        continue;
      }
      std::array<std::byte, 16> news;
      wake_.second->Read(absl::MakeSpan(news), Once()).IgnoreError();
    }
  } else {
    // Time has passed, or the system is short of something: then everybody is asked.
    for (const WorkerId worker : workers) Hear(worker);
  }
  lock.lock();
  LookAtDesks();
}

void PoolCore::Hear(WorkerId worker) {
  const auto found = links_.find(worker);
  if (found == links_.end()) return;
  WorkerLink* const link = found->second.get();
  // First whether it has ended: all that it wrote is there then.
  const absl::StatusOr<ExitStatus> ended = link->Status();
  for (int heard = 0;; ++heard) {
    if (heard == kMostHeard) return;  // the rest is still there, and wakes the manager again
    std::optional<PoolMessage> message = link->Read();
    if (!message.has_value()) break;
    Tell(worker, *link, *std::move(message));
  }
  const std::lock_guard lock(mutex_);
  LookAtDesk(worker, *link);
  if (absl::IsDeadlineExceeded(ended.status())) {
    if (Now() >= link->kill_at) Kill(*link);
    return;
  }
  links_.erase(found);
  scheduler_.Died(worker, ended, Now());
}

void PoolCore::Kill(WorkerLink& link) {
  link.kill_at = Now() + (link.Kill().ok() ? kLostGrace : kKillPause);
}

void PoolCore::Tell(WorkerId worker, WorkerLink& link, PoolMessage message) {
  const std::lock_guard lock(mutex_);
  switch (message.kind) {
    case PoolMessage::Kind::kReady:
      scheduler_.Ready(worker, Now());
      break;
    case PoolMessage::Kind::kInitializerThrew:
      scheduler_.InitializerFailed(
          worker,
          port::Annotate(ToStatus(message, worker, link.pid()),
                         "the pool is broken, since a worker could not be initialized"),
          Now());
      break;
    case PoolMessage::Kind::kRefused:
      if (!link.has_items()) break;  // it makes things up
      link.TakeBack();
      link.ended_at = Now();
      scheduler_.Refused(worker, ToStatus(message, worker, link.pid()), Now());
      break;
    case PoolMessage::Kind::kResult: {
      LookAtDesk(worker, link);
      if (!link.has_items()) break;
      link.TakenFromStream(message);
      link.ended_at = Now();
      const bool leaves = (message.flags & PoolMessage::kIsFull) != 0;
      TaskOutcome outcome = ToOutcome(std::move(message), worker, link.pid());
      scheduler_.Ended(worker, absl::MakeSpan(&outcome, 1), leaves, Now());
      break;
    }
    default:
      break;
  }
  // At once: others may have to wait for a while.
  Act();
}

bool PoolCore::LookAtDesk(WorkerId worker, WorkerLink& link) {
  const absl::Duration now = Now();
  outcomes_.clear();  // another worker's, if telling them threw
  bool any = false;
  const auto tell = [&](bool leaves) {
    link.ClearDesk();
    scheduler_.Ended(worker, absl::MakeSpan(outcomes_), leaves, now);
    outcomes_.clear();
  };
  while (std::optional<DeskOfPool::Result> result = link.TakeFromDesk()) {
    any = true;
    const bool leaves = (result->flags & PoolMessage::kIsFull) != 0;
    outcomes_.push_back(ToOutcome(*std::move(result), worker, link.pid()));
    if (leaves || outcomes_.size() == kMostTaken) tell(leaves);
  }
  if (!outcomes_.empty()) tell(/*leaves=*/false);
  if (any) link.ended_at = now;
  if (any && gave_up_.has_value()) {
    const absl::Duration late = now - *std::exchange(gave_up_, std::nullopt);
    spin_.Learn(late < absl::Nanoseconds(SpinTime::kLongest));
  }
  if (link.TakeBegun()) scheduler_.Begun(worker, now);
  if (link.desk_is_broken()) Kill(link);
  return any;
}

bool PoolCore::LookAtDesks() {
  bool has_news = false;
  bool any = false;
  for (const auto& [worker, link] : links_) {
    if (!link->has_news()) continue;
    has_news = true;
    any |= LookAtDesk(worker, *link);
  }
  // Also for what has just begun: it may have a deadline, of which the manager must know.
  if (has_news) Act();
  return any;
}

absl::Duration PoolCore::Help(absl::Duration timeout, absl::FunctionRef<bool()> is_done) {
  if (processors_ < 2 || timeout <= absl::ZeroDuration() || is_done()) return timeout;
  port::Port& port = Runtime::Get().port();
  const port::Deadline deadline = Runtime::Get().DeadlineAfter(timeout);
  {
    const std::lock_guard lock(mutex_);
    if (has_helper_) return timeout;
    has_helper_ = true;
    for (const auto& [worker, link] : links_) link->WakeUp();
  }
  // While workers have chunks of several items, not after each of them: to look takes the memory
  // away from who writes it.
  int pause = 1;
  int paused = 0;
  const auto look = [&] {
    if (is_done()) return true;
    if (++paused < pause) return false;
    paused = 0;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    const bool any = LookAtDesks();
    pause = std::any_of(links_.begin(), links_.end(),
                        [](const auto& entry) { return entry.second->needs_a_look(); })
                ? kLongPause
                : 1;
    return any;
  };
  bool goes_well = true;
  try {
    while (goes_well && !is_done() && !deadline.Expired(port.Now())) {
      goes_well = spin_.Look(port, look);
      if (goes_well) spin_.Learn(true);
    }
  } catch (...) {
    // Of want of memory, or since the thread is cancelled. The manager does what is left to do.
    const std::lock_guard lock(mutex_);
    has_helper_ = false;
    Wake();
    throw;
  }
  {
    const std::lock_guard lock(mutex_);
    has_helper_ = false;
    if (!goes_well) gave_up_ = port.Now();
    if (manager_sleeps_.has_value()) {
      // In place of the manager, which has fallen asleep meanwhile.
      for (const auto& [worker, link] : links_) link->FallAsleep();
      LookAtDesks();
    }
  }
  return deadline.Remaining(port.Now());
}

// ---- the starter --------------------------------------------------------------------------------

void PoolCore::StartWorkers() {
  while (true) {
    WorkerId worker = 0;
    bool is_wanted = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return over_ || !to_start_.empty(); });
      if (over_) return;
      worker = to_start_.front();
      to_start_.pop_front();
      is_wanted = scheduler_.IsWanted(worker);
    }
    absl::StatusOr<std::unique_ptr<WorkerLink>> link =
        absl::CancelledError("the pool was terminated");
    if (is_wanted) link = StartWorkerProcess(worker, options_);
    const std::lock_guard lock(mutex_);
    ++starts_done_;
    if (!link.ok() && !first_start_failure_.has_value()) first_start_failure_ = link.status();
    started_.push_back(NewWorker{worker, std::move(link)});
    Wake();
    changed_.notify_all();
  }
}

// ---- callbacks ----------------------------------------------------------------------------------

void PoolCore::CallLater(std::shared_ptr<CallState> call) {
  const std::lock_guard lock(calls_mutex_);
  calls_.push_back(std::move(call));
  calls_changed_.notify_all();
}

void PoolCore::RunCallbacks() {
  callback_thread_ = std::this_thread::get_id();
  while (true) {
    std::shared_ptr<CallState> call;
    {
      std::unique_lock lock(calls_mutex_);
      calls_changed_.wait(lock, [this] { return no_more_calls_ || !calls_.empty(); });
      if (calls_.empty()) break;
      call = std::move(calls_.front());
      calls_.pop_front();
    }
    call->CallBack();
  }
  // Another thread may get its id.
  callback_thread_ = std::thread::id();
}

}  // namespace isoproc::internal
