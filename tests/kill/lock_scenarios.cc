// Lock and RLock.
#include <vector>

#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

void Use(Stage& stage, const Lock& lock) {
  stage.ExpectTaken(lock.Acquire(stage.limit()), "Acquire");
  stage.ExpectOk(lock.Release(), "Release");
}

void Use(Stage& stage, const RLock& lock) {
  stage.ExpectTaken(lock.Acquire(stage.limit()), "Acquire");
  stage.ExpectOk(lock.Acquire(stage.limit()).status(), "Acquire again");
  stage.ExpectOk(lock.Release(), "Release");
  stage.Expect(lock.IsLocked(), "free after one Release of two");
  stage.ExpectOk(lock.Release(), "the last Release");
}

void MakeLock(Objects& mine) { mine.lock = Lock::Create().value(); }
void MakeRLock(Objects& mine) { mine.rlock = RLock::Create().value(); }
void Judge(Stage& stage, Objects& mine, bool) { Use(stage, mine.lock); }
void JudgeRLock(Stage& stage, Objects& mine, bool) { Use(stage, mine.rlock); }

// Has the lock until somebody sleeps on it.
void HoldMeanwhile(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.lock.Acquire().status(), "Acquire");
  stage.SetOff();
  stage.AwaitSleepers(1);
  stage.ExpectOk(mine.lock.Release(), "Release");
}

}  // namespace

std::vector<Scenario> LockScenarios() {
  return {
      {.name = "lock.free",
       .make = MakeLock,
       .act =
           [](Objects& mine) {
             mine.lock.Acquire().IgnoreError();
             mine.lock.Release().IgnoreError();
           },
       .judge = Judge},
      {.name = "lock.contended",
       .make = MakeLock,
       .act =
           [](Objects& mine) {
             mine.lock.Acquire().IgnoreError();
             mine.lock.Release().IgnoreError();
           },
       .sleeps = true,
       .meanwhile = HoldMeanwhile,
       .judge = Judge},
      {.name = "lock.release_to_sleepers",
       .make = MakeLock,
       .before = [](Objects& mine) { mine.lock.Acquire().IgnoreError(); },
       .act = [](Objects& mine) { mine.lock.Release().IgnoreError(); },
       .sleepers = 2,
       .sleeper = [](Stage& stage, Objects& mine) { Use(stage, mine.lock); },
       .judge = Judge},
      {.name = "lock.try_in_vain",
       .make = MakeLock,
       .act = [](Objects& mine) { mine.lock.TryAcquire().IgnoreError(); },
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.ExpectOk(mine.lock.Acquire().status(), "Acquire");
             stage.SetOff();
             stage.LetSleep();
             stage.AwaitSleepers(1);
             stage.ExpectOk(mine.lock.Release(), "Release");
           },
       .judge = Judge},
      {.name = "rlock.free",
       .make = MakeRLock,
       .act =
           [](Objects& mine) {
             mine.rlock.Acquire().IgnoreError();
             mine.rlock.TryAcquire().IgnoreError();
             mine.rlock.Release().IgnoreError();
             mine.rlock.Release().IgnoreError();
           },
       .judge = JudgeRLock},
      {.name = "rlock.release_to_sleepers",
       .make = MakeRLock,
       .before = [](Objects& mine) { mine.rlock.Acquire().IgnoreError(); },
       .act =
           [](Objects& mine) {
             mine.rlock.Acquire().IgnoreError();
             mine.rlock.Release().IgnoreError();
             mine.rlock.Release().IgnoreError();
           },
       .sleepers = 2,
       .sleeper = [](Stage& stage, Objects& mine) { Use(stage, mine.rlock); },
       .judge = JudgeRLock},
  };
}

}  // namespace isoproc::kill
