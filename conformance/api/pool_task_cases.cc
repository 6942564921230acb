// Pools: tasks one by one, and how they fail.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "conformance/api/pool_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/array.h"
#include "isoproc/pipe.h"
#include "isoproc/pool.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

using testing::ElementsAre;

// For what ends, and long for what does not.
constexpr absl::Duration kSomeTime = absl::Seconds(1);

std::string Join(std::string left, int right) { return left + "-" + std::to_string(right); }
void Nothing() {}

ISOPROC_CASE(PoolTask, POOL_11, ApplyGivesWhatTheFunctionReturns) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_EQ(pool.Apply<Join>("a", 7).value_or(""), "a-7");
  EXPECT_OK(pool.Apply<Nothing>());
  EXPECT_EQ(pool.Apply<Join>(TaskOptions{.retries = 1}, "b", 8).value_or(""), "b-8");
  EXPECT_EQ(pool.Apply(
                    TaskOptions{}, [](int x) { return x + 1; }, 1)
                .value_or(0),
            2);
}

ISOPROC_CASE(PoolTask, POOL_12, ExceptionReachesTheCaller) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
  const absl::Status status = pool.Apply<ThrowOnOdd>(3).status();
  EXPECT_CODE(status, kUnknown);
  EXPECT_EQ(status.message(), "std::invalid_argument: odd 3");
  ASSERT_TRUE(RemoteErrorOf(status).has_value());
  const RemoteError error = *RemoteErrorOf(status);
  EXPECT_EQ(error.type, "std::invalid_argument");
  EXPECT_EQ(error.what, "odd 3");
  EXPECT_EQ(error.process, "PoolWorker-1");
  EXPECT_EQ(error.pid, pid);
  EXPECT_EQ(ExitStatusOf(status), std::nullopt);
  EXPECT_EQ(RemoteErrorOf(absl::UnknownError("")), std::nullopt);
  Observe("message", std::string(status.message()));
}

ISOPROC_CASE(PoolTask, POOL_13, WorkerSurvivesAnException) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
  EXPECT_CODE(pool.Apply<ThrowOnOdd>(3), kUnknown);
  EXPECT_EQ(pool.Apply<PidOfWorker>().value_or(0), pid);
}

// What it does when it is written or read.
enum class Mishap { kNone, kThrowWhenWritten, kThrowWhenRead, kEndWhenWritten, kEndWhenRead };
struct Fragile {
  Mishap mishap = Mishap::kNone;
  template <class Archive>
  void save(Archive& archive) const {
    if (mishap == Mishap::kThrowWhenWritten) throw std::runtime_error("cannot be written");
    if (mishap == Mishap::kEndWhenWritten) std::_Exit(4);
    archive(mishap);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(mishap);
    if (mishap == Mishap::kThrowWhenRead) throw std::runtime_error("cannot be read");
    if (mishap == Mishap::kEndWhenRead) std::_Exit(5);
  }
};
Fragile MakeFragile(Mishap mishap) { return {mishap}; }
int TakeFragile(const Fragile&) { return 1; }

ISOPROC_CASE(PoolTask, POOL_14, ResultThatCannotBeEncodedIsAnError) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
  EXPECT_CODE(pool.Apply<MakeFragile>(Mishap::kThrowWhenWritten), kInvalidArgument);
  EXPECT_EQ(pool.Apply<PidOfWorker>().value_or(0), pid);
}

int Half(uint8_t x) { return x / 2; }

ISOPROC_CASE(PoolTask, POOL_15, ArgumentThatCannotBeEncodedIsAnErrorOfTheCall) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_CODE(pool.ApplyAsync<TakeFragile>(Fragile{Mishap::kThrowWhenWritten}), kInvalidArgument);
  EXPECT_CODE(pool.ApplyAsync<Half>(300), kInvalidArgument);
  EXPECT_CODE(pool.MapAsync<Half>(std::vector<int>{1, 300}), kInvalidArgument);
  EXPECT_EQ(pool.Apply<Half>(200).value_or(0), 100);
}

struct Listen {
  Connection connection;
  int operator()(int value) const { return value; }
};
int Hear(const Connection&) { return 1; }
// An end of a pipe goes to a process when that starts, and there it stays.
ISOPROC_CASE(PoolTask, POOL_15_2, ConnectionsDoNotGoToPools) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const std::vector<Connection> ends = {pipe.first};
  EXPECT_CODE(pool.ApplyAsync<Hear>(pipe.first), kInvalidArgument);
  EXPECT_CODE(pool.MapAsync<Hear>(ends), kInvalidArgument);
  EXPECT_CODE(pool.ApplyAsync(Listen{pipe.first}, 1), kInvalidArgument);
  EXPECT_CODE(pool.IMap(Listen{pipe.first}, std::vector<int>{1}), kInvalidArgument);
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<Hear>(ends));
  const auto result = stream.Next();
  ASSERT_TRUE(result.has_value());
  EXPECT_CODE(*result, kInvalidArgument);
  EXPECT_EQ(stream.Next(), std::nullopt);
  const absl::Status status =
      Pool::Create({.processes = 1, .initializer = Hook<Hear>(pipe.first)}).status();
  EXPECT_CODE(status, kInvalidArgument);
  EXPECT_OK(pipe.first.Send(5)) << "it is still here";
  EXPECT_EQ(pipe.second.Receive<int>().value_or(0), 5);
  Observe("message", std::string(status.message()));
}

// An argument that cannot be read in the worker ends it.
ISOPROC_CASE(PoolTask, POOL_16, Complaint06ArgumentThatCannotBeDecodedIsAnError) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
  EXPECT_CODE(pool.Apply<TakeFragile>(Fragile{Mishap::kThrowWhenRead}), kDataLoss);
  EXPECT_EQ(pool.Apply<PidOfWorker>().value_or(0), pid);
}

// A result that cannot be read ends the thread that takes results.
ISOPROC_CASE(PoolTask, POOL_17, Complaint05ResultThatCannotBeDecodedIsAnError) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_CODE(pool.Apply<MakeFragile>(Mishap::kThrowWhenRead), kDataLoss);
  EXPECT_OK(pool.Apply<MakeFragile>(Mishap::kNone));
}

Fragile MakeOrThrow(int item) {
  if (item == 2) throw std::runtime_error("item 2");
  return {item == 1 ? Mishap::kThrowWhenRead : Mishap::kNone};
}
// It is an error like any other.
ISOPROC_CASE(PoolTask, POOL_17_2, ResultThatCannotBeDecodedHasItsPlace) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto map, pool.MapAsync<MakeOrThrow>(std::vector<int>{0, 1, 2}));
  const absl::Status status = map.Get(GetEnvironment().patience).status();
  EXPECT_CODE(status, kDataLoss);
  EXPECT_EQ(status.message().substr(0, 8), "item 1: ");
  EXPECT_FALSE(map.Successful().value_or(true));
  absl::Status told;
  map.OnError([&told](const absl::Status& error) { told = error; });
  EXPECT_EQ(told, status);
  ASSERT_OK_AND_ASSIGN(const auto one, pool.ApplyAsync<MakeOrThrow>(1));
  EXPECT_OK(one.Wait(GetEnvironment().patience));
  EXPECT_FALSE(one.Successful().value_or(true));
  ASSERT_OK_AND_ASSIGN(const auto good, pool.ApplyAsync<MakeOrThrow>(0));
  EXPECT_OK(good.Wait(GetEnvironment().patience));
  EXPECT_TRUE(good.Successful().value_or(false));
}

// A worker that dies fails all tasks.
ISOPROC_CASE(PoolTask, POOL_18, Complaint17DeadWorkerFailsItsOwnTask) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto other, pool.ApplyAsync<Hold>(begun, go, 1));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  for (const auto& [ending, death] :
       {std::pair(Ending::kExit, "ABORTED: exited 3"),
        std::pair(Ending::kExitAtOnce, "ABORTED: exited 3"),
        std::pair(Ending::kAbort, "ABORTED: signalled 6 (SIGABRT)"),
        std::pair(Ending::kTerminate, "ABORTED: signalled 6 (SIGABRT)")}) {
    ASSERT_OK_AND_ASSIGN(const auto dies, pool.ApplyAsync<End>(ending));
    ASSERT_OK_AND_ASSIGN(const auto waits, pool.ApplyAsync<Square>(3));
    const absl::Status status = dies.Get(GetEnvironment().patience).status();
    EXPECT_EQ(DeathOf(status), death);
    EXPECT_EQ(waits.Get(GetEnvironment().patience).value_or(0), 9);
    Observe("death", DeathOf(status));
  }
  EXPECT_OK(go.Set());
  EXPECT_EQ(other.Get(GetEnvironment().patience).value_or(0), 1);
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
}
// A worker that dies loses its task for ever.
ISOPROC_CASE(PoolTask, POOL_18_2, Complaint01KilledWorkerFailsItsTask) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto dies, pool.ApplyAsync<Hang>(begun));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  system_support::KillFromOutside(pid);
  const absl::Status status = dies.Get(GetEnvironment().patience).status();
  EXPECT_CODE(status, kAborted);
  ASSERT_TRUE(ExitStatusOf(status).has_value());
  EXPECT_FALSE(ExitStatusOf(status)->ok()) << "who is killed has not ended well";
  ASSERT_OK_AND_ASSIGN(const int64_t next, pool.Apply<PidOfWorker>());
  EXPECT_NE(next, pid);
}
// A worker that is killed while it waits takes no task with it.
ISOPROC_CASE(PoolTask, POOL_18_3, KilledIdleWorkerFailsNothing) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
    system_support::KillFromOutside(pid);
    EXPECT_NE(pool.Apply<PidOfWorker>().value_or(pid), pid);
  }
}

int ThrowInt() { throw 5; }

// What is thrown and is no exception hangs the pool.
ISOPROC_CASE(PoolTask, POOL_19, Complaint07WhateverIsThrownIsCaught) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const absl::Status status = pool.Apply<ThrowInt>().status();
  EXPECT_CODE(status, kUnknown);
  EXPECT_EQ(RemoteErrorOf(status).value_or(RemoteError()).type, "unknown");
  EXPECT_EQ(pool.Apply<Square>(2).value_or(0), 4);
}

ISOPROC_CASE(PoolTask, POOL_39, LateGetEndsNothing) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Hold>(begun, go, 6));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  EXPECT_CODE(result.Get(absl::Milliseconds(1)), kDeadlineExceeded);
  EXPECT_FALSE(result.Ready());
  EXPECT_OK(go.Set());
  EXPECT_EQ(result.Get(GetEnvironment().patience).value_or(0), 6);
}

int Add(int a, int b) { return a + b; }
struct Scaled {
  int factor = 1;
  int operator()(int x) const { return factor * x; }
};

ISOPROC_CASE(PoolTask, POOL_59, LambdasAndObjectsAreTasks) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_EQ(pool.Apply([](int a, int b) { return a * b; }, 6, 7).value_or(0), 42);
  EXPECT_EQ(pool.Apply(Scaled{3}, 5).value_or(0), 15);
  EXPECT_EQ(pool.Apply(Scaled{4}, 5).value_or(0), 20);
  EXPECT_EQ(pool.Apply<&Add>(2, 3).value_or(0), 5);
  EXPECT_THAT(pool.Map(Scaled{2}, std::vector<int>{1, 2}).value_or(std::vector<int>()),
              ElementsAre(2, 4));
}

// A task cannot be given a time, nor be stopped.
ISOPROC_CASE(PoolTask, POOL_66, Complaint16TimeoutEndsTheTask) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const int64_t pid, pool.Apply<PidOfWorker>());
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(
      const auto result,
      pool.ApplyAsync<Hang>(TaskOptions{.timeout = absl::Milliseconds(20)}, begun));
  ASSERT_OK_AND_ASSIGN(const auto next, pool.ApplyAsync<PidOfWorker>());
  ASSERT_OK(result.Wait(GetEnvironment().patience));
  EXPECT_CODE(result.Get(), kDeadlineExceeded);
  EXPECT_TRUE(begun.IsSet());
  EXPECT_NE(next.Get(GetEnvironment().patience).value_or(pid), pid);
  for (const ProcessInfo& child : ActiveChildren()) EXPECT_NE(child.pid(), pid);
}

// Each item of a map has the whole time, and it ends nobody else.
ISOPROC_CASE(PoolTask, POOL_66_2, TimeoutIsThatOfEachItem) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  EXPECT_OK(go.Set());
  ASSERT_OK_AND_ASSIGN(const Event never, Event::Create());
  const auto hold = [](const std::pair<Event, Event>& events) {
    return Hold(events.first, events.second, 7);
  };
  const std::vector<std::pair<Event, Event>> items = {{begun, go}, {begun, never}, {begun, go}};
  ASSERT_OK_AND_ASSIGN(const auto outcomes,
                       pool.MapOutcomes(hold, items, {.chunk_size = 3, .timeout = kSomeTime}));
  EXPECT_EQ(outcomes[0].value_or(0), 7);
  EXPECT_CODE(outcomes[1], kDeadlineExceeded);
  EXPECT_EQ(outcomes[2].value_or(0), 7);
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap(hold, items, {.timeout = kSomeTime}));
  EXPECT_EQ(stream.Next().value().value_or(0), 7);
  EXPECT_CODE(stream.Next().value(), kDeadlineExceeded);
  EXPECT_EQ(stream.Next().value().value_or(0), 7);
  EXPECT_EQ(stream.Next(), std::nullopt);
}

ISOPROC_CASE(PoolTask, POOL_66_3, TaskHasTime) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const std::vector<int> numbers = {1, 2};
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Nanoseconds(1), -absl::InfiniteDuration()}) {
    EXPECT_CODE(pool.ApplyAsync<Square>(TaskOptions{.timeout = timeout}, 1), kInvalidArgument);
    EXPECT_CODE(pool.Map<Square>(numbers, {.timeout = timeout}), kInvalidArgument);
    EXPECT_CODE(pool.IMap<Square>(numbers, {.timeout = timeout}), kInvalidArgument);
  }
  const absl::Status status =
      pool.Apply<Square>(TaskOptions{.timeout = absl::ZeroDuration()}, 1).status();
  EXPECT_EQ(status.message(), "a task takes time, more than 0");
}

// Dies `deaths` times, and gives how often it was called.
int DieAtFirst(const Value<int>& calls, int deaths) {
  const int call = calls.FetchAdd(1).value_or(0);
  if (call < deaths) std::_Exit(9);
  return call + 1;
}

ISOPROC_CASE(PoolTask, POOL_67, RetriesWhatItsWorkerDiedWith) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  EXPECT_EQ(pool.Apply<DieAtFirst>(TaskOptions{.retries = 2}, calls, 2).value_or(0), 3);
  ASSERT_OK(calls.Store(0));
  const absl::Status status = pool.Apply<DieAtFirst>(TaskOptions{.retries = 1}, calls, 9).status();
  EXPECT_EQ(DeathOf(status), "ABORTED: exited 9");
  EXPECT_EQ(calls.Load().value_or(0), 2);
  EXPECT_CODE(pool.Apply<Square>(TaskOptions{.retries = -1}, 1), kInvalidArgument);
  ASSERT_OK(calls.Store(0));
  EXPECT_CODE(pool.Apply<DieAtFirst>(calls, 1), kAborted) << "begun once, if nobody says more";
  EXPECT_EQ(calls.Load().value_or(0), 1);
}

ISOPROC_CASE(PoolTask, POOL_67_2, RetriesItemsOfMapsAndStreams) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  const auto die_at_first = [](const Value<int>& count) { return DieAtFirst(count, 2); };
  const std::vector<Value<int>> items(2, calls);
  EXPECT_THAT(
      pool.Map(die_at_first, items, {.chunk_size = 2, .retries = 2}).value_or(std::vector<int>()),
      ElementsAre(3, 4));
  ASSERT_OK(calls.Store(0));
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap(die_at_first, items, {.retries = 2}));
  EXPECT_EQ(stream.Next().value().value_or(0), 3);
  EXPECT_EQ(stream.Next().value().value_or(0), 4);
}

int times_read = 0;
struct Table {
  std::vector<int> numbers;
  template <class Archive>
  void save(Archive& archive) const {
    archive(numbers);
  }
  template <class Archive>
  void load(Archive& archive) {
    ++times_read;
    archive(numbers);
  }
  int operator()(int index) const {
    return times_read * 1000 + numbers[static_cast<size_t>(index)];
  }
};

ISOPROC_CASE(PoolTask, POOL_70, ObjectTravelsOnceToEachWorker) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const Table table = {{7, 8, 9}};
  EXPECT_THAT(
      pool.Map(table, std::vector<int>{0, 1, 2}, {.chunk_size = 1}).value_or(std::vector<int>()),
      ElementsAre(1007, 1008, 1009));
  EXPECT_EQ(pool.Apply(table, 0).value_or(0), 2007) << "another call";
}

ISOPROC_CASE(PoolTask, POOL_71, CancelledTaskIsNeverRun) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  ASSERT_OK_AND_ASSIGN(const auto running, pool.ApplyAsync<Hold>(begun, go, 1));
  ASSERT_OK_AND_ASSIGN(const auto waiting, pool.ApplyAsync<DieAtFirst>(calls, 0));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  EXPECT_EQ(waiting.Cancel(), 1u);
  EXPECT_EQ(waiting.Cancel(), 0u);
  EXPECT_CODE(waiting.Get(absl::ZeroDuration()), kCancelled);
  EXPECT_EQ(running.Cancel(), 0u) << "it runs";
  EXPECT_OK(go.Set());
  EXPECT_EQ(running.Get(GetEnvironment().patience).value_or(0), 1);
  EXPECT_EQ(running.CancelRunning(), 0u) << "it is over";
  EXPECT_OK(pool.Apply<Nothing>());
  EXPECT_EQ(calls.Load().value_or(1), 0);
}

ISOPROC_CASE(PoolTask, POOL_72, RunningTaskIsCancelled) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto running, pool.ApplyAsync<Hang>(begun));
  ASSERT_OK_AND_ASSIGN(const auto next, pool.ApplyAsync<Square>(3));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  EXPECT_EQ(running.CancelRunning(), 1u);
  const absl::Status status = running.Get(GetEnvironment().patience).status();
  EXPECT_CODE(status, kCancelled);
  EXPECT_EQ(next.Get(GetEnvironment().patience).value_or(0), 9);
  Observe("code", status);
}

int Sum(const Array<int>& numbers) {
  int sum = 0;
  numbers
      .WithLock([&sum](absl::Span<int> all) { sum = std::accumulate(all.begin(), all.end(), 0); })
      .IgnoreError();
  return sum;
}

// Also those that are made when the workers are there, and those that have memory of their own.
ISOPROC_CASE(PoolTask, POOL_77, SharedObjectsTravelWithTasks) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_OK(pool.Apply<Nothing>());
  ASSERT_OK_AND_ASSIGN(const auto small, Array<int>::Create(3));
  ASSERT_OK_AND_ASSIGN(const auto large, Array<int>::Create(2000000));
  for (const Array<int>* array : {&small, &large}) {
    ASSERT_OK(array->WithLock([](absl::Span<int> all) { all.back() = 17; }));
    EXPECT_EQ(pool.Apply<Sum>(*array).value_or(0), 17);
  }
}

std::vector<int64_t> Twice(const std::vector<int64_t>& numbers) {
  std::vector<int64_t> twice = numbers;
  twice.insert(twice.end(), numbers.begin(), numbers.end());
  return twice;
}

ISOPROC_CASE(PoolTask, POOL_78, LargeArgumentsAndResults) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  std::vector<std::vector<int64_t>> inputs;
  for (const size_t size :
       {size_t{0}, size_t{250}, size_t{260}, size_t{4000}, size_t{5000}, size_t{1000000}}) {
    std::vector<int64_t>& input = inputs.emplace_back(size);
    std::iota(input.begin(), input.end(), int64_t{1});
  }
  ASSERT_OK_AND_ASSIGN(const auto results, pool.Map<Twice>(inputs));
  for (size_t i = 0; i < inputs.size(); ++i) EXPECT_TRUE(results[i] == Twice(inputs[i])) << i;
}

ISOPROC_CASE(PoolTask, FUT_03, DeathWhileAValueIsWrittenOrRead) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const absl::Status reading = pool.Apply<TakeFragile>(Fragile{Mishap::kEndWhenRead}).status();
  EXPECT_EQ(DeathOf(reading), "ABORTED: exited 5");
  const absl::Status writing = pool.Apply<MakeFragile>(Mishap::kEndWhenWritten).status();
  EXPECT_EQ(DeathOf(writing), "ABORTED: exited 4");
  EXPECT_EQ(pool.Apply<Square>(2).value_or(0), 4);
}

int Linger() {
  const absl::StatusOr<Process> child = Process::Start<DoNothing>(Killable());
  return child.ok() ? 1 : 0;
}
ISOPROC_CASE(PoolTask, FUT_21, WorkersMayHaveChildren) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_EQ(pool.Apply<Return>(4).value_or(0), 4);
  EXPECT_EQ(pool.Apply([] { return Linger(); }).value_or(0), 1);
}

std::atomic<bool> has_task = false;
void DieSoon() { EndSoonAfter(has_task, 300); }
int SquareSoon(int x) {
  has_task = true;
  return x * x;
}

// Deaths, one after the other, stop a pool in the end.
ISOPROC_CASE(PoolTask, POOL_58, Complaint10WorkersDieAtAnyMoment) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 2, .initializer = Hook<DieSoon>()}));
  std::vector<int> numbers(200);
  std::iota(numbers.begin(), numbers.end(), 0);
  const int64_t deaths = GetEnvironment().stress ? 1000 : 10;
  do {
    ASSERT_OK_AND_ASSIGN(const auto squares,
                         pool.Map<SquareSoon>(numbers, {.chunk_size = 5, .retries = 1000}));
    for (size_t i = 0; i < squares.size(); ++i) ASSERT_EQ(squares[i], numbers[i] * numbers[i]);
  } while (pool.Statistics().back().number < deaths);
}

}  // namespace
}  // namespace isoproc::conformance
