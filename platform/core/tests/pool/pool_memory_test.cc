// A pool whose threads find no memory, at each allocation in turn: no task is lost, and it ends.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "isoproc/isoproc.h"
#include "platform/core/tests/pool/failing_memory.h"

namespace isoproc {
namespace {

using internal::FailingMemory;
using Whose = FailingMemory::Whose;

// So many times in a row nothing was struck: there is nothing more to strike.
constexpr int kEnough = 8;
// A bound for a busy machine. Each n has all that matters of those before it.
constexpr int64_t kMost = 100;
constexpr absl::Duration kPatience = absl::Seconds(30);

int Twice(int number) { return 2 * number; }
int OddThrows(int number) {
  if (number % 2 != 0) throw std::runtime_error("an odd number, and a message too long for a word");
  return number;
}
int Dies(int) { std::_Exit(7); }
std::string Large(std::string text) { return text + text; }

// What a task may become: its own outcome, or the want of memory.
template <class Value>
void ExpectOutcome(const absl::StatusOr<Value>& got, absl::StatusCode code) {
  EXPECT_TRUE(got.status().code() == code || absl::IsResourceExhausted(got.status()))
      << got.status();
}

template <class Result>
std::optional<Result> IfAny(absl::StatusOr<Result> result) {
  if (!result.ok()) return std::nullopt;
  return *std::move(result);
}

// Calls `use` with each n until nothing is struck any more, or kMost. What a body throws is of the
// user's own thread, and not the pool's affair.
template <class Use>
void AtEachAllocation(Whose whose, int64_t more, Use use) {
  int64_t strikes = 0;
  int missed = 0;
  for (int64_t n = 1; n <= kMost && missed < kEnough && !testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE(absl::StrCat("allocation ", n));
    bool struck = false;
    try {
      use([&](auto body) {
        FailingMemory failing(whose, n, more);
        try {
          body();
        } catch (const std::bad_alloc&) {
          EXPECT_TRUE(failing.struck());
        }
        struck = failing.struck();
      });
    } catch (const std::bad_alloc&) {
      ADD_FAILURE() << "memory failed outside of what was to fail";
    }
    strikes += struck ? 1 : 0;
    missed = struck ? 0 : missed + 1;
  }
  EXPECT_GT(strikes, 0) << "nothing was struck";
}

class PoolMemory : public testing::TestWithParam<std::pair<Whose, int64_t>> {
 protected:
  PoolMemory() : pool_(Pool::Create({.processes = 2}).value()) {}
  template <class Use>
  void AtEach(Use use) {
    AtEachAllocation(GetParam().first, GetParam().second, use);
  }
  // All is over, and the pool is as it was.
  void ExpectWhole() {
    const absl::StatusOr<int> got = pool_.ApplyAsync<Twice>(21).value().Get(kPatience);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(*got, 42);
  }
  void TearDown() override {
    pool_.Close();
    EXPECT_TRUE(pool_.Join(kPatience).ok());
    pool_.Terminate();  // so that a failure ends
  }
  Pool pool_;
};

TEST_P(PoolMemory, ATaskHasAnOutcome) {
  AtEach([&](auto failing) {
    std::optional<AsyncResult<int>> result;
    failing([&] {
      result = IfAny(pool_.ApplyAsync<Twice>(4));
      if (result.has_value()) result->Wait(kPatience).IgnoreError();
    });
    if (result.has_value()) ExpectOutcome(result->Get(kPatience), absl::StatusCode::kOk);
    ExpectWhole();
  });
}

TEST_P(PoolMemory, EachTaskOfAMapHasAnOutcome) {
  const std::vector<int> numbers = {0, 1, 2, 3, 4, 5, 6, 7};
  AtEach([&](auto failing) {
    std::optional<AsyncResult<std::vector<int>>> odd;
    std::optional<AsyncResult<std::vector<int>>> even;
    failing([&] {
      even = IfAny(pool_.MapAsync<Twice>(numbers, {.chunk_size = 3}));
      odd = IfAny(
          pool_.MapAsync<OddThrows>(numbers, {.chunk_size = 2, .on_error = OnError::kCancelRest}));
      if (odd.has_value()) odd->Wait(kPatience).IgnoreError();
      if (even.has_value()) even->Wait(kPatience).IgnoreError();
    });
    if (even.has_value()) ExpectOutcome(even->Get(kPatience), absl::StatusCode::kOk);
    if (odd.has_value()) ExpectOutcome(odd->Get(kPatience), absl::StatusCode::kUnknown);
    ExpectWhole();
  });
}

// Through the stream, and in memory that is kept.
TEST_P(PoolMemory, LargeArgumentsAndResultsArriveOrFail) {
  for (const size_t size : {10'000, 100'000}) {
    const std::string text(size, 'x');
    AtEach([&](auto failing) {
      std::optional<AsyncResult<std::string>> result;
      failing([&] {
        result = IfAny(pool_.ApplyAsync<Large>(text));
        if (result.has_value()) result->Wait(kPatience).IgnoreError();
      });
      if (result.has_value()) ExpectOutcome(result->Get(kPatience), absl::StatusCode::kOk);
      ExpectWhole();
    });
  }
}

// So many that the list of calls that wait for the thread of callbacks needs memory as well.
TEST_P(PoolMemory, CallbacksAndWatchersAreTold) {
  constexpr size_t kCalls = 40;
  AtEach([&](auto failing) {
    std::vector<AsyncResult<int>> called;
    called.reserve(kCalls);
    std::optional<AsyncResult<int>> watched;
    failing([&] {
      while (called.size() < kCalls) {
        std::optional<AsyncResult<int>> result = IfAny(pool_.ApplyAsync<Twice>(4));
        if (!result.has_value()) break;
        called.push_back(*result);
        result->OnSuccess([](const int&) {});
      }
      watched = IfAny(pool_.ApplyAsync<Twice>(5));
      if (watched.has_value()) WaitAny({*watched}, kPatience).IgnoreError();
    });
    for (AsyncResult<int>& result : called) {
      ExpectOutcome(result.Get(kPatience), absl::StatusCode::kOk);
    }
    if (watched.has_value()) ExpectOutcome(watched->Get(kPatience), absl::StatusCode::kOk);
    ExpectWhole();
  });
}

TEST_P(PoolMemory, EachItemOfAStreamHasAnOutcome) {
  const std::vector<int> numbers(24, 1);
  AtEach([&](auto failing) {
    std::optional<ResultStream<int>> stream;
    size_t count = 0;
    bool has_thrown = true;  // what the input threw
    failing([&] {
      stream = IfAny(pool_.IMapUnordered<Twice>(numbers, {.chunk_size = 4, .look_ahead = 16}));
      for (; stream.has_value() && count < 4; ++count) stream->Next();
      has_thrown = false;
    });
    for (bool is_over = !stream.has_value(); !is_over;) {
      ASSERT_TRUE(stream->Wait(kPatience).ok()) << "an item is lost";
      try {
        const auto next = stream->Next();
        is_over = !next.has_value();
        if (is_over) continue;
        ExpectOutcome(*next, absl::StatusCode::kOk);
        ++count;
      } catch (const std::bad_alloc&) {
        is_over = has_thrown = true;
      }
    }
    EXPECT_TRUE(!stream.has_value() || has_thrown || count == numbers.size()) << count;
    stream.reset();
    ExpectWhole();
  });
}

TEST_P(PoolMemory, AWorkerThatDiesIsReplaced) {
  AtEach([&](auto failing) {
    std::optional<AsyncResult<int>> result;
    std::optional<AsyncResult<int>> other;
    failing([&] {
      result = IfAny(pool_.ApplyAsync<Dies>(1));
      other = IfAny(pool_.ApplyAsync<Twice>(1));
      if (result.has_value()) result->Wait(kPatience).IgnoreError();
      if (other.has_value()) other->Wait(kPatience).IgnoreError();
    });
    if (result.has_value()) ExpectOutcome(result->Get(kPatience), absl::StatusCode::kAborted);
    if (other.has_value()) ExpectOutcome(other->Get(kPatience), absl::StatusCode::kOk);
    ExpectWhole();
  });
}

// It gives a pool, or leaves nothing behind. Of its allocations the last ones count, when there are
// threads; the list of pools needs memory when it grows, with the second, third and fifth of them.
TEST(PoolMemoryOfCreate, LeavesNothingRunning) {
  constexpr int64_t kLast = 12;
  std::vector<Pool> pools;
  int64_t seen = 0;
  {
    const FailingMemory none(Whose::kThisThread, (std::numeric_limits<int64_t>::max)());
    pools.push_back(Pool::Create({.processes = 1}).value());
    seen = none.seen();
  }
  for (; pools.size() < 5; pools.push_back(Pool::Create({.processes = 1}).value())) {
    for (int64_t n = seen - kLast; n < seen + 2; ++n) {
      SCOPED_TRACE(absl::StrCat("allocation ", n));
      {
        const FailingMemory failing(Whose::kThisThread, n);
        try {
          const absl::StatusOr<Pool> pool = Pool::Create({.processes = 1});
          EXPECT_TRUE(pool.ok() || failing.struck()) << pool.status();
        } catch (const std::bad_alloc&) {
          EXPECT_TRUE(failing.struck());
        }
      }
      // It takes its time to start: what was left behind is there then.
      EXPECT_TRUE(Process::Start<Twice>(1).value().Join().ok());
      ASSERT_EQ(ActiveChildren().size(), pools.size());
    }
  }
}

int Stays(int) {
  while (true) std::this_thread::sleep_for(std::chrono::seconds(1));
}
// Several are cancelled at once, which may fail between two of them.
TEST(PoolMemoryOfClose, CancelsEachItemOfAStreamOnce) {
  const std::vector<int> numbers(24, 1);
  AtEachAllocation(Whose::kThisThread, 0, [&](auto failing) {
    Pool pool = Pool::Create({.processes = 1}).value();
    EXPECT_TRUE(pool.ApplyAsync<Stays>(1).ok());
    auto stream = pool.IMapUnordered<Twice>(numbers, {.chunk_size = 8, .look_ahead = 24}).value();
    failing([&] { pool.Close({.cancel_pending = true}); });
    size_t count = 0;
    while (true) {
      ASSERT_TRUE(stream.Wait(kPatience).ok()) << "an item is lost";
      const auto next = stream.Next();
      if (!next.has_value()) break;
      EXPECT_TRUE(absl::IsCancelled(next->status())) << next->status();
      ++count;
    }
    EXPECT_EQ(count, numbers.size());
    pool.Terminate();
  });
}

INSTANTIATE_TEST_SUITE_P(AllThreads, PoolMemory,
                         testing::Values(std::pair(Whose::kThisThread, int64_t{0}),
                                         std::pair(Whose::kOtherThreads, int64_t{0}),
                                         std::pair(Whose::kOtherThreads, int64_t{5})));

}  // namespace
}  // namespace isoproc
