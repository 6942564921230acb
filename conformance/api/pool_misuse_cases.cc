// Pools whose tasks and users do what they had better not.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/pool_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/async_result.h"
#include "isoproc/pool.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

using testing::ElementsAre;

int TakeEndless(const HangsWhenRead&) { return 1; }

// A worker that dies while it has the lock of the tasks stops all others.
ISOPROC_CASE(PoolMisuse, FUT_03_2, Complaint02DeathWhileATaskIsReadStopsNobody) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto reads, pool.ApplyAsync<TakeEndless>(HangsWhenRead{begun}));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  ASSERT_OK_AND_ASSIGN(const int64_t other, pool.Apply<PidOfWorker>());
  EXPECT_EQ(pool.Apply<Square>(3).value_or(0), 9) << "while the first reads";
  for (const ProcessInfo& worker : ActiveChildren()) {
    if (worker.pid() != other) system_support::KillFromOutside(worker.pid());
  }
  EXPECT_CODE(reads.Get(GetEnvironment().patience), kAborted);
  EXPECT_EQ(pool.Apply<Square>(4).value_or(0), 16);
}

std::atomic<bool> writes = false;
void DieWhileWriting() { EndSoonAfter(writes, 100); }
// As large as a result can be that goes through the stream.
std::string Fill(char with) {
  writes = true;
  return std::string(60'000, with);
}

// A worker that dies in the midst of a large result, and a pool that is flooded, lock all.
ISOPROC_CASE(PoolMisuse, FUT_03_3, Complaint19DeathWhileALargeResultIsWritten) {
  ASSERT_OK_AND_ASSIGN(Pool pool,
                       Pool::Create({.processes = 2, .initializer = Hook<DieWhileWriting>()}));
  const std::string letters(60, 'x');
  do {
    ASSERT_OK_AND_ASSIGN(const std::vector<std::string> results,
                         pool.Map<Fill>(letters, {.chunk_size = 10, .retries = 1000}));
    for (const std::string& result : results) EXPECT_TRUE(result == std::string(60'000, 'x'));
  } while (pool.Statistics().back().number < 10);
}
ISOPROC_CASE(PoolMisuse, POOL_47_2, Complaint19FloodIsCancelledAndClosed) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto held, pool.ApplyAsync<Hold>(begun, go, 1));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  std::vector<AsyncResult<int>> flood;
  for (int i = 0; i < 20'000; ++i) flood.push_back(pool.ApplyAsync<Square>(i).value());
  uint64_t cancelled = 0;
  for (size_t i = 1; i < flood.size(); ++i) cancelled += flood[i].Cancel();
  EXPECT_EQ(cancelled, flood.size() - 1);
  pool.Close();
  EXPECT_OK(go.Set());
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_EQ(held.Get(absl::ZeroDuration()).value_or(0), 1);
  EXPECT_EQ(flood.front().Get(absl::ZeroDuration()).value_or(-1), 0);
  EXPECT_CODE(flood.back().Get(absl::ZeroDuration()), kCancelled);
}

int CountSlowly(const Value<int>& count) { return count.FetchAdd(1).value_or(0); }
// Ends without having waited for anything.
int CloseAndGo(const Value<int>& count) {
  absl::StatusOr<Pool> pool = MakePool(2);
  if (!pool.ok()) return 100;
  for (int i = 0; i < 50; ++i) pool->ApplyAsync<CountSlowly>(count).IgnoreError();
  pool->Close();
  return 3;
}
// A pool that is closed without waiting hangs at the end of the program.
ISOPROC_CASE(PoolMisuse, POOL_51_3, Complaint20ProgramEndsWithoutWaiting) {
  ASSERT_OK_AND_ASSIGN(const auto count, Value<int>::Create(0));
  ASSERT_OK_AND_ASSIGN(Process program, Process::Start<CloseAndGo>(Killable(), count));
  ASSERT_OK_AND_ASSIGN(const ExitStatus end, program.Join(GetEnvironment().patience));
  EXPECT_EQ(end.ToString(), "exited 3");
  EXPECT_EQ(count.Load().value_or(0), 50);
}

// Who waits for several results is not woken when they are cancelled.
ISOPROC_CASE(PoolMisuse, FUT_13_2, Complaint21CancellingWakesWhoWaits) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto runs, pool.ApplyAsync<Hang>(begun));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  ASSERT_OK_AND_ASSIGN(const auto first, pool.ApplyAsync<Square>(1));
  ASSERT_OK_AND_ASSIGN(const auto second, pool.ApplyAsync<Square>(2));
  std::vector<size_t> places;
  std::atomic<size_t> seen = 0;
  std::thread waiter([&] {
    CompletionOrder order(std::vector<AsyncResult<int>>{runs, first, second});
    while (const std::optional<size_t> place = order.Next()) {
      places.push_back(*place);
      seen = places.size();
    }
  });
  EXPECT_EQ(second.Cancel(), 1u);
  while (seen < 1) std::this_thread::yield();
  EXPECT_EQ(runs.CancelRunning(), 1u);
  while (seen < 2) std::this_thread::yield();
  pool.Terminate();
  waiter.join();
  EXPECT_EQ(places.at(0), 2u);
  EXPECT_EQ(places.size(), 3u);
}

int CloseAll() {
  system_support::CloseAllHandles();
  Stay();
}
// The worker can neither hear nor be heard any more.
ISOPROC_CASE(PoolMisuse, POOL_18_4, TaskThatClosesAllHandlesFailsItself) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_CODE(pool.Apply<CloseAll>(), kAborted);
  EXPECT_EQ(pool.Apply<Square>(5).value_or(0), 25);
}

int CloseAllAndReturn() {
  system_support::CloseAllHandles();
  return 1;
}
ISOPROC_CASE(PoolMisuse, POOL_18_5, TaskThatClosesAllHandlesAndReturnsStopsNobody) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<CloseAllAndReturn>());
  ASSERT_OK(result.Wait(GetEnvironment().patience));
  EXPECT_EQ(pool.Apply<Square>(5).value_or(0), 25);
}

ISOPROC_CASE(PoolMisuse, POOL_80, CopyOfAWorkerSaysNothing) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const int end_of_copy, pool.Apply<ComeBackTwice>());
    EXPECT_EQ(end_of_copy, 0);
    EXPECT_EQ(pool.Apply<Square>(i).value_or(-1), i * i);
  }
  EXPECT_EQ(pool.Statistics().size(), 1u);
}

std::string Much(size_t mebibytes) { return std::string(mebibytes << 20, 'm'); }
ISOPROC_CASE(PoolMisuse, POOL_78_2, ResultOfAGigabyte) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const size_t mebibytes = GetEnvironment().stress ? 1024 : 64;
  ASSERT_OK_AND_ASSIGN(const std::string much, pool.Apply<Much>(mebibytes));
  EXPECT_EQ(much.size(), mebibytes << 20);
  EXPECT_EQ(much.find_first_not_of('m'), std::string::npos);
  EXPECT_EQ(pool.Apply<Square>(2).value_or(0), 4);
}

std::string Kibibytes(size_t kibibytes) { return std::string(kibibytes << 10, 'k'); }
// Each of them comes in memory of its own.
ISOPROC_CASE(PoolMisuse, POOL_78_3, ResultsThatAreKeptCostNoHandles) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  const std::vector<size_t> sizes(300, 70);
  const int before = system_support::CountHandles();
  ASSERT_OK_AND_ASSIGN(const auto result, pool.MapAsync<Kibibytes>(sizes));
  EXPECT_OK(result.Wait(GetEnvironment().patience));
  EXPECT_LT(system_support::CountHandles() - before, 100);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> values, result.Get());
  for (const std::string& value : values) EXPECT_EQ(value.size(), size_t{70} << 10);
}

// The pool is gone, and its results are not.
ISOPROC_CASE(PoolMisuse, POOL_38_2, ResultsOutliveThePool) {
  std::vector<AsyncResult<int>> results;
  AsyncResult<std::vector<int>> map;
  {
    ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
    results.push_back(pool.ApplyAsync<Square>(3).value());
    results.push_back(pool.ApplyAsync<ThrowOnOdd>(3).value());
    results.push_back(pool.ApplyAsync<End>(Ending::kExitAtOnce).value());
    map = pool.MapAsync<Square>(std::vector<int>{1, 2}).value();
  }
  EXPECT_EQ(results[0].Get().value_or(0), 9);
  EXPECT_EQ(RemoteErrorOf(results[1].Get().status()).value_or(RemoteError()).what, "odd 3");
  EXPECT_CODE(results[2].Get(), kAborted);
  EXPECT_THAT(map.Get().value_or(std::vector<int>()), ElementsAre(1, 4));
  EXPECT_EQ(results[0].Cancel(), 0u);
  EXPECT_EQ(results[0].CancelRunning(), 0u);
  int late = 0;
  results[0].OnSuccess([&late](int value) { late = value; });
  EXPECT_EQ(late, 9);
}

}  // namespace
}  // namespace isoproc::conformance
