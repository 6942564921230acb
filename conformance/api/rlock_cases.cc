// RLock: what differs from Lock.
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/api/sync_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/process.h"
#include "isoproc/sync.h"

namespace isoproc::conformance {
namespace {

ISOPROC_CASE(RLock, RLK_01, ThreadTakesItAgainAndReleasesAsOften) {
  ASSERT_OK_AND_ASSIGN(const RLock lock, RLock::Create());
  constexpr int kTimes = 5;
  for (int i = 0; i < kTimes; ++i) EXPECT_EQ(Take(lock), "ok");
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_TRUE(lock.IsLocked()) << i;
    EXPECT_OK(lock.Release());
  }
  EXPECT_FALSE(lock.IsLocked());
  EXPECT_CODE(lock.Release(), kFailedPrecondition);
}

ISOPROC_CASE(RLock, RLK_02, OthersCannotRelease) {
  ASSERT_OK_AND_ASSIGN(const RLock lock, RLock::Create());
  EXPECT_CODE(lock.Release(), kFailedPrecondition);
  ASSERT_EQ(Take(lock), "ok");
  std::thread other([&] { EXPECT_CODE(lock.Release(), kFailedPrecondition); });
  other.join();
  EXPECT_TRUE(lock.IsLocked());
}

ISOPROC_CASE(RLock, RLK_03, OtherThreadsAreKeptOut) {
  ASSERT_OK_AND_ASSIGN(const RLock lock, RLock::Create());
  ASSERT_EQ(Take(lock), "ok");
  ASSERT_EQ(Take(lock), "ok");
  const auto try_elsewhere = [&] {
    std::string taken;
    std::thread other([&] {
      taken = Try(lock);
      if (taken == "ok") lock.Release().IgnoreError();
    });
    other.join();
    return taken;
  };
  EXPECT_EQ(try_elsewhere(), "DEADLINE_EXCEEDED");
  EXPECT_OK(lock.Release());
  EXPECT_EQ(try_elsewhere(), "DEADLINE_EXCEEDED");
  EXPECT_OK(lock.Release());
  EXPECT_EQ(try_elsewhere(), "ok");
}

// Two handles that did not come from each other.
int TakeTwoHandles(const RLock& first, const RLock& second) {
  if (Take(first) != "ok" || Try(second) != "ok") return 1;
  return first.Release().ok() && second.Release().ok() && !first.IsLocked() ? 0 : 2;
}
ISOPROC_CASE(RLock, RLK_05, AllHandlesOfAProcessAreOne) {
  ASSERT_OK_AND_ASSIGN(const RLock lock, RLock::Create());
  EXPECT_EQ(EndOf(Process::Start<TakeTwoHandles>(Killable(), lock, lock)), "exited 0");
}

ISOPROC_CASE(RLock, RLK_07, WaitsAndGuardsAreThoseOfLock) {
  ASSERT_OK_AND_ASSIGN(RLock lock, RLock::Create());
  ASSERT_OK_AND_ASSIGN(Lock other_lock, Lock::Create());
  const std::unique_lock<RLock> unique(lock);
  {
    const std::scoped_lock both(lock, other_lock);
    EXPECT_TRUE(other_lock.IsLocked());
  }
  EXPECT_TRUE(unique.owns_lock());
  EXPECT_TRUE(lock.IsLocked());
  std::thread other([&] {
    EXPECT_EQ(Show(lock.Acquire(-absl::InfiniteDuration())), "DEADLINE_EXCEEDED");
    const absl::Duration timeout = absl::Milliseconds(20);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(Show(lock.Acquire(timeout)), "DEADLINE_EXCEEDED");
    EXPECT_GE(absl::FromChrono(std::chrono::steady_clock::now() - start), timeout);
  });
  other.join();
}

void TakeTwiceAndStay(const RLock& lock) {
  Take(lock);
  Say(Take(lock));
  Stay();
}
ISOPROC_CASE(RLock, RLK_06, TimesOfADeadOwnerAreForgotten) {
  ASSERT_OK_AND_ASSIGN(const RLock lock, RLock::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<TakeTwiceAndStay>(Into(output), lock));
  ASSERT_EQ(output.ReadLine(), "ok");
  ASSERT_OK(child.Kill());
  EXPECT_EQ(Take(lock), "owner died");
  EXPECT_OK(lock.Release());
  EXPECT_FALSE(lock.IsLocked());
}

}  // namespace
}  // namespace isoproc::conformance
