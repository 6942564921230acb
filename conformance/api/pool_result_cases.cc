// Pools: results that are on their way.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
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
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/async_result.h"
#include "isoproc/pool.h"
#include "isoproc/sync.h"

namespace isoproc::conformance {
namespace {

using testing::ElementsAre;

// A pool of one worker, which is busy until it may go on.
class BusyPool {
 public:
  BusyPool()
      : pool_(MakePool(1).value()), begun_(Event::Create().value()), go_(Event::Create().value()) {}
  Pool& pool() { return pool_; }
  // A task that has begun and waits.
  AsyncResult<int> Hold(int value) {
    AsyncResult<int> result = pool_.ApplyAsync<conformance::Hold>(begun_, go_, value).value();
    EXPECT_OK(begun_.Wait(GetEnvironment().patience));
    return result;
  }
  void Go() { EXPECT_OK(go_.Set()); }

 private:
  Pool pool_;
  Event begun_;
  Event go_;
};

std::unique_ptr<int> Own(int value) { return std::make_unique<int>(value); }

ISOPROC_CASE(PoolResult, POOL_38, ResultStays) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Own>(8));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<int> value, result.Get());
    EXPECT_EQ(*value, 8);
  }
  EXPECT_OK(result.Get(absl::ZeroDuration()));
  EXPECT_OK(result.Get(-absl::Seconds(1)));
  const AsyncResult<int> none;
  EXPECT_TRUE(none.Ready());
  EXPECT_CODE(none.Get(), kFailedPrecondition);
  EXPECT_EQ(none.Cancel(), 0u);
}

ISOPROC_CASE(PoolResult, POOL_40, SaysHowFarItIs) {
  BusyPool busy;
  const AsyncResult<int> result = busy.Hold(1);
  ASSERT_OK_AND_ASSIGN(const auto fails, busy.pool().ApplyAsync<ThrowOnOdd>(1));
  EXPECT_FALSE(result.Ready());
  EXPECT_CODE(result.Successful(), kFailedPrecondition);
  EXPECT_CODE(result.Wait(absl::Milliseconds(1)), kDeadlineExceeded);
  EXPECT_CODE(result.Get(absl::ZeroDuration()), kDeadlineExceeded);
  busy.Go();
  EXPECT_OK(result.Wait(GetEnvironment().patience));
  EXPECT_TRUE(result.Ready());
  EXPECT_EQ(result.Successful().value_or(false), true);
  EXPECT_OK(fails.Wait(GetEnvironment().patience));
  EXPECT_EQ(fails.Successful().value_or(true), false);
}

ISOPROC_CASE(PoolResult, POOL_41, OneOfTheCallbacksIsCalled) {
  BusyPool busy;
  std::vector<std::string> calls;
  const auto note = [&calls](const char* what) {
    return [&calls, what](const auto&) { calls.emplace_back(what); };
  };
  const AsyncResult<int> good = busy.Hold(1);
  good.OnSuccess(note("good")).OnError(note("wrong"));
  ASSERT_OK_AND_ASSIGN(const auto bad, busy.pool().ApplyAsync<ThrowOnOdd>(1));
  bad.OnSuccess(note("wrong")).OnError(note("bad"));
  ASSERT_OK_AND_ASSIGN(const auto map, busy.pool().MapAsync<ThrowOnOdd>(std::vector<int>{0, 1}));
  map.OnError(note("map"));
  ASSERT_OK_AND_ASSIGN(const auto whole, busy.pool().MapAsync<Square>(std::vector<int>{2, 3}));
  whole.OnSuccess([&calls](const std::vector<int>& squares) {
    calls.push_back("whole " + std::to_string(squares.size()));
  });
  busy.Go();
  EXPECT_OK(WaitAll({good, bad, map, whole}, GetEnvironment().patience));
  EXPECT_THAT(calls, ElementsAre("good", "bad", "map", "whole 2"));
}

// What one of them throws is nothing to the others.
ISOPROC_CASE(PoolResult, POOL_41_2, CallbacksAreCalledAsTheTasksEnd) {
  BusyPool busy;
  std::vector<std::string> calls;
  const AsyncResult<int> result = busy.Hold(1);
  result.OnSuccess([](int) { throw std::runtime_error("too much"); });
  result.OnError([&calls](const absl::Status&) { calls.emplace_back("wrong"); });
  result.OnSuccess([&calls](int) { calls.emplace_back("good"); });
  ASSERT_OK_AND_ASSIGN(const auto bad, busy.pool().ApplyAsync<ThrowOnOdd>(1));
  bad.OnError([](const absl::Status&) { throw std::runtime_error("too much"); });
  bad.OnError([&calls](const absl::Status& status) { calls.emplace_back(status.message()); });
  busy.Go();
  EXPECT_OK(WaitAll({result, bad}, GetEnvironment().patience));
  result.OnSuccess([&calls](int) { calls.emplace_back("late"); });
  EXPECT_THAT(calls, ElementsAre("good", "std::invalid_argument: odd 1", "late"));
  EXPECT_EQ(result.Get().status().message(), "a callback threw std::runtime_error: too much");
}
// There is no call that could call.
ISOPROC_CASE(PoolResult, POOL_38_3, ResultOfNothingCallsNothing) {
  bool called = false;
  AsyncResult<int>()
      .OnError([&called](const absl::Status&) { called = true; })
      .OnSuccess([&called](int) { called = true; });
  EXPECT_FALSE(called);
}

ISOPROC_CASE(PoolResult, POOL_42, CallbackComesBeforeTheResult) {
  BusyPool busy;
  const AsyncResult<int> result = busy.Hold(5);
  bool called = false;
  result.OnSuccess([&](int value) {
    EXPECT_EQ(value, 5);
    EXPECT_FALSE(result.Ready());
    called = true;
  });
  busy.Go();
  EXPECT_OK(result.Get(GetEnvironment().patience));
  EXPECT_TRUE(called);
}

ISOPROC_CASE(PoolResult, POOL_43, SlowCallbackHoldsUpNoWorker) {
  BusyPool busy;
  const AsyncResult<int> first = busy.Hold(1);
  std::promise<void> go;
  first.OnSuccess([&](int) { go.get_future().wait(); });
  busy.Go();
  EXPECT_EQ(busy.pool().Apply<Square>(3).value_or(0), 9) << "while the callback runs";
  EXPECT_FALSE(first.Ready());
  go.set_value();
  EXPECT_OK(first.Get(GetEnvironment().patience));
}

// A callback that throws ends the thread that takes results.
ISOPROC_CASE(PoolResult, POOL_44, Complaint08ThrowingCallbackIsTheErrorOfItsCall) {
  BusyPool busy;
  const AsyncResult<int> result = busy.Hold(1);
  result.OnSuccess([](int) { throw std::runtime_error("too much"); });
  busy.Go();
  const absl::Status status = result.Get(GetEnvironment().patience).status();
  EXPECT_CODE(status, kUnknown);
  EXPECT_EQ(status.message(), "a callback threw std::runtime_error: too much");
  ASSERT_OK_AND_ASSIGN(const auto next, busy.pool().ApplyAsync<Square>(2));
  bool called = false;
  next.OnSuccess([&called](int) { called = true; });
  EXPECT_EQ(next.Get(GetEnvironment().patience).value_or(0), 4);
  EXPECT_TRUE(called);
  Observe("message", std::string(status.message()));
}

// It does so whenever it is called.
ISOPROC_CASE(PoolResult, POOL_44_2, CallbackThatThrowsLateIsTheErrorOfItsCall) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Square>(2));
  EXPECT_EQ(result.Get(GetEnvironment().patience).value_or(0), 4);
  EXPECT_NO_THROW(result.OnSuccess([](int) { throw std::runtime_error("too late"); }));
  const absl::Status status = result.Get().status();
  EXPECT_CODE(status, kUnknown);
  EXPECT_EQ(status.message(), "a callback threw std::runtime_error: too late");
  EXPECT_FALSE(result.Successful().value_or(true));
}

void ThrowUp(uint64_t, uint64_t) { throw std::runtime_error("no screen"); }
ISOPROC_CASE(PoolResult, POOL_44_3, ProgressThatThrowsIsTheErrorOfItsCall) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const std::vector<int> numbers = {1, 2, 3};
  const absl::Status map = pool.Map<Square>(numbers, {.on_progress = &ThrowUp}).status();
  EXPECT_EQ(map.message(), "a callback threw std::runtime_error: no screen");
  EXPECT_CODE(map, kUnknown);
  EXPECT_EQ(pool.MapOutcomes<Square>(numbers, {.on_progress = &ThrowUp}).status(), map);
  EXPECT_OK(pool.Map<Square>(numbers));
}

// Terminate in a callback locks itself.
ISOPROC_CASE(PoolResult, POOL_45, Complaint04CallbacksMayUseThePool) {
  BusyPool busy;
  const AsyncResult<int> result = busy.Hold(3);
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto hangs, busy.pool().ApplyAsync<Hang>(begun));
  AsyncResult<int> more;
  result.OnSuccess([&](int value) {
    more = busy.pool().ApplyAsync<Square>(value).value();
    EXPECT_CODE(busy.pool().Join(), kFailedPrecondition);
    busy.pool().Close();
    busy.pool().Terminate();
    EXPECT_CODE(busy.pool().Join(), kFailedPrecondition) << "it would wait for itself";
  });
  busy.Go();
  EXPECT_OK(result.Get(GetEnvironment().patience));
  EXPECT_CODE(more.Get(GetEnvironment().patience), kCancelled);
  EXPECT_CODE(hangs.Get(GetEnvironment().patience), kCancelled);
  EXPECT_OK(busy.pool().Join(GetEnvironment().patience));
}

// It would wait for itself.
ISOPROC_CASE(PoolResult, POOL_45_2, CallbackCannotWaitForWhatComesAfterIt) {
  BusyPool busy;
  const AsyncResult<int> result = busy.Hold(3);
  ASSERT_OK_AND_ASSIGN(const auto later, busy.pool().ApplyAsync<Square>(4));
  later.OnSuccess([](int) {});
  ASSERT_OK_AND_ASSIGN(const auto plain, busy.pool().ApplyAsync<Square>(5));
  const std::vector<int> numbers = {1, 2};
  std::atomic<int> looks = 0;
  const auto look = [&looks](uint64_t, uint64_t) { ++looks; };
  result.OnSuccess([&](int) {
    EXPECT_CODE(result.Get(), kFailedPrecondition);
    EXPECT_CODE(result.Wait(absl::ZeroDuration()), kFailedPrecondition);
    EXPECT_CODE(WaitAll({result}), kFailedPrecondition);
    EXPECT_CODE(later.Get(), kFailedPrecondition) << "whose own callback comes after this one";
    EXPECT_CODE(busy.pool().Map<Square>(numbers, {.on_progress = look}), kFailedPrecondition);
    EXPECT_CODE(busy.pool().MapOutcomes<Square>(numbers, {.on_progress = look}),
                kFailedPrecondition);
    EXPECT_EQ(plain.Get(GetEnvironment().patience).value_or(0), 25) << "which needs no callback";
    EXPECT_EQ(busy.pool().Apply<Square>(6).value_or(0), 36);
  });
  busy.Go();
  EXPECT_EQ(result.Get(GetEnvironment().patience).value_or(0), 3);
  EXPECT_EQ(later.Get(GetEnvironment().patience).value_or(0), 16);
  busy.pool().Close();
  EXPECT_OK(busy.pool().Join(GetEnvironment().patience));
  EXPECT_EQ(looks, 0) << "nothing was submitted";
}

// Another thread adds a callback while one waits.
ISOPROC_CASE(PoolResult, POOL_45_3, CallbackAddedMeanwhileComesAfterIt) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event end_first, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event end_held, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event waits, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto first, pool.ApplyAsync<Hold>(begun, end_first, 1));
  ASSERT_OK_AND_ASSIGN(const auto held, pool.ApplyAsync<Hold>(begun, end_held, 2));
  first.OnSuccess([&](int) {
    EXPECT_OK(waits.Set());
    EXPECT_CODE(held.Get(), kFailedPrecondition);
  });
  EXPECT_OK(end_first.Set());
  ASSERT_OK(waits.Wait(GetEnvironment().patience));
  held.OnSuccess([](int) {});
  EXPECT_OK(first.Wait(GetEnvironment().patience));
  EXPECT_OK(end_held.Set());
  EXPECT_EQ(held.Get(GetEnvironment().patience).value_or(0), 2);
}

// It cannot wait for the thread in which it is.
ISOPROC_CASE(PoolResult, POOL_51_4, DestructorInACallbackDoesNotWait) {
  std::optional<Pool> pool = MakePool(1).value();
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto result, pool->ApplyAsync<Hold>(begun, go, 1));
  ASSERT_OK_AND_ASSIGN(const auto next, pool->ApplyAsync<Square>(3));
  result.OnSuccess([&pool](int) { pool.reset(); });
  EXPECT_OK(go.Set());
  EXPECT_OK(result.Get(GetEnvironment().patience));
  EXPECT_EQ(next.Get(GetEnvironment().patience).value_or(0), 9);
  EXPECT_FALSE(pool.has_value());
}

ISOPROC_CASE(PoolResult, FUT_08, CancelTwiceIsFine) {
  BusyPool busy;
  const AsyncResult<int> first = busy.Hold(1);
  ASSERT_OK_AND_ASSIGN(const auto map, busy.pool().MapAsync<Square>(std::vector<int>{1, 2, 3}));
  EXPECT_EQ(map.Cancel(), 3u);
  EXPECT_EQ(map.Cancel(), 0u);
  EXPECT_CODE(map.Get(absl::ZeroDuration()), kCancelled);
  busy.Go();
  EXPECT_OK(first.Get(GetEnvironment().patience));
  EXPECT_EQ(first.Cancel(), 0u);
  EXPECT_OK(first.Get());
}

ISOPROC_CASE(PoolResult, FUT_10, CallbacksComeInTheirOrder) {
  BusyPool busy;
  const AsyncResult<int> result = busy.Hold(1);
  std::vector<int> order;
  for (int i = 1; i <= 3; ++i) {
    result.OnSuccess([&order, i](int) { order.push_back(i); });
  }
  busy.Go();
  EXPECT_OK(result.Get(GetEnvironment().patience));
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
  const std::thread::id here = std::this_thread::get_id();
  result.OnSuccess([&order, here](int) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    order.push_back(4);
  });
  EXPECT_EQ(order.back(), 4) << "at once, when it is ready";
}

ISOPROC_CASE(PoolResult, FUT_12, WaitsForAnyAndAll) {
  BusyPool busy;
  const AsyncResult<int> held = busy.Hold(1);
  ASSERT_OK_AND_ASSIGN(const auto cancelled, busy.pool().ApplyAsync<Square>(1));
  EXPECT_CODE(WaitAny({held, cancelled}, absl::Milliseconds(1)), kDeadlineExceeded);
  EXPECT_CODE(WaitAll({held, cancelled}, absl::Milliseconds(1)), kDeadlineExceeded);
  EXPECT_EQ(cancelled.Cancel(), 1u);
  EXPECT_THAT(WaitAny({held, cancelled, cancelled}).value_or(std::vector<size_t>()),
              ElementsAre(1, 2));
  busy.Go();
  EXPECT_OK(WaitAll(std::vector<AsyncResult<int>>{held, cancelled}, GetEnvironment().patience));
  EXPECT_CODE(WaitAny(std::vector<AsyncResult<int>>()), kInvalidArgument);
  EXPECT_OK(WaitAll(std::vector<AsyncResult<int>>()));
}

ISOPROC_CASE(PoolResult, FUT_13, GivesResultsAsTheyBecomeReady) {
  BusyPool busy;
  const AsyncResult<int> held = busy.Hold(1);
  ASSERT_OK_AND_ASSIGN(const auto second, busy.pool().ApplyAsync<Square>(2));
  ASSERT_OK_AND_ASSIGN(const auto third, busy.pool().ApplyAsync<Square>(3));
  CompletionOrder order(std::vector<AsyncResult<int>>{second, held, third});
  EXPECT_EQ(order.Next(absl::Milliseconds(1)), std::nullopt);
  EXPECT_EQ(third.Cancel(), 1u);
  EXPECT_EQ(order.Next(), 2u);
  busy.Go();
  EXPECT_EQ(order.Next(GetEnvironment().patience), 1u);
  EXPECT_EQ(order.left(), 1u);
  EXPECT_EQ(order.Next(GetEnvironment().patience), 0u);
  EXPECT_EQ(order.Next(), std::nullopt);
}

}  // namespace
}  // namespace isoproc::conformance
