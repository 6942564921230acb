// Semaphore and BoundedSemaphore.
#include <vector>

#include "absl/time/time.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

void MakePermits(Objects& mine, int count) {
  mine.bounded = BoundedSemaphore::Create(count).value();
}

// All permits are there, and not one more.
void ExpectPermits(Stage& stage, const BoundedSemaphore& bounded, int count) {
  for (int i = 0; i < count; ++i) stage.ExpectOk(bounded.Acquire(stage.limit()), "Acquire");
  stage.Expect(bounded.Value() == 0, "more permits than there were");
  for (int i = 0; i < count; ++i) stage.ExpectOk(bounded.Release(), "Release");
  stage.Expect(!bounded.Release().ok(), "a permit too many came back");
}

void AcquireTwo(Objects& mine) {
  mine.bounded.Acquire().IgnoreError();
  mine.bounded.Acquire().IgnoreError();
}
void UsePermit(Objects& mine) {
  mine.bounded.Acquire().IgnoreError();
  mine.bounded.Release().IgnoreError();
}

// Where nobody but the dead had any: they are back, and not only to be had for who waits.
void ExpectPermitsBack(Stage& stage, const BoundedSemaphore& bounded, int count) {
  if (stage.noticed()) {
    NoticeDeath();
    stage.Expect(bounded.Value() == count, "permits of the dead are not back");
  }
  ExpectPermits(stage, bounded, count);
}

// All that there are are taken until the victim is dead.
void HoldPermit(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.bounded.Acquire(), "Acquire");
  stage.SetOff();
  stage.AwaitDeath();
  stage.ExpectOk(mine.bounded.Release(), "Release");
}
void ExpectPermit(Stage& stage, Objects& mine, bool) { ExpectPermits(stage, mine.bounded, 1); }
void ExpectPermitAfterSleepers(Stage& stage, Objects& mine, bool) {
  stage.AwaitSleepersFinished();
  ExpectPermits(stage, mine.bounded, 1);
}
void MakePermit(Objects& mine) { MakePermits(mine, 1); }
void AcquireAndRelease(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.bounded.Acquire(stage.limit()), "Acquire");
  stage.ExpectOk(mine.bounded.Release(), "Release");
}

// Nobody adds until the victim is dead; then one for each who waits.
void ReleaseAfterDeath(Stage& stage, Objects& mine, bool) {
  stage.ExpectOk(mine.semaphore.Release(1 + stage.sleepers()), "Release");
  stage.ExpectOk(mine.semaphore.Acquire(stage.limit()), "Acquire");
}

void TakeOne(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.semaphore.Acquire(stage.limit()), "Acquire");
}

}  // namespace

std::vector<Scenario> CountScenarios() {
  return {
      {.name = "semaphore.free",
       .make = [](Objects& mine) { mine.semaphore = Semaphore::Create(1).value(); },
       .act =
           [](Objects& mine) {
             mine.semaphore.Acquire().IgnoreError();
             mine.semaphore.Release().IgnoreError();
           },
       .committed = [](const Stage&, const Objects& mine) { return mine.semaphore.Value() == 1; },
       .judge =
           [](Stage& stage, Objects& mine, bool is_there) {
             // What it had taken is gone.
             stage.Expect(mine.semaphore.Value() == (is_there ? 1 : 0), "the count has changed");
             if (!is_there) stage.ExpectOk(mine.semaphore.Release(), "Release");
             TakeOne(stage, mine);
           }},
      // The victim and another one wait, and there is one for one of them.
      {.name = "semaphore.contended",
       .make = [](Objects& mine) { mine.semaphore = Semaphore::Create(0).value(); },
       .act = [](Objects& mine) { mine.semaphore.Acquire().IgnoreError(); },
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(2);
             stage.Mark();
             stage.ExpectOk(mine.semaphore.Release(), "Release");
             // The other one had it, so one for the victim.
             if (stage.AwaitFinished(1)) stage.ExpectOk(mine.semaphore.Release(), "Release");
           },
       .sleepers = 1,
       .sleeper = TakeOne,
       .committed =
           [](const Stage& stage, const Objects& mine) {
             return stage.marked() && mine.semaphore.Value() == 0 && stage.finished() == 0;
           },
       .judge =
           [](Stage& stage, Objects& mine, bool taken) {
             // What the dead one took is gone; what it only was woken for is the other's.
             if (taken) stage.ExpectOk(mine.semaphore.Release(), "Release");
           }},
      {.name = "semaphore.try_in_vain",
       .make = [](Objects& mine) { mine.semaphore = Semaphore::Create(0).value(); },
       .act = [](Objects& mine) { mine.semaphore.TryAcquire().IgnoreError(); },
       .judge = ReleaseAfterDeath},
      {.name = "semaphore.times_out",
       .make = [](Objects& mine) { mine.semaphore = Semaphore::Create(0).value(); },
       .act = [](Objects& mine) { mine.semaphore.Acquire(absl::Milliseconds(5)).IgnoreError(); },
       .sleepers = 1,
       .sleeper = TakeOne,
       .judge = ReleaseAfterDeath},
      // All of a release comes to pass, or nothing of it.
      {.name = "semaphore.release_to_sleepers",
       .make = [](Objects& mine) { mine.semaphore = Semaphore::Create(0).value(); },
       .act = [](Objects& mine) { mine.semaphore.Release(3).IgnoreError(); },
       .sleepers = 2,
       .sleeper = TakeOne,
       .committed = [](const Stage&, const Objects& mine) { return mine.semaphore.Value() > 0; },
       .judge =
           [](Stage& stage, Objects& mine, bool released) {
             if (!released) stage.ExpectOk(mine.semaphore.Release(3), "Release");
             TakeOne(stage, mine);
           }},
      {.name = "bounded.free",
       .make = [](Objects& mine) { MakePermits(mine, 2); },
       .act =
           [](Objects& mine) {
             mine.bounded.Acquire().IgnoreError();
             UsePermit(mine);
             mine.bounded.Release().IgnoreError();
           },
       .judge = [](Stage& stage, Objects& mine,
                   bool) { ExpectPermitsBack(stage, mine.bounded, 2); }},
      {.name = "bounded.contended",
       .make = MakePermit,
       .act = UsePermit,
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.ExpectOk(mine.bounded.Acquire(), "Acquire");
             stage.SetOff();
             stage.AwaitSleepers(1);
             stage.ExpectOk(mine.bounded.Release(), "Release");
           },
       .judge = ExpectPermit},
      {.name = "bounded.contended_with_sleeper",
       .make = MakePermit,
       .act = UsePermit,
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.ExpectOk(mine.bounded.Acquire(), "Acquire");
             stage.SetOff();
             stage.AwaitSleepers(2);
             stage.ExpectOk(mine.bounded.Release(), "Release");
           },
       .sleepers = 1,
       .sleeper = AcquireAndRelease,
       .judge = ExpectPermitAfterSleepers},
      {.name = "bounded.try_in_vain",
       .make = MakePermit,
       .act = [](Objects& mine) { mine.bounded.TryAcquire().IgnoreError(); },
       .meanwhile = HoldPermit,
       .judge = ExpectPermit},
      {.name = "bounded.times_out",
       .make = MakePermit,
       .act = [](Objects& mine) { mine.bounded.Acquire(absl::Milliseconds(5)).IgnoreError(); },
       .meanwhile = HoldPermit,
       .sleepers = 1,
       .sleeper = AcquireAndRelease,
       .judge = ExpectPermitAfterSleepers},
      // Two deaths: the second process dies while it takes what the first one had.
      {.name = "bounded.from_the_dead",
       .make = MakePermit,
       .first = [](Objects& mine) { mine.bounded.Acquire().IgnoreError(); },
       .act = UsePermit,
       .judge = [](Stage& stage, Objects& mine,
                   bool) { ExpectPermitsBack(stage, mine.bounded, 1); }},
      // The victim has none, and gives back one that another process has.
      {.name = "bounded.release_anothers",
       .make =
           [](Objects& mine) {
             MakePermits(mine, 2);
             AcquireTwo(mine);
           },
       .act = [](Objects& mine) { mine.bounded.Release().IgnoreError(); },
       .committed = [](const Stage&, const Objects& mine) { return mine.bounded.Value() == 1; },
       .judge =
           [](Stage& stage, Objects& mine, bool released) {
             stage.Expect(mine.bounded.Value() == (released ? 1 : 0), "permits have changed");
             if (!released) stage.ExpectOk(mine.bounded.Release(), "Release");
             stage.ExpectOk(mine.bounded.Release(), "Release");
             stage.Expect(!mine.bounded.Release().ok(), "a permit too many came back");
           }},
      {.name = "bounded.release_to_sleepers",
       .make = [](Objects& mine) { MakePermits(mine, 2); },
       .before = AcquireTwo,
       .act = [](Objects& mine) { mine.bounded.Release().IgnoreError(); },
       .sleepers = 2,
       .sleeper =
           [](Stage& stage, Objects& mine) {
             stage.ExpectOk(mine.bounded.Acquire(stage.limit()), "Acquire");
           },
       .judge =
           [](Stage& stage, Objects& mine, bool) {
             // Those who wait have all that there are.
             stage.AwaitSleepersFinished();
             stage.Expect(mine.bounded.Value() == 0, "more permits than there were");
             stage.ExpectOk(mine.bounded.Release(), "Release");
             stage.ExpectOk(mine.bounded.Release(), "Release");
             stage.Expect(!mine.bounded.Release().ok(), "a permit too many came back");
           }},
  };
}

}  // namespace isoproc::kill
