// Pools: what bounds the time and the number of their workers, and what a shortage does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/pool_support.h"
#include "conformance/api/process_support.h"
#include "conformance/api/replaced_port.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/async_result.h"
#include "isoproc/pool.h"
#include "isoproc/process_info.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "platform/core/runtime.h"
#include "platform/port/port.h"
#include "platform/testing/fault_port.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// ---- callables that do harm when they are read --------------------------------------------------

struct EndsWhenRead {
  bool is_read = false;
  template <class Archive>
  void save(Archive& archive) const {
    archive(is_read);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(is_read);
    std::_Exit(5);
  }
  int operator()(int x) const { return x; }
};
// It costs a worker for each task, and not more.
ISOPROC_CASE(PoolLimit, POOL_81, CallableThatEndsItsWorkerFailsOneTaskEachTime) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto outcomes,
                       pool.MapOutcomes(EndsWhenRead{}, std::vector<int>(5), {.chunk_size = 3}));
  for (const absl::StatusOr<int>& outcome : outcomes) {
    EXPECT_EQ(DeathOf(outcome.status()), "ABORTED: exited 5");
  }
  EXPECT_EQ(pool.Apply<Square>(3).value_or(0), 9);
  EXPECT_EQ(pool.Statistics().back().number, 6);
}

ISOPROC_CASE(PoolLimit, POOL_81_2, TimeoutHoldsForTheReadingToo) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(
      const auto result,
      pool.ApplyAsync(TaskOptions{.timeout = absl::Milliseconds(20)}, HangsWhenRead{begun}, 1));
  ASSERT_OK(result.Wait(GetEnvironment().patience));
  EXPECT_CODE(result.Get(), kDeadlineExceeded);
  EXPECT_EQ(pool.Apply<Square>(3).value_or(0), 9);
}

// ---- hooks that do not come to an end -----------------------------------------------------------

void HangAtFirst(const Value<int>& calls, int hanging) {
  if (calls.FetchAdd(1).value_or(0) < hanging) Stay();
}

ISOPROC_CASE(PoolLimit, POOL_82, InitializerThatHangsIsEnded) {
  EXPECT_CODE(Pool::Create({.processes = 1, .initializer_timeout = absl::ZeroDuration()}),
              kInvalidArgument);
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1,
                                                .initializer = Hook<HangAtFirst>(calls, 1),
                                                .initializer_timeout = absl::Seconds(1)}));
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Square>(3));
  EXPECT_EQ(result.Get(GetEnvironment().patience).value_or(0), 9);
  EXPECT_GE(calls.Load().value_or(0), 2);
}
ISOPROC_CASE(PoolLimit, POOL_82_2, InitializersThatHangBreakThePool) {
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1,
                                                .initializer = Hook<HangAtFirst>(calls, 1000),
                                                .initializer_timeout = absl::Milliseconds(50)}));
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Square>(3));
  ASSERT_OK(result.Wait(GetEnvironment().patience));
  const absl::Status status = result.Get().status();
  EXPECT_EQ(DeathOf(status), "ABORTED: signalled 9 (SIGKILL)");
  EXPECT_THAT(std::string(status.message()), HasSubstr("initializer took longer than 50ms"));
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  Observe("death", DeathOf(status));
}

void StayOn(const Event& begun) {
  begun.Set().IgnoreError();
  Stay();
}
ISOPROC_CASE(PoolLimit, POOL_83, WorkerThatDoesNotEndIsKilled) {
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1,
                                                .exit_hook = Hook<StayOn>(begun),
                                                .max_tasks_per_child = 1,
                                                .exit_timeout = absl::Milliseconds(50)}));
  for (int i = 1; i <= 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Square>(i));
    EXPECT_EQ(result.Get(GetEnvironment().patience).value_or(0), i * i);
  }
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_OK(begun.Wait(absl::ZeroDuration()));
}
ISOPROC_CASE(PoolLimit, POOL_83_2, WorkersWithoutTimeToEndAreReplaced) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1,
                                                .max_tasks_per_child = 1,
                                                .exit_timeout = absl::ZeroDuration()}));
  for (int i = 1; i <= 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Square>(i));
    EXPECT_EQ(result.Get(GetEnvironment().patience).value_or(0), i * i);
  }
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
}
ISOPROC_CASE(PoolLimit, POOL_83_3, NobodyEndsInLessThanNoTime) {
  for (const absl::Duration negative : {-absl::Nanoseconds(1), -absl::InfiniteDuration()}) {
    EXPECT_CODE(Pool::Create({.processes = 1, .exit_timeout = negative}), kInvalidArgument);
  }
}

// ---- what tasks leave behind --------------------------------------------------------------------

void LeaveAStranger(const Event& begun) {
  system_support::StartForeignProcess();
  begun.Set().IgnoreError();
  Stay();
}
ISOPROC_CASE(PoolLimit, POOL_86, WhoIsKilledLeavesNoProcesses) {
  enum class How { kTimeout, kCancel, kTerminate };
  for (const How how : {How::kTimeout, How::kCancel, How::kTerminate}) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
    {
      ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1, .process = Into(output)}));
      const TaskOptions options = {.timeout = how == How::kTimeout ? absl::Seconds(2)
                                                                   : absl::InfiniteDuration()};
      ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<LeaveAStranger>(options, begun));
      ASSERT_OK(begun.Wait(GetEnvironment().patience));
      if (how == How::kCancel) {
        EXPECT_EQ(result.CancelRunning(), 1u);
      }
      if (how == How::kTerminate) pool.Terminate();
      EXPECT_OK(WaitAll({result}, GetEnvironment().patience));
    }
    EXPECT_EQ(output.ReadToEnd(), "") << "the end of all who hold the pipe";
  }
}

struct ForksWhenRead {
  int end_of_copy = 1;
  template <class Archive>
  void save(Archive& archive) const {
    archive(end_of_copy);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(end_of_copy);
    end_of_copy = ComeBackTwice();
  }
  int operator()(int x) const { return x + end_of_copy; }
};
void NoteEndOfCopy(const Value<int>& note) { note.Store(ComeBackTwice()).IgnoreError(); }
ISOPROC_CASE(PoolLimit, POOL_80_2, CopyMadeByAHookSaysNothing) {
  ASSERT_OK_AND_ASSIGN(const auto first, Value<int>::Create(-1));
  ASSERT_OK_AND_ASSIGN(const auto last, Value<int>::Create(-1));
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1,
                                                .initializer = Hook<NoteEndOfCopy>(first),
                                                .exit_hook = Hook<NoteEndOfCopy>(last)}));
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync(ForksWhenRead{}, 5));
  EXPECT_EQ(result.Get(GetEnvironment().patience).value_or(0), 5);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.Apply<Square>(i).value_or(-1), i * i);
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_EQ(first.Load().value_or(-1), 0);
  EXPECT_EQ(last.Load().value_or(-1), 0);
  EXPECT_EQ(pool.Statistics().size(), 1u);
}

// ---- shortage -----------------------------------------------------------------------------------

// In this worker no memory can be mapped any more, or just not once.
void LackMemory(bool once) {
  static auto* const port = new port::FaultPort(port::HostPort());
  port->FailCall(1, absl::ResourceExhaustedError("injected"),
                 once ? port::FaultPlan::Repeat::kOnce : port::FaultPlan::Repeat::kFromThenOn,
                 "MapSegment");
  internal::Runtime::Get().SetPortForTesting(port);
}
size_t Length(const std::string& text) { return text.size(); }
struct Dictionary {
  std::string words;
  size_t operator()(int x) const { return words.size() + static_cast<size_t>(x); }
};
const std::string& Long() {
  static const auto* const text = new std::string(100'000, 'l');
  return *text;
}

ISOPROC_CASE(PoolLimit, POOL_85, ShortageInTheWorkerIsTheErrorOfEachTask) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK(pool.Apply<LackMemory>(false));
  ASSERT_OK_AND_ASSIGN(
      const auto outcomes,
      pool.MapOutcomes<Length>(std::vector<std::string>(3, Long()), {.chunk_size = 3}));
  for (const absl::StatusOr<size_t>& outcome : outcomes) EXPECT_CODE(outcome, kResourceExhausted);
  ASSERT_OK_AND_ASSIGN(const auto words, pool.MapOutcomes(Dictionary{Long()}, std::vector<int>(2)));
  for (const absl::StatusOr<size_t>& outcome : words) EXPECT_CODE(outcome, kResourceExhausted);
  EXPECT_EQ(pool.Apply<Length>(std::string("short")).value_or(0), 5u);
  EXPECT_EQ(pool.Statistics().size(), 1u) << "the worker lives";
  Observe("code", outcomes[0].status());
}
ISOPROC_CASE(PoolLimit, POOL_85_2, ShortageThatPassesFailsNothing) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK(pool.Apply<LackMemory>(true));
  ASSERT_OK_AND_ASSIGN(const auto lengths,
                       pool.Map<Length>(std::vector<std::string>(3, Long()), {.chunk_size = 3}));
  EXPECT_THAT(lengths, ElementsAre(100'000u, 100'000u, 100'000u));
}
ISOPROC_CASE(PoolLimit, POOL_85_3, ShortageInThePoolFailsOneTask) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const std::vector<std::string> texts(3, Long());
  port.FailCall(1, absl::ResourceExhaustedError("injected"), port::FaultPlan::Repeat::kOnce,
                "Segment::Share");
  EXPECT_OK(pool.Map<Length>(texts, {.chunk_size = 3}));
  EXPECT_TRUE(port.fired());
  port.FailCall(1, absl::ResourceExhaustedError("injected"), port::FaultPlan::Repeat::kFromThenOn,
                "Segment::Share");
  // The memory that is kept has no room for these.
  const std::vector<std::string> longer(3, std::string(1'000'000, 'l'));
  ASSERT_OK_AND_ASSIGN(const auto outcomes, pool.MapOutcomes<Length>(longer, {.chunk_size = 3}));
  for (const absl::StatusOr<size_t>& outcome : outcomes) EXPECT_CODE(outcome, kResourceExhausted);
  port.FailNothing();
  EXPECT_OK(pool.Map<Length>(texts));
}

// ---- the time of a whole call -------------------------------------------------------------------

int HangOnOne(int item, const Event& begun) {
  if (item == 1) StayOn(begun);
  return item;
}
ISOPROC_CASE(PoolLimit, FUT_14, CallThatTakesTooLongIsGivenUp) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  std::vector<std::pair<int, Event>> items;
  for (int i = 0; i < 4; ++i) items.emplace_back(i, begun);
  const auto hang_on_one = [](const std::pair<int, Event>& item) {
    return HangOnOne(item.first, item.second);
  };
  ASSERT_OK_AND_ASSIGN(const auto result,
                       pool.MapAsync(hang_on_one, items,
                                     {.chunk_size = 1, .total_timeout = absl::Milliseconds(500)}));
  ASSERT_OK_AND_ASSIGN(const auto next, pool.ApplyAsync<Square>(3));
  ASSERT_OK(result.Wait(GetEnvironment().patience));
  EXPECT_CODE(result.Get(), kDeadlineExceeded);
  EXPECT_EQ(next.Get(GetEnvironment().patience).value_or(0), 9) << "which is another call";
  EXPECT_OK(pool.Map<Square>(std::vector<int>{1}, {.total_timeout = GetEnvironment().patience}));
  EXPECT_CODE(pool.Map<Square>(std::vector<int>{1}, {.total_timeout = absl::ZeroDuration()}),
              kDeadlineExceeded);
}

ISOPROC_CASE(PoolLimit, FUT_17, CloseCancelsWhatNoWorkerHasIfWanted) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto runs, pool.ApplyAsync<Hold>(begun, go, 1));
  ASSERT_OK_AND_ASSIGN(const auto waits, pool.ApplyAsync<Square>(3));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  pool.Close({.cancel_pending = true});
  EXPECT_CODE(waits.Get(absl::ZeroDuration()), kCancelled);
  EXPECT_OK(go.Set());
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_EQ(runs.Get(absl::ZeroDuration()).value_or(0), 1);
}

// ---- numbers that are too large -----------------------------------------------------------------

ISOPROC_CASE(PoolLimit, POOL_33_2, StreamTakesChunksOfAnySize) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  for (const int64_t chunk_size :
       {int64_t{1} << 61, int64_t{1} << 62, (std::numeric_limits<int64_t>::max)()}) {
    ASSERT_OK_AND_ASSIGN(auto stream,
                         pool.IMap<Square>(std::vector<int>{1, 2, 3}, {.chunk_size = chunk_size}));
    for (int i = 1; i <= 3; ++i) EXPECT_EQ(stream.Next().value().value_or(0), i * i);
    EXPECT_EQ(stream.Next(), std::nullopt);
    EXPECT_OK(pool.Map<Square>(std::vector<int>{1, 2, 3}, {.chunk_size = chunk_size}));
  }
}

}  // namespace
}  // namespace isoproc::conformance
