// Lock, between threads and between processes.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
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
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// Says "ok" when it has the lock, and releases it when its input ends.
void HoldUntilTheEndOfInput(const Lock& lock) {
  Say(Take(lock));
  ReadInput();
  Say(lock.Release().ok() ? "released" : "not released");
}
// Says "ok" when it has the lock, and keeps it.
void HoldForEver(const Lock& lock) {
  Say(Take(lock));
  Stay();
}

ISOPROC_CASE(Lock, LOCK_01, OneThreadAtATime) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        if (!lock.Acquire().ok()) return;
        ++count;
        lock.Release().IgnoreError();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kRounds);
}

ISOPROC_CASE(Lock, LOCK_01_2, WaitsForAnotherProcess) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child,
                       Process::Start<HoldUntilTheEndOfInput>(Between(input, output), lock));
  input.CloseReadEnd();
  ASSERT_EQ(output.ReadLine(), "ok");
  EXPECT_EQ(Try(lock), "DEADLINE_EXCEEDED");
  std::string taken;
  std::thread waiter([&] { taken = Take(lock); });
  input.CloseWriteEnd();
  waiter.join();
  EXPECT_EQ(taken, "ok");
  EXPECT_EQ(output.ReadToEnd(), "released\n");
}

ISOPROC_CASE(Lock, LOCK_02, TakenLockIsNotWaitedForWithoutTime) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  EXPECT_EQ(Try(lock), "ok");
  std::thread other([&] {
    EXPECT_EQ(Try(lock), "DEADLINE_EXCEEDED");
    EXPECT_EQ(Show(lock.Acquire(-absl::InfiniteDuration())), "DEADLINE_EXCEEDED");
  });
  other.join();
  EXPECT_OK(lock.Release());
  EXPECT_EQ(Try(lock), "ok");
}

ISOPROC_CASE(Lock, LOCK_03, TimeIsWaitedFor) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_EQ(Try(lock), "ok");
  std::thread other([&] {
    for (const absl::Duration timeout : {absl::Milliseconds(1), absl::Milliseconds(30)}) {
      const auto start = std::chrono::steady_clock::now();
      EXPECT_EQ(Show(lock.Acquire(timeout)), "DEADLINE_EXCEEDED");
      EXPECT_GE(absl::FromChrono(std::chrono::steady_clock::now() - start), timeout);
    }
  });
  other.join();
}

ISOPROC_CASE(Lock, LOCK_04, OnlyItsThreadReleases) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_EQ(Take(lock), "ok");
  std::thread other([&] { EXPECT_CODE(lock.Release(), kFailedPrecondition); });
  other.join();
  EXPECT_TRUE(lock.IsLocked());
  EXPECT_OK(lock.Release());
}

int ReleaseWhatIsNotMine(const Lock& lock) {
  return absl::IsFailedPrecondition(lock.Release()) ? 0 : 1;
}

ISOPROC_CASE(Lock, LOCK_04_2, NoOtherProcessReleases) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_EQ(Take(lock), "ok");
  EXPECT_EQ(EndOf(Process::Start<ReleaseWhatIsNotMine>(Killable(), lock)), "exited 0");
  EXPECT_TRUE(lock.IsLocked());
  EXPECT_OK(lock.Release());
}

ISOPROC_CASE(Lock, LOCK_05, FreeLockIsNotReleased) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  EXPECT_CODE(lock.Release(), kFailedPrecondition);
  ASSERT_EQ(Take(lock), "ok");
  EXPECT_OK(lock.Release());
  EXPECT_CODE(lock.Release(), kFailedPrecondition);
  EXPECT_EQ(Try(lock), "ok");
}

ISOPROC_CASE(Lock, LOCK_06, TellsWhetherItIsTaken) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  EXPECT_FALSE(lock.IsLocked());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<HoldForEver>(Into(output), lock));
  ASSERT_EQ(output.ReadLine(), "ok");
  EXPECT_TRUE(lock.IsLocked());
  ASSERT_OK(child.Kill());
  ASSERT_OK(Await(child));
  EXPECT_FALSE(lock.IsLocked()) << "who had it is dead";
}

ISOPROC_CASE(Lock, LOCK_07, GuardsOfTheStandardWork) {
  ASSERT_OK_AND_ASSIGN(Lock a, Lock::Create());
  ASSERT_OK_AND_ASSIGN(Lock b, Lock::Create());
  {
    const std::scoped_lock both(a, b);
    EXPECT_TRUE(a.IsLocked());
    EXPECT_TRUE(b.IsLocked());
    EXPECT_FALSE(a.try_lock());
    EXPECT_THROW(a.lock(), std::system_error);
  }
  EXPECT_FALSE(a.IsLocked());
  EXPECT_FALSE(b.IsLocked());
  std::unique_lock<Lock> unique(a, std::try_to_lock);
  EXPECT_TRUE(unique.owns_lock());
  unique.unlock();
  EXPECT_FALSE(a.IsLocked());
  const std::lock_guard<Lock> guard(b);
  EXPECT_TRUE(b.IsLocked());
}

void TakeAndEnd(const Lock& lock) {
  if (Take(lock) != "ok") std::exit(4);  // NOLINT(concurrency-mt-unsafe)
}

ISOPROC_CASE(Lock, LOCK_09, OwnerThatEndedIsReportedOnce) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  EXPECT_EQ(EndOf(Process::Start<TakeAndEnd>(Killable(), lock)), "exited 0");
  EXPECT_EQ(Take(lock), "owner died");
  EXPECT_OK(lock.Release());
  EXPECT_EQ(Take(lock), "ok");
}

ISOPROC_CASE(Lock, LOCK_09_2, KilledOwnerIsReportedToHimWhoTriesOnce) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<HoldForEver>(Into(output), lock));
  ASSERT_EQ(output.ReadLine(), "ok");
  EXPECT_EQ(Try(lock), "DEADLINE_EXCEEDED");
  ASSERT_OK(child.Kill());
  ASSERT_OK(Await(child));
  EXPECT_EQ(Try(lock), "owner died");
}

// Nobody awaits the dead one before: who waits finds out by itself.
ISOPROC_CASE(Lock, LOCK_09_3, WaiterGetsTheLockOfAKilledOwner) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<HoldForEver>(Into(output), lock));
  ASSERT_EQ(output.ReadLine(), "ok");
  std::atomic<bool> waits = false;
  std::string taken;
  std::thread waiter([&] {
    EXPECT_EQ(Show(lock.Acquire(absl::Milliseconds(20))), "DEADLINE_EXCEEDED");
    waits = true;
    taken = Take(lock);
  });
  while (!waits) std::this_thread::yield();
  ASSERT_OK(child.Kill());
  waiter.join();
  EXPECT_EQ(taken, "owner died");
}

ISOPROC_CASE(Lock, LOCK_13, ThreadDoesNotWaitForItself) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_EQ(Take(lock), "ok");
  EXPECT_EQ(Show(lock.Acquire()), "FAILED_PRECONDITION");
  EXPECT_EQ(Try(lock), "FAILED_PRECONDITION");
  EXPECT_OK(lock.Release());
}

void WaitAndEnd(const Lock& lock) {
  Say("waits");
  Say(Take(lock));
}

ISOPROC_CASE(Lock, LOCK_14, KilledWaitersAreForgotten) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_EQ(Take(lock), "ok");
  constexpr int kKilled = 3;
  std::vector<Process> killed;
  for (int i = 0; i < kKilled; ++i) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<WaitAndEnd>(Into(output), lock));
    ASSERT_EQ(output.ReadLine(), "waits");
    killed.push_back(std::move(child));
  }
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process survivor, Process::Start<WaitAndEnd>(Into(output), lock));
  ASSERT_EQ(output.ReadLine(), "waits");
  for (Process& child : killed) ASSERT_OK(child.Kill());
  EXPECT_OK(lock.Release());
  EXPECT_EQ(output.ReadToEnd(), "ok\n");
  // The survivor ended with the lock.
  EXPECT_EQ(EndOf(survivor), "exited 0");
  EXPECT_EQ(Take(lock), "owner died");
}

}  // namespace
}  // namespace isoproc::conformance
