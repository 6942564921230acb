#include "platform/core/pool/pool_core.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
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
// What did not fit into a stream, or for which there was no memory, is tried again after this time.
constexpr absl::Duration kUnsentPause = absl::Milliseconds(1);
// How long a result may lie on a desk while its worker is busy with the next item; and how long
// desks and large items may keep the manager from streams.
constexpr absl::Duration kLookPause = absl::Milliseconds(5);
// How long blocks are kept by a worker that has no items.
constexpr absl::Duration kKeepBlocks = absl::Seconds(1);
// How often who helps does nothing before it looks at the desks again: some 5 microseconds.
constexpr int kLongPause = 128;
// Results that are taken from a desk at once.
constexpr size_t kMostTaken = 256;

// Without memory there is nothing to wait for but time.
void AwaitMemory() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

template <class Result>
TaskOutcome OutcomeOf(Result&& result, WorkerId worker, int64_t pid) noexcept {
  try {
    return ToOutcome(std::forward<Result>(result), worker, pid);
  } catch (const std::bad_alloc&) {
    TaskOutcome outcome;
    outcome.status = NoMemory();
    return outcome;
  }
}

// What a worker says may be so long that there is never memory for it.
absl::Status StatusOf(const PoolMessage& message, WorkerId worker, int64_t pid) noexcept {
  try {
    return ToStatus(message, worker, pid);
  } catch (const std::bad_alloc&) {
    return NoMemory();
  }
}

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
      scheduler_(rules) {
  outcomes_.reserve(kMostTaken);
}

absl::StatusOr<std::shared_ptr<PoolCore>> PoolCore::Create(const PoolOptions& options) {
  NoMemory();  // made while there is memory
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
  try {
    Remember(pool);
    if (options.on_demand) return pool;
    std::unique_lock lock(pool->mutex_);
    pool->changed_.wait(lock, [&] {
      return pool->first_start_failure_.has_value() ||
             pool->starts_done_ >= static_cast<size_t>(rules->processes);
    });
    if (!pool->first_start_failure_.has_value()) return pool;
    status = *pool->first_start_failure_;
  } catch (const std::bad_alloc&) {
    status = NoMemory();
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
    try {
      status = Runtime::Get().port().StartThread([self = shared_from_this(), run] {
        ((*self).*run)();
        const std::lock_guard lock(self->mutex_);
        --self->threads_;
        self->changed_.notify_all();
      });
    } catch (const std::bad_alloc&) {
      status = NoMemory();
    }
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
  absl::StatusOr<JobId> job = NoMemory();
  try {
    job = scheduler_.Submit(std::move(request), Now());
  } catch (const std::bad_alloc&) {
    return job;
  }
  Act();
  return job;
}

absl::Status PoolCore::Append(JobId job, Batches items) {
  const std::lock_guard lock(mutex_);
  absl::Status status = NoMemory();
  try {
    status = scheduler_.Append(job, std::move(items), Now());
  } catch (const std::bad_alloc&) {
    return status;
  }
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
  try {
    const absl::Status woken = wake_.first->Write(kNews, Once()).status();
    // Who could not wake it leaves that to the next one. What is full holds news already.
    if (woken.ok() || absl::IsDeadlineExceeded(woken)) manager_sleeps_.reset();
  } catch (const std::bad_alloc&) {
    // It could not wake it, nor say why.
  }
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
  bool is_over = false;
  while (!is_over) {
    try {
      is_over = TakeTurn(lock);
    } catch (const std::bad_alloc&) {
      // What it did not come to is where it was.
      if (lock.owns_lock()) lock.unlock();
      AwaitMemory();
      lock.lock();
      manager_sleeps_.reset();
    }
  }
}

bool PoolCore::TakeTurn(std::unique_lock<std::mutex>& lock) {
  lacks_memory_ = false;
  TakeNewWorkers();
  scheduler_.Tick(Now());
  Act();
  if (scheduler_.finished()) {
    End(lock);
    return true;
  }
  for (const auto& [worker, link] : links_) {
    link->Flush();
    if (!link->has_items() && link->keeps_blocks() && link->ended_at + kKeepBlocks <= Now()) {
      link->LetGoOfBlocks();
      if (link->keeps_blocks()) link->ended_at = Now();  // it lacked memory: not again at once
    }
  }
  if (to_send_.empty() || heard_at_ + kLookPause <= Now()) {
    Await(lock);
  } else {
    SendLarge(lock);
  }
  return false;
}

void PoolCore::TakeNewWorkers() {
  for (; !started_.empty(); started_.erase(started_.begin())) {
    NewWorker& entry = started_.front();
    if (!entry.link.ok()) {
      scheduler_.StartFailed(entry.worker, entry.link.status(), Now());
      continue;
    }
    // Null: it is there already, and the scheduler had no memory for it.
    if (*entry.link != nullptr) links_.try_emplace(entry.worker, *std::move(entry.link));
    scheduler_.Started(entry.worker, links_.at(entry.worker)->pid(), Now());
  }
}

void PoolCore::Act() {
  try {
    while (true) {
      while (done_ < commands_.size()) {
        WorkerLink* const told = Execute(commands_[done_]);
        // Before it is told: the thread may be cancelled there, and must not give items twice.
        ++done_;
        if (told != nullptr) told->Flush();
      }
      commands_ = scheduler_.TakeCommands();
      done_ = 0;
      if (commands_.empty()) break;
    }
  } catch (const std::bad_alloc&) {
    lacks_memory_ = true;
  }
  WakeInTime();
}

WorkerLink* PoolCore::Execute(const Command& command) {
  if (const auto* start = std::get_if<StartWorker>(&command)) {
    to_start_.push_back(start->worker);
    changed_.notify_all();
  } else if (const auto* items = std::get_if<SendItems>(&command)) {
    WorkerLink* const link = Find(items->worker);
    if (link == nullptr) return nullptr;
    if (link->IsQuick(*items)) {
      const absl::StatusOr<ChunkNote> chunk = link->Prepare(*items);
      if (chunk.ok()) {
        link->Give(*items, *chunk);
        return link;
      }
    }
    to_send_.push_back(*items);
  } else if (const auto* dismiss = std::get_if<DismissWorker>(&command)) {
    if (WorkerLink* const link = Find(dismiss->worker)) link->Dismiss();
  } else if (const auto* kill = std::get_if<KillWorker>(&command)) {
    if (WorkerLink* const link = Find(kill->worker)) Kill(*link);
  }
  return nullptr;
}

void PoolCore::SendLarge(std::unique_lock<std::mutex>& lock) {
  // Others may add some meanwhile, which does not move those that are there.
  for (size_t left = to_send_.size(); left > 0; --left, to_send_.pop_front()) {
    const SendItems& items = to_send_.front();
    WorkerLink* const link = Find(items.worker);
    if (link == nullptr) continue;
    lock.unlock();
    const absl::StatusOr<ChunkNote> chunk = link->Prepare(items);
    lock.lock();
    if (chunk.ok()) {
      link->Give(items, *chunk);
      link->Flush();
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
  if (lacks_memory_) next = (std::min)(next, now + kUnsentPause);
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
  bool is_busy = false;
  if (!has_helper_) {
    for (const auto& [worker, link] : links_) link->FallAsleep();
    is_busy = LookAtDesks();
  }
  is_busy |= !to_send_.empty();
  port::Port& port = Runtime::Get().port();
  const absl::Duration now = port.Now();
  // Desks that are never empty must not keep it from streams and deaths for ever.
  if (is_busy && now < heard_at_ + kLookPause) return;
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
  manager_sleeps_ = is_busy ? now : NextDeadline();
  const port::Deadline until = port::Deadline::At(*manager_sleeps_);
  lock.unlock();
  const absl::StatusOr<std::vector<size_t>> ready = port.WaitAny(objects, until);
  lock.lock();
  heard_at_ = port.Now();
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
    for (bool is_told = false; !is_told;) {
      try {
        Tell(worker, *link, *message);
        is_told = true;
      } catch (const std::bad_alloc&) {
        AwaitMemory();
      }
    }
  }
  const std::lock_guard lock(mutex_);
  LookAtDesk(worker, *link);
  if (absl::IsDeadlineExceeded(ended.status())) {
    if (Now() >= link->kill_at) Kill(*link);
    return;
  }
  scheduler_.Died(worker, ended, Now());
  links_.erase(found);
}

void PoolCore::Kill(WorkerLink& link) {
  link.kill_at = Now() + kKillPause;  // if there is no memory even for that
  link.kill_at = Now() + (link.Kill().ok() ? kLostGrace : kKillPause);
}

void PoolCore::Tell(WorkerId worker, WorkerLink& link, PoolMessage& message) {
  const std::lock_guard lock(mutex_);
  switch (message.kind) {
    case PoolMessage::Kind::kReady:
      scheduler_.Ready(worker, Now());
      break;
    case PoolMessage::Kind::kInitializerThrew:
      scheduler_.InitializerFailed(
          worker,
          port::Annotate(StatusOf(message, worker, link.pid()),
                         "the pool is broken, since a worker could not be initialized"),
          Now());
      break;
    case PoolMessage::Kind::kRefused:
      if (!link.has_items()) break;  // it makes things up
      LookAtDesk(worker, link);
      if (!link.may_refuse()) {
        // It has begun some of it. What it did to those nobody can say, but that it ended so.
        Kill(link);
        break;
      }
      scheduler_.Refused(worker, StatusOf(message, worker, link.pid()), Now());
      link.TakeBack();
      link.ended_at = Now();
      break;
    case PoolMessage::Kind::kResult: {
      LookAtDesk(worker, link);
      if (!link.has_items()) break;
      link.TakenFromStream(message);
      link.ended_at = Now();
      outcomes_of_ = worker;
      outcomes_leave_ = (message.flags & PoolMessage::kIsFull) != 0;
      outcomes_.push_back(OutcomeOf(std::move(message), worker, link.pid()));
      try {
        TellOutcomes();
      } catch (const std::bad_alloc&) {
        lacks_memory_ = true;  // the message was taken
      }
      break;
    }
    default:
      break;
  }
  // At once: others may have to wait for a while.
  Act();
}

void PoolCore::TellOutcomes() {
  if (outcomes_.empty()) return;
  scheduler_.Ended(outcomes_of_, absl::MakeSpan(outcomes_), outcomes_leave_, Now());
  outcomes_.clear();
}

bool PoolCore::LookAtDesk(WorkerId worker, WorkerLink& link) {
  TellOutcomes();  // of whichever worker, if there was no memory for it
  const absl::Duration now = Now();
  bool any = false;
  const auto tell = [&] {
    link.ClearDesk();
    TellOutcomes();
  };
  outcomes_of_ = worker;
  outcomes_leave_ = false;
  while (std::optional<DeskOfPool::Result> result = link.TakeFromDesk()) {
    any = true;
    outcomes_leave_ = (result->flags & PoolMessage::kIsFull) != 0;
    outcomes_.push_back(OutcomeOf(*std::move(result), worker, link.pid()));
    if (outcomes_leave_ || outcomes_.size() == kMostTaken) tell();
  }
  if (!outcomes_.empty()) tell();
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
  try {
    for (const auto& [worker, link] : links_) {
      if (outcomes_.empty() && !link->has_news()) continue;
      has_news = true;
      any |= LookAtDesk(worker, *link);
    }
  } catch (const std::bad_alloc&) {
    lacks_memory_ = true;
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
    // Since the thread is cancelled. The manager does what is left to do.
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
    absl::StatusOr<std::unique_ptr<WorkerLink>> link = NoMemory();
    try {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return over_ || !to_start_.empty(); });
        if (over_) return;
        started_.reserve(started_.size() + 1);  // before there is a worker that needs the place
        worker = to_start_.front();
        to_start_.pop_front();
        is_wanted = scheduler_.IsWanted(worker);
      }
      link = is_wanted ? StartWorkerProcess(worker, options_)
                       : absl::CancelledError("the pool was terminated");
    } catch (const std::bad_alloc&) {
      if (worker == 0) {
        AwaitMemory();
        continue;
      }
    }
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
    for (bool is_over = false; !is_over;) {
      try {
        call->CallBack();
        is_over = true;
      } catch (const std::bad_alloc&) {
        AwaitMemory();
      }
    }
  }
  // Another thread may get its id.
  callback_thread_ = std::thread::id();
}

}  // namespace isoproc::internal
