// Pools: their making, their options and their end.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "conformance/api/pool_support.h"
#include "conformance/api/process_support.h"
#include "conformance/api/replaced_port.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/port/support.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/codec.h"
#include "isoproc/pool.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "platform/port/port.h"
#include "platform/testing/fault_port.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<ProcessInfo> Workers() {
  std::vector<ProcessInfo> workers;
  for (const ProcessInfo& child : ActiveChildren()) {
    if (child.name().rfind("PoolWorker-", 0) == 0) workers.push_back(child);
  }
  return workers;
}

ISOPROC_CASE(Pool, POOL_01, HasAWorkerForEachProcessor) {
  EXPECT_EQ(PoolOptions().processes, UsableCpuCount());
  ASSERT_OK_AND_ASSIGN(const Pool pool, Pool::Create({.on_demand = true}));
  EXPECT_EQ(pool.ToString(), absl::StrCat("pool of ", UsableCpuCount(), ", running"));
}

ISOPROC_CASE(Pool, POOL_02, WantsAtLeastOneWorker) {
  EXPECT_CODE(Pool::Create({.processes = 0}), kInvalidArgument);
  EXPECT_CODE(Pool::Create({.processes = -1}), kInvalidArgument);
}

ISOPROC_CASE(Pool, POOL_03, WorkersAreThereWithThePool) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  std::set<std::string> names;
  for (const ProcessInfo& worker : Workers()) names.insert(worker.name());
  EXPECT_THAT(names, ElementsAre("PoolWorker-1", "PoolWorker-2"));
}

ISOPROC_CASE(Pool, POOL_04, FailedStartLeavesNothing) {
  PoolOptions options = {.processes = 3};
  options.process.working_directory = "no such directory";
  const absl::Status status = Pool::Create(options).status();
  EXPECT_CODE(status, kNotFound);
  EXPECT_TRUE(Workers().empty());
  Observe("code", status);
}

ISOPROC_CASE(Pool, POOL_04_2, NoneIsLeftIfSomeStartAndOneDoesNot) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  for (int n = 2; n <= 3; ++n) {
    port.FailCall(n, absl::ResourceExhaustedError("injected"), port::FaultPlan::Repeat::kOnce,
                  "Spawn");
    EXPECT_CODE(MakePool(3), kResourceExhausted);
    EXPECT_TRUE(port.fired());
    EXPECT_TRUE(Workers().empty());
  }
}

// More than there are objects that one system waits for at once. Too many workers are accepted, and
// then nothing goes on.
ISOPROC_CASE(Pool, POOL_05, Complaint12ManyWorkers) {
  const int count = TestPort().capabilities().profile == "win32" ? 40 : 100;
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(count));
  std::vector<int> numbers(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) numbers[static_cast<size_t>(i)] = i;
  ASSERT_OK_AND_ASSIGN(const std::vector<int> squares, pool.Map<Square>(numbers));
  EXPECT_EQ(squares.back(), (count - 1) * (count - 1));
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
}

int state_of_worker = 0;
void SetState(int value) { state_of_worker = value; }
int AddToState(int more) { return state_of_worker += more; }

ISOPROC_CASE(Pool, POOL_06, InitializerRunsOnceInEachWorker) {
  ASSERT_OK_AND_ASSIGN(Pool pool,
                       Pool::Create({.processes = 1, .initializer = Hook<SetState>(40)}));
  EXPECT_EQ(pool.Apply<AddToState>(1).value_or(0), 41);
  EXPECT_EQ(pool.Apply<AddToState>(1).value_or(0), 42);
  EXPECT_CODE(pool.Apply<End>(Ending::kExitAtOnce), kAborted);
  EXPECT_EQ(pool.Apply<AddToState>(1).value_or(0), 41) << "the one that took its place";
}
ISOPROC_CASE(Pool, POOL_06_2, ArgumentsOfHooksFit) {
  EXPECT_CODE(Pool::Create({.processes = 1, .initializer = Hook<SetState>(1e10)}),
              kInvalidArgument);
}

void Refuse() { throw std::runtime_error("no licence"); }

// A failing initializer starts workers for ever.
ISOPROC_CASE(Pool, POOL_07, Complaint09ThrowingInitializerBreaksThePoolOnce) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 2, .initializer = Hook<Refuse>()}));
  const absl::Status status = pool.Apply<Square>(1).status();
  EXPECT_CODE(status, kUnknown);
  EXPECT_EQ(RemoteErrorOf(status).value_or(RemoteError()).what, "no licence");
  EXPECT_EQ(pool.ApplyAsync<Square>(1).status(), status) << "it stays so";
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_LE(pool.Statistics().size(), 2u);
  Observe("code", status);
}
int RefuseLater(const Value<int>& calls) {
  if (calls.FetchAdd(1).value_or(0) > 0) throw std::runtime_error("no second licence");
  return 0;
}
ISOPROC_CASE(Pool, POOL_07_3, InitializerOfAReplacementBreaksThePoolToo) {
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  ASSERT_OK_AND_ASSIGN(Pool pool,
                       Pool::Create({.processes = 1, .initializer = Hook<RefuseLater>(calls)}));
  EXPECT_CODE(pool.Apply<End>(Ending::kExitAtOnce), kAborted);
  const absl::Status status = pool.Apply<Square>(1).status();
  EXPECT_EQ(RemoteErrorOf(status).value_or(RemoteError()).what, "no second licence");
  EXPECT_OK(pool.Join(GetEnvironment().patience));
}
// Each process dies before it is ready.
ISOPROC_CASE(Pool, POOL_07_2, CrashLoopBreaksThePool) {
  ASSERT_OK_AND_ASSIGN(Pool pool,
                       Pool::Create({.processes = 1, .initializer = Hook<End>(Ending::kAbort)}));
  const absl::Status status = pool.Apply<Square>(1).status();
  EXPECT_EQ(DeathOf(status), "ABORTED: signalled 6 (SIGABRT)");
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_EQ(pool.Statistics().size(), 3u);
  Observe("death", DeathOf(status));
}

ISOPROC_CASE(Pool, POOL_08, LifeOfAWorkerHasATask) {
  EXPECT_CODE(Pool::Create({.processes = 1, .max_tasks_per_child = 0}), kInvalidArgument);
  EXPECT_CODE(Pool::Create({.processes = 1, .max_tasks_per_child = -1}), kInvalidArgument);
}

int64_t PidForItem(int) { return PidOfWorker(); }

// Chunks are counted, and not items.
ISOPROC_CASE(Pool, POOL_09, Complaint11WorkerEndsAfterItsTasks) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1, .max_tasks_per_child = 2}));
  ASSERT_OK_AND_ASSIGN(const std::vector<int64_t> pids,
                       pool.Map<PidForItem>(std::vector<int>(6), {.chunk_size = 3}));
  std::map<int64_t, int> tasks;
  for (const int64_t pid : pids) ++tasks[pid];
  EXPECT_EQ(tasks.size(), 3u);
  for (const auto& [pid, count] : tasks) EXPECT_EQ(count, 2) << pid;
}

std::vector<std::vector<uint32_t>> leak;
// Uses some memory and keeps it.
int64_t Leak(int mebibytes) {
  leak.emplace_back((static_cast<size_t>(mebibytes) << 20) / sizeof(uint32_t));
  std::iota(leak.back().begin(), leak.back().end(), 1U);
  return PidOfWorker();
}

ISOPROC_CASE(Pool, POOL_79, WorkerThatGrowsIsReplaced) {
  EXPECT_CODE(Pool::Create({.processes = 1, .max_memory_per_child = 0}), kInvalidArgument);
  constexpr int64_t kLimit = int64_t{512} << 20;
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1, .max_memory_per_child = kLimit}));
  ASSERT_OK_AND_ASSIGN(const std::vector<int64_t> pids,
                       pool.Map<Leak>(std::vector<int>{1, 1, 600, 1, 1}, {.chunk_size = 5}));
  EXPECT_EQ(pids[0], pids[2]) << "below the limit it stays";
  EXPECT_NE(pids[2], pids[3]) << "others do the rest of its chunk";
  EXPECT_EQ(pids[3], pids[4]);
  EXPECT_EQ(pool.Apply<PidOfWorker>().value_or(0), pids[4]);
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_EQ(pool.Statistics().size(), 2u);
}

// What this process has had is nothing to its workers, though some systems begin with it.
int OwnMuch() {
  leak.emplace_back(150U << 20, 1U);  // 600 MiB
  absl::StatusOr<Pool> pool =
      Pool::Create({.processes = 1, .max_memory_per_child = int64_t{512} << 20});
  if (!pool.ok()) return 100;
  for (int i = 0; i < 3; ++i) pool->Apply<Leak>(1).IgnoreError();
  return static_cast<int>(pool->Statistics().size());
}
ISOPROC_CASE(Pool, POOL_79_2, MemoryOfTheOwnerIsNotThatOfTheWorker) {
  EXPECT_EQ(EndOf(Process::Start<OwnMuch>(Killable())), "exited 1");
}

// Workers that end after a task, and those which take their place, lock each other.
ISOPROC_CASE(Pool, POOL_10, Complaint18ShortLivedWorkersFinishAll) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 2, .max_tasks_per_child = 1}));
  ASSERT_OK_AND_ASSIGN(const auto result, pool.MapAsync<Square>(std::vector<int>{1, 2, 3, 4, 5}));
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_TRUE(result.Ready());
  ASSERT_OK_AND_ASSIGN(const std::vector<int> squares, result.Get());
  EXPECT_THAT(squares, ElementsAre(1, 4, 9, 16, 25));
}

ISOPROC_CASE(Pool, POOL_47, ClosedPoolFinishesWhatItHas) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto first, pool.ApplyAsync<Hold>(begun, go, 1));
  ASSERT_OK_AND_ASSIGN(const auto second, pool.ApplyAsync<Square>(2));
  pool.Close();
  pool.Close();
  const absl::Status refused = pool.ApplyAsync<Square>(3).status();
  EXPECT_CODE(refused, kFailedPrecondition);
  EXPECT_CODE(pool.Join(absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_OK(go.Set());
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_OK(pool.Join(absl::ZeroDuration()));
  EXPECT_EQ(first.Get(absl::ZeroDuration()).value_or(0), 1);
  EXPECT_EQ(second.Get(absl::ZeroDuration()).value_or(0), 4);
  EXPECT_TRUE(Workers().empty());
  pool.Terminate();
  Observe("refused", refused);
}

// Terminate hangs.
ISOPROC_CASE(Pool, POOL_48, Complaint03TerminateKillsWorkers) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK(pool.ApplyAsync<Hang>(begun));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  const std::vector<ProcessInfo> workers = Workers();
  EXPECT_EQ(workers.size(), 2u);
  pool.Terminate();
  for (const ProcessInfo& worker : workers) EXPECT_FALSE(worker.IsAlive());
  pool.Terminate();
  pool.Close();
  EXPECT_OK(pool.Join());
  EXPECT_CODE(pool.ApplyAsync<Square>(1), kFailedPrecondition);
}

ISOPROC_CASE(Pool, POOL_49, TerminateCancelsWhatIsOutstanding) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto running, pool.ApplyAsync<Hang>(begun));
  ASSERT_OK_AND_ASSIGN(const auto waiting, pool.MapAsync<Square>(std::vector<int>{1, 2}));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  std::thread getter([&] { EXPECT_CODE(waiting.Get(), kCancelled); });
  pool.Terminate();
  getter.join();
  EXPECT_CODE(running.Get(absl::ZeroDuration()), kCancelled);
}

// Waiting for the end of a pool cannot be limited.
ISOPROC_CASE(Pool, POOL_50, Complaint22JoinWantsAClosedPool) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_CODE(pool.Join(), kFailedPrecondition);
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK(pool.ApplyAsync<Hold>(begun, go, 1));
  pool.Close();
  EXPECT_CODE(pool.Join(absl::Milliseconds(1)), kDeadlineExceeded);
  EXPECT_OK(go.Set());
  EXPECT_OK(pool.Join(GetEnvironment().patience));
}

ISOPROC_CASE(Pool, POOL_51, DestructorFinishesAll) {
  AsyncResult<int> result;
  {
    ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
    ASSERT_OK_AND_ASSIGN(result, pool.ApplyAsync<Square>(5));
  }
  EXPECT_EQ(result.Get(absl::ZeroDuration()).value_or(0), 25);
  EXPECT_TRUE(Workers().empty());
}
ISOPROC_CASE(Pool, POOL_51_2, DestructorTerminatesWhenUnwinding) {
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  AsyncResult<int> result;
  try {
    ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
    ASSERT_OK_AND_ASSIGN(result, pool.ApplyAsync<Hang>(begun));
    throw std::runtime_error("something else");
  } catch (const std::runtime_error&) {
  }
  EXPECT_CODE(result.Get(absl::ZeroDuration()), kCancelled);
}

ISOPROC_CASE(Pool, POOL_54, MovesAndDoesNotTravel) {
  static_assert(!kTravels<Pool> && !std::is_copy_constructible_v<Pool>);
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  Pool other = std::move(pool);
  EXPECT_EQ(other.Apply<Square>(3).value_or(0), 9);
  EXPECT_CODE(pool.Apply<Square>(3), kFailedPrecondition);  // NOLINT(bugprone-use-after-move)
  EXPECT_CODE(pool.Map<Square>(std::vector<int>{1}), kFailedPrecondition);
  EXPECT_CODE(pool.IMap<Square>(std::vector<int>{1}), kFailedPrecondition);
  EXPECT_CODE(pool.Join(), kFailedPrecondition);
  pool.Close();
  pool.Terminate();
  EXPECT_TRUE(pool.Statistics().empty());
  EXPECT_EQ(pool.ToString(), "no pool");
}

ISOPROC_CASE_WITH(Pool, POOL_55, BelongsToItsProcess, "foreign_fork") {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const int code = system_support::RunInFork([&pool] {
    const bool refused = CodeOf(pool.Apply<Square>(3)) == absl::StatusCode::kFailedPrecondition &&
                         CodeOf(pool.Join()) == absl::StatusCode::kFailedPrecondition;
    { const Pool inherited = std::move(pool); }
    return refused ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(pool.Apply<Square>(3).value_or(0), 9);
}

// What other threads do for a result, they do not do in a fork.
ISOPROC_CASE_WITH(Pool, POOL_55_2, ResultsBelongToTheirProcess, "foreign_fork") {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Hold>(begun, go, 1));
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<Square>(std::vector<int>{1, 2}));
  CompletionOrder order(std::vector<AsyncResult<int>>{result});
  const int code = system_support::RunInFork([&] {
    constexpr absl::StatusCode kRefused = absl::StatusCode::kFailedPrecondition;
    if (!result.Ready() || CodeOf(result.Wait()) != kRefused) return 1;
    if (CodeOf(result.Get()) != kRefused || result.CancelRunning() != 0) return 2;
    if (WaitAny(std::vector<AsyncResult<int>>{result}).value_or(std::vector<size_t>()).empty()) {
      return 3;
    }
    if (order.Next().has_value()) return 4;
    if (CodeOf(stream.Wait()) != kRefused) return 5;
    const auto next = stream.Next();
    if (!next.has_value() || CodeOf(*next) != kRefused || stream.Next().has_value()) return 6;
    return pool.ToString() == "no pool" ? 0 : 7;
  });
  EXPECT_EQ(code, 0);
  EXPECT_OK(go.Set());
  EXPECT_EQ(result.Get().value_or(0), 1);
  EXPECT_EQ(order.Next(), size_t{0});
}

// How many pools can be made, one below the other, up to `most`.
int NestPools(int most) {
  if (most == 0) return 0;
  absl::StatusOr<Pool> pool = MakePool(1);
  if (!pool.ok()) return absl::IsFailedPrecondition(pool.status()) ? 0 : -100;
  const absl::StatusOr<int> below = pool->Apply<NestPools>(most - 1);
  return below.ok() ? *below + 1 : -1000;
}
ISOPROC_CASE(Pool, POOL_56, PoolsNest) {
  EXPECT_EQ(NestPools(2), 2);
  EXPECT_EQ(NestPools(20), 10);
}

ISOPROC_CASE(Pool, POOL_60, HasAText) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_EQ(pool.ToString(), "pool of 1, running");
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK(pool.ApplyAsync<Hold>(begun, go, 1));
  pool.Close();
  EXPECT_EQ(pool.ToString(), "pool of 1, closed");
  EXPECT_OK(go.Set());
  EXPECT_OK(pool.Join());
  EXPECT_EQ(pool.ToString(), "pool of 1, ended");
}

ISOPROC_CASE(Pool, POOL_61, ManyThreadsSubmit) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&pool, thread] {
      for (int i = 0; i < 25; ++i) {
        const int number = thread * 100 + i;
        EXPECT_EQ(pool.Apply<Square>(number).value_or(-1), number * number);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void Count(const Value<int>& count) { count.FetchAdd(1).IgnoreError(); }

ISOPROC_CASE(Pool, POOL_63, ExitHookRunsInWorkersThatEndByThemselves) {
  ASSERT_OK_AND_ASSIGN(const auto count, Value<int>::Create(0));
  {
    ASSERT_OK_AND_ASSIGN(Pool pool,
                         Pool::Create({.processes = 2, .exit_hook = Hook<Count>(count)}));
    EXPECT_CODE(pool.Apply<End>(Ending::kExitAtOnce), kAborted);
    // Those that live when it is closed, be they ready or not.
    pool.Close();
    EXPECT_OK(pool.Join(GetEnvironment().patience));
    EXPECT_EQ(pool.Statistics().size() - 1, static_cast<size_t>(count.Load().value_or(0)));
  }
  EXPECT_GE(count.Load().value_or(0), 1);
}

void CountAndThrow(const Value<int>& count) {
  Count(count);
  throw std::runtime_error("the hook");
}
// However it comes that they end, and whatever the hook does.
ISOPROC_CASE(Pool, POOL_63_2, ExitHookRunsInWorkersThatAreReplaced) {
  ASSERT_OK_AND_ASSIGN(const auto count, Value<int>::Create(0));
  PoolOptions options = {
      .processes = 1, .exit_hook = Hook<CountAndThrow>(count), .max_tasks_per_child = 1};
  options.process.standard_error = StandardStream::Null();
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create(options));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.Apply<Square>(i).value_or(-1), i * i);
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_GE(count.Load().value_or(0), 3);
}
ISOPROC_CASE(Pool, POOL_63_3, ExitHookRunsInWorkersThatAreIdle) {
  ASSERT_OK_AND_ASSIGN(const auto count, Value<int>::Create(0));
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1,
                                                .exit_hook = Hook<Count>(count),
                                                .idle_timeout = absl::Milliseconds(1)}));
  for (const ProcessInfo& worker : Workers()) EXPECT_OK(worker.Join(GetEnvironment().patience));
  EXPECT_EQ(count.Load().value_or(0), 1);
}

ISOPROC_CASE(Pool, POOL_64, WorkersStartOnDemand) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 4, .on_demand = true}));
  EXPECT_TRUE(Workers().empty());
  ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
  EXPECT_NE(pid, CurrentProcess().pid());
  EXPECT_EQ(pool.Statistics().size(), 1u);
}

ISOPROC_CASE(Pool, POOL_65, IdleWorkersEndAndComeBack) {
  ASSERT_OK_AND_ASSIGN(Pool pool,
                       Pool::Create({.processes = 2, .idle_timeout = absl::Milliseconds(1)}));
  for (const ProcessInfo& worker : Workers()) EXPECT_OK(worker.Join(GetEnvironment().patience));
  EXPECT_EQ(pool.Apply<Square>(4).value_or(0), 16);
  EXPECT_GE(pool.Statistics().size(), 3u);
}

ISOPROC_CASE(Pool, POOL_65_2, WorkersWithoutPatienceEndAndComeBack) {
  ASSERT_OK_AND_ASSIGN(Pool pool,
                       Pool::Create({.processes = 2, .idle_timeout = absl::ZeroDuration()}));
  for (const ProcessInfo& worker : Workers()) EXPECT_OK(worker.Join(GetEnvironment().patience));
  EXPECT_EQ(pool.Apply<Square>(4).value_or(0), 16);
  EXPECT_THAT(pool.Map<Square>(std::vector<int>{1, 2, 3}).value_or(std::vector<int>{}),
              ElementsAre(1, 4, 9));
}
ISOPROC_CASE(Pool, POOL_65_3, NobodyIsIdleForLessThanNoTime) {
  for (const absl::Duration negative : {-absl::Nanoseconds(1), -absl::InfiniteDuration()}) {
    EXPECT_CODE(Pool::Create({.processes = 1, .idle_timeout = negative}), kInvalidArgument);
  }
}

ISOPROC_CASE(Pool, POOL_69, WorkerKnowsItsNumber) {
  EXPECT_EQ(WorkerNumber(), std::nullopt);
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_EQ(pool.Apply([] { return WorkerNumber().value_or(0); }).value_or(0), 1);
  EXPECT_EQ(pool.Apply([] { return CurrentProcess().name(); }).value_or(""), "PoolWorker-1");
}

// Says "ready" with two workers that never end by themselves, and does as it is told.
void OwnAPool(bool interrupt) {
  absl::StatusOr<Pool> pool = MakePool(2);
  const absl::StatusOr<Event> begun = Event::Create();
  if (!pool.ok() || !begun.ok()) std::_Exit(100);
  pool->ApplyAsync<Hang>(*begun).IgnoreError();
  begun->Wait().IgnoreError();
  Say("ready");
  // As Ctrl-C would.
  if (interrupt) std::raise(SIGINT);
  Stay();
}
// Workers outlive a killed parent.
ISOPROC_CASE(Pool, POOL_75, Complaint23WorkersEndWithTheirOwner) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process owner, Process::Start<OwnAPool>(Into(output), false));
  EXPECT_EQ(output.ReadLine(), "ready");
  ASSERT_OK(owner.Kill());
  EXPECT_EQ(output.ReadToEnd(), "") << "the end of all who hold the pipe";
}
ISOPROC_CASE(Pool, POOL_75_2, InterruptedOwnerEndsItsPool) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process owner, Process::Start<OwnAPool>(Into(output), true));
  EXPECT_EQ(output.ReadLine(), "ready");
  EXPECT_EQ(output.ReadToEnd(), "") << "the end of all who hold the pipe";
  ASSERT_OK_AND_ASSIGN(const ExitStatus end, Await(owner));
  EXPECT_FALSE(end.ok());
}
int LeaveAPool() {
  absl::StatusOr<Pool> pool = MakePool(2);
  const absl::StatusOr<Event> begun = Event::Create();
  if (!pool.ok() || !begun.ok()) return 100;
  pool->ApplyAsync<Hang>(*begun).IgnoreError();
  begun->Wait().IgnoreError();
  static const auto* const left = new Pool(*std::move(pool));
  return left == nullptr ? 100 : 3;
}
// A pool that nobody closed hangs at exit.
ISOPROC_CASE(Pool, POOL_75_3, Complaint14EndOfTheProgramEndsItsPools) {
  const std::string end = EndOf(Process::Start<LeaveAPool>(Killable()));
  EXPECT_EQ(end, "exited 3");
  Observe("end", end);
}

ISOPROC_CASE(Pool, POOL_76, StatisticsSayWhatWorkersDid) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  for (int i = 0; i < 3; ++i) EXPECT_OK(pool.Apply<Square>(i));
  ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
  EXPECT_CODE(pool.Apply<End>(Ending::kExitAtOnce), kAborted);
  pool.Close();
  EXPECT_OK(pool.Join());
  const std::vector<WorkerStatistics> all = pool.Statistics();
  ASSERT_GE(all.size(), 1u);
  EXPECT_EQ(all[0].number, 1);
  EXPECT_EQ(all[0].pid, pid);
  EXPECT_EQ(all[0].tasks, 4u);
  EXPECT_FALSE(all[0].alive);
  EXPECT_GT(all[0].starting, absl::ZeroDuration());
  EXPECT_GT(all[0].working, absl::ZeroDuration());
}

int64_t NumberOfWorker() { return WorkerNumber().value_or(0); }
ISOPROC_CASE(Pool, POOL_76_2, StatisticsAreInTheOrderOfTheStart) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto held, pool.ApplyAsync<Hold>(begun, go, 1));
  EXPECT_OK(begun.Wait(GetEnvironment().patience));
  // The second one is the first to end, whether it is this one or the other.
  ASSERT_OK_AND_ASSIGN(const int64_t free, pool.Apply<NumberOfWorker>());
  if (free == 2) {
    EXPECT_CODE(pool.Apply<End>(Ending::kExitAtOnce), kAborted);
  } else {
    EXPECT_EQ(held.CancelRunning(), 1u);
  }
  EXPECT_OK(go.Set());
  EXPECT_OK(held.Wait());
  pool.Close();
  EXPECT_OK(pool.Join());
  const std::vector<WorkerStatistics> all = pool.Statistics();
  ASSERT_GE(all.size(), 2u);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].number, static_cast<int64_t>(i) + 1);
}

ISOPROC_CASE(Pool, FUT_18, IdleWorkerIsReusedFirst) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 4, .on_demand = true}));
  std::set<int64_t> pids;
  for (int i = 0; i < 5; ++i) pids.insert(pool.Apply<PidOfWorker>().value_or(0));
  EXPECT_EQ(pids.size(), 1u);
}

ISOPROC_CASE(Pool, FUT_19, WorkersAreNotForkedFromThePool) {
  ProcessOptions forked;
  forked.start_method = StartMethod::kFork;
  for (const bool on_demand : {false, true}) {
    const absl::Status status =
        Pool::Create({.processes = 1, .on_demand = on_demand, .process = forked}).status();
    EXPECT_CODE(status, kInvalidArgument);
    Observe("message", std::string(status.message()));
  }
}

}  // namespace
}  // namespace isoproc::conformance
