// Pools: the threads of users do what the manager does, and pool and worker share memory. What is
// done there is done as if one thread did it, and as if all of it were copied.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "conformance/api/pool_support.h"
#include "conformance/api/process_support.h"
#include "conformance/api/replaced_port.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "gtest/gtest.h"
#include "isoproc/async_result.h"
#include "isoproc/pool.h"
#include "isoproc/sync.h"
#include "platform/port/port.h"
#include "platform/testing/fault_port.h"
#include "platform/testing/port_wrapper.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// ---- what who waits sees, the manager need not see ----------------------------------------------

// For one thread time stands still until the event is set, and for one look at the clock more.
class HeldClock : public port::PortWrapper {
 public:
  using PortWrapper::PortWrapper;

  void HoldHereUntil(const Event& event) {
    holder_ = std::this_thread::get_id();
    until_ = &event;
    held_ = real().Now();
  }
  void LetGo() { until_ = nullptr; }
  absl::Duration Now() override {
    const Event* const until = until_;
    if (until == nullptr || std::this_thread::get_id() != holder_) return real().Now();
    if (until->IsSet()) LetGo();
    return held_;
  }

 private:
  std::thread::id holder_;
  std::atomic<const Event*> until_ = nullptr;
  absl::Duration held_;
};

std::optional<Event> begun_here;
void KeepEvent(const Event& begun) { begun_here = begun; }
void HangIf(bool hangs) {
  if (!hangs) return;
  begun_here->Set().IgnoreError();
  Stay();
}

// Who waits sees the task begin, and then sleeps: the manager, which slept, ends it in time.
ISOPROC_CASE(PoolSharing, POOL_66_4, TimeoutHoldsWhoeverSawTheTaskBegin) {
  HeldClock port(port::HostPort());
  const ReplacedPort replaced(port);
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(Pool pool,
                       Pool::Create({.processes = 1, .initializer = Hook<KeepEvent>(begun)}));
  for (int round = 0; round < 10; ++round) {
    ASSERT_OK(pool.Apply<HangIf>(false)) << "so that the worker knows the function";
    ASSERT_OK(begun.Clear());
    port.HoldHereUntil(begun);
    ASSERT_OK_AND_ASSIGN(
        const auto result,
        pool.ApplyAsync<HangIf>(TaskOptions{.timeout = absl::Milliseconds(20)}, true));
    ASSERT_OK(result.Wait(GetEnvironment().patience)) << round;
    EXPECT_CODE(result.Get(), kDeadlineExceeded);
  }
}

// A clock that throws, once, in one thread, as what else is called there might.
class BrokenClock : public port::PortWrapper {
 public:
  using PortWrapper::PortWrapper;

  // After so many looks in this thread.
  void ThrowHere(int looks) {
    thrower_ = std::this_thread::get_id();
    looks_ = looks;
  }
  absl::Duration Now() override {
    if (looks_ > 0 && std::this_thread::get_id() == thrower_ && --looks_ == 0) {
      throw std::bad_alloc();
    }
    return real().Now();
  }

 private:
  std::thread::id thrower_;
  std::atomic<int> looks_ = 0;
};

ISOPROC_CASE(PoolSharing, POOL_61_3, WaitThatEndsByAnExceptionStopsNobody) {
  BrokenClock port(port::HostPort());
  const ReplacedPort replaced(port);
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto result, pool.ApplyAsync<Hold>(begun, go, 7));
  ASSERT_OK(begun.Wait(GetEnvironment().patience));
  int thrown = 0;
  for (int looks = 1; looks <= 4; ++looks) {
    port.ThrowHere(looks);
    try {
      EXPECT_CODE(result.Wait(absl::Milliseconds(1)), kDeadlineExceeded);
    } catch (const std::bad_alloc&) {
      ++thrown;
    }
  }
  EXPECT_GT(thrown, 0);
  port.ThrowHere(0);
  EXPECT_OK(go.Set());
  EXPECT_EQ(result.Get(GetEnvironment().patience).value_or(0), 7);
}

// ---- the manager and who waits write to one worker ----------------------------------------------

// Whoever writes comes back late.
class SlowPort : public port::PortWrapper {
 public:
  using PortWrapper::PortWrapper;

 protected:
  std::unique_ptr<port::Stream> WrapStream(std::unique_ptr<port::Stream> real) override {
    return std::make_unique<SlowStream>(std::move(real));
  }

 private:
  class SlowStream : public port::StreamWrapper {
   public:
    using StreamWrapper::StreamWrapper;

    absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes,
                                 port::Deadline deadline) override {
      const absl::StatusOr<size_t> written = StreamWrapper::Write(bytes, deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return written;
    }
  };
};

struct Adds {
  int summand;
  int operator()(int x) const { return x + summand; }
};
// The result of a chunk comes while its writer has not come back: the next one waits for that.
ISOPROC_CASE(PoolSharing, POOL_61_2, WhatIsGivenWaitsForWhatIsBeingGiven) {
  SlowPort port(port::HostPort());
  const ReplacedPort replaced(port);
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK(pool.Apply<Square>(1));
  for (int i = 0; i < 100; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto sum, pool.ApplyAsync(Adds{i}, 1));
    ASSERT_OK_AND_ASSIGN(const auto square, pool.ApplyAsync<Square>(i));
    // Who waits looks only at first: so again and again.
    while (absl::IsDeadlineExceeded(square.Wait(absl::Microseconds(100)))) continue;
    EXPECT_EQ(sum.Get().value_or(-1), i + 1);
    EXPECT_EQ(square.Get().value_or(-1), i * i);
  }
}

// ---- what pool and worker keep ------------------------------------------------------------------

size_t SleepWith(const std::string& text, absl::Duration time) {
  std::this_thread::sleep_for(absl::ToChronoNanoseconds(time));
  return text.size();
}
// Memory that is kept for the next task stays while there is one, and nobody looks after it.
ISOPROC_CASE(PoolSharing, POOL_78_4, LongTaskCostsItsOwnerNothing) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const std::string text(10'000, 'x');
  ASSERT_OK(pool.Apply<SleepWith>(text, absl::ZeroDuration()));
  port.FailNothing();
  // Longer than what is kept is kept without a task.
  ASSERT_OK(pool.Apply<SleepWith>(text, absl::Milliseconds(1200)));
  ASSERT_OK(pool.Apply<SleepWith>(text, absl::ZeroDuration()));
  const std::vector<std::string> calls = port.calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "CreateSegment"), 0);
  EXPECT_LT(std::count(calls.begin(), calls.end(), "WaitAny"), 50);
}

std::string Repeat(char letter, size_t times) { return std::string(times, letter); }
// The memory of a large result is the worker's again when the result is dropped: by its owner.
ISOPROC_CASE_WITH(PoolSharing, POOL_55_3, ForkDropsItsOwnCopiesOfResults, "foreign_fork") {
  constexpr size_t kLarge = size_t{2} << 20;
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(AsyncResult<std::string> first, pool.ApplyAsync<Repeat>('a', kLarge));
  ASSERT_OK(first.Wait(GetEnvironment().patience));
  EXPECT_EQ(system_support::RunInFork([&first] {
              first = AsyncResult<std::string>();
              return 0;
            }),
            0);
  ASSERT_OK_AND_ASSIGN(const auto second, pool.ApplyAsync<Repeat>('b', kLarge));
  EXPECT_TRUE(second.Get().value_or("") == Repeat('b', kLarge));
  EXPECT_TRUE(first.Get().value_or("") == Repeat('a', kLarge));
}

}  // namespace
}  // namespace isoproc::conformance
