#include "platform/core/shared/word_lock.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/support.h"

namespace isoproc::internal {
namespace {

constexpr ObjectKind kKind = ObjectKind::kLock;

TEST(WordLock, ExcludesThreadsOfSeveralProcesses) {
  PretendedProcess& first = PretendedProcess::First();
  const ObjectName name = first.arena()->NewObject(kKind).value();
  int count = 0;
  std::vector<std::pair<PretendedProcess*, std::shared_ptr<PretendedProcess::Run>>> runs;
  for (int i = 0; i < 6; ++i) {
    PretendedProcess& process = i % 2 == 0 ? first : first.Another();
    runs.emplace_back(&process, process.Start([&](Arena& arena) {
      for (int round = 0; round < 50; ++round) {
        EXPECT_TRUE(TakeObject(arena, name).ok());
        ++count;
        ReleaseObject(arena, name);
      }
    }));
  }
  for (auto& [process, run] : runs) EXPECT_EQ(process->Await(*run), Outcome::kReturned);
  EXPECT_EQ(count, 300);
}

// Whoever sleeps is woken by the release alone.
TEST(WordLock, NoWakeIsLostWithoutLookingAgain) {
  PretendedProcess& first = PretendedProcess::First();
  first.NeverLookAgain();
  const ObjectName name = first.arena()->NewObject(kKind).value();
  std::vector<std::pair<PretendedProcess*, std::shared_ptr<PretendedProcess::Run>>> runs;
  for (int i = 0; i < 4; ++i) {
    PretendedProcess& process = first.Another();
    runs.emplace_back(&process, process.Start([&](Arena& arena) {
      for (int round = 0; round < 50; ++round) {
        EXPECT_TRUE(TakeObject(arena, name).ok());
        std::this_thread::yield();  // so that others come meanwhile
        ReleaseObject(arena, name);
      }
    }));
  }
  for (auto& [process, run] : runs) EXPECT_EQ(process->Await(*run), Outcome::kReturned);
}

// The owner has died before anybody waits, so that nothing wakes them.
TEST(WordLock, OwnerThatIsDeadAlreadyIsNotWaitedFor) {
  PretendedProcess& survivor = PretendedProcess::First();
  PretendedProcess& victim = survivor.Another();
  survivor.NeverLookAgain();
  const ObjectName name = survivor.arena()->NewObject(kKind).value();
  const auto dies =
      victim.Start([name](Arena& arena) { EXPECT_TRUE(TakeObject(arena, name).ok()); });
  ASSERT_EQ(victim.Await(*dies), Outcome::kReturned);
  victim.Kill();
  const auto run = survivor.Start([name](Arena& arena) {
    const absl::StatusOr<Taken> taken = TakeObject(arena, name);
    EXPECT_TRUE(taken.ok() && *taken == Taken::kFromTheDead);
  });
  EXPECT_EQ(survivor.Await(*run, absl::Seconds(5)), Outcome::kReturned);
}

// Which of the two ways out of a lost wake there is.
enum class Rescue { kNone, kNotice, kLooks };

// The victim takes a lock and releases it, with `waiters` others asleep on it, and dies at each
// store. The others must get it one after the other. Gives the number of deaths after which they
// did not.
int CountStuck(int waiters, Rescue rescue, int* deaths) {
  int stuck = 0;
  *deaths = ForEveryStore([&](int n) {
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& victim = survivor.Another();
    const ObjectName name = survivor.arena()->NewObject(kKind).value();
    std::atomic<bool> begins = false;
    std::atomic<bool> has_it = false;
    const auto run = victim.Start(
        [&](Arena& arena) {
          EXPECT_TRUE(arena.Hold(name, kKind).ok());
          EXPECT_TRUE(TakeObject(arena, name).ok());
          has_it = true;
          while (!begins) std::this_thread::yield();
          ReleaseObject(arena, name);
        },
        n);
    // It dies before it has the lock, or has it and waits.
    Outcome outcome = Outcome::kNone;
    while (!has_it && outcome == Outcome::kNone) {
      outcome = victim.Await(*run, absl::Milliseconds(1));
    }
    PretendedProcess& other = survivor.Another();
    std::vector<std::shared_ptr<PretendedProcess::Run>> runs;
    if (rescue != Rescue::kLooks && outcome == Outcome::kNone) survivor.NeverLookAgain();
    for (int i = 0; i < waiters; ++i) {
      runs.push_back(other.Start([name](Arena& arena) {
        EXPECT_TRUE(TakeObject(arena, name).ok());
        ReleaseObject(arena, name);
      }));
    }
    if (outcome == Outcome::kNone) survivor.AwaitSleepers(waiters);
    begins = true;
    if (outcome == Outcome::kNone) outcome = victim.Await(*run);
    EXPECT_NE(outcome, Outcome::kNone) << n;
    if (rescue == Rescue::kNotice) survivor.arena()->NoticeDeath();
    const absl::Duration patience =
        rescue == Rescue::kNone ? absl::Milliseconds(300) : absl::Seconds(20);
    for (const auto& waiter : runs) {
      if (other.Await(*waiter, patience) == Outcome::kReturned) continue;
      ++stuck;
      break;
    }
    return outcome == Outcome::kDied;
  });
  return stuck;
}

TEST(WordLockCrash, OthersGetTheLockIfTheyLookAgain) {
  int deaths = 0;
  EXPECT_EQ(CountStuck(2, Rescue::kLooks, &deaths), 0);
  EXPECT_GT(deaths, 10);
}

TEST(WordLockCrash, OthersGetTheLockIfTheDeathIsNoticed) {
  int deaths = 0;
  EXPECT_EQ(CountStuck(2, Rescue::kNotice, &deaths), 0);
  EXPECT_GT(deaths, 10);
}

// The two cases above would not fail by themselves.
TEST(WordLockCrash, SomeHangIfNobodyNoticesAndNobodyLooks) {
  int deaths = 0;
  EXPECT_GT(CountStuck(2, Rescue::kNone, &deaths), 0);
}

// Whoever has the lock of the arena at that moment keeps a sleeper from looking for the dead: it is
// left due, for the next one who looks.
TEST(WordLock, SweepThatCouldNotBeIsStillDue) {
  PretendedProcess& first = PretendedProcess::First();
  PretendedProcess& other = first.Another();
  Arena& arena = *first.arena();
  const ObjectName name = arena.NewObject(kKind).value();
  EXPECT_TRUE(TakeObject(*other.arena(), name).ok());
  ArenaHeader& header = MemoryOf(arena).header;
  header.lock.owner.store(Me(*other.arena()).word());
  header.last_sweep.store(0);
  EXPECT_FALSE(TakeObject(arena, name, absl::Milliseconds(20)).ok());
  EXPECT_EQ(header.last_sweep.load(), 0);
  header.lock.owner.store(0);
  EXPECT_FALSE(TakeObject(arena, name, absl::Milliseconds(20)).ok());
  EXPECT_GT(header.last_sweep.load(), 0);
  ReleaseObject(*other.arena(), name);
}

// The victim sleeps on a lock, is woken, takes it and releases it, and dies at each store.
TEST(WordLockCrash, SleeperDies) {
  const int deaths = ForEveryStore([&](int n) {
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& victim = survivor.Another();
    PretendedProcess& other = survivor.Another();
    Arena& arena = *survivor.arena();
    const ObjectName name = arena.NewObject(kKind).value();
    EXPECT_TRUE(TakeObject(arena, name).ok());
    const auto body = [name](Arena& mine) {
      EXPECT_TRUE(mine.Hold(name, kKind).ok());
      EXPECT_TRUE(TakeObject(mine, name).ok());
      ReleaseObject(mine, name);
    };
    const auto run = victim.Start(body, n);
    Outcome outcome = Outcome::kNone;
    // It dies before it sleeps, or sleeps.
    while (outcome == Outcome::kNone && InUse(arena).find("waiting 0") != std::string::npos) {
      outcome = victim.Await(*run, absl::Milliseconds(1));
    }
    const auto waiter = other.Start(body);
    ReleaseObject(arena, name);
    EXPECT_NE(victim.Await(*run), Outcome::kNone) << n;
    EXPECT_EQ(other.Await(*waiter), Outcome::kReturned) << n;
    if (victim.Await(*run) == Outcome::kReturned) return false;
    arena.NoticeDeath();
    EXPECT_TRUE(TakeObject(arena, name).ok()) << n;
    return true;
  });
  EXPECT_GT(deaths, 15);
}

}  // namespace
}  // namespace isoproc::internal
