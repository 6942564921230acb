// Event, Condition and Barrier.
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

void MakeEvent(Objects& mine) { mine.event = Event::Create().value(); }
void MakeSetEvent(Objects& mine) {
  MakeEvent(mine);
  mine.event.Set().IgnoreError();
}
void SetEvent(Objects& mine) { mine.event.Set().IgnoreError(); }
void AwaitEvent(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.event.Wait(stage.limit()), "Wait");
}

void SetAndAwait(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.event.Set(), "Set");
  AwaitEvent(stage, mine);
}

void MakeCondition(Objects& mine) { mine.condition = Condition::Create().value(); }
// Whoever dies wakes all, so that none of the survivors waits to the end.
void AwaitCondition(Stage& stage, Objects& mine) {
  stage.ExpectTaken(mine.condition.Acquire(stage.limit()), "Acquire");
  stage.ExpectTaken(mine.condition.Wait(stage.limit()), "Wait");
  stage.ExpectOk(mine.condition.Release(), "Release");
}
void Notify(Stage& stage, Objects& mine) {
  stage.ExpectTaken(mine.condition.Acquire(stage.limit()), "Acquire");
  stage.ExpectOk(mine.condition.Notify(), "Notify");
  stage.ExpectOk(mine.condition.Release(), "Release");
}
// Without a notification: who still waits must be woken by the death.
void UseCondition(Stage& stage, Objects& mine, bool) {
  stage.ExpectTaken(mine.condition.Acquire(stage.limit()), "Acquire");
  stage.ExpectOk(mine.condition.Release(), "Release");
}

void NotifyOne(Objects& mine) {
  mine.condition.Acquire().IgnoreError();
  mine.condition.Notify().IgnoreError();
  mine.condition.Release().IgnoreError();
}
void NotifyAll(Objects& mine) {
  mine.condition.Acquire().IgnoreError();
  mine.condition.NotifyAll().IgnoreError();
  mine.condition.Release().IgnoreError();
}
void WaitAndRelease(Objects& mine) {
  mine.condition.Acquire().IgnoreError();
  mine.condition.Wait().IgnoreError();
  mine.condition.Release().IgnoreError();
}
void NotifyWhoeverSleeps(Stage& stage, Objects& mine) {
  stage.SetOff();
  stage.AwaitSleepers(1);
  Notify(stage, mine);
}

void MakeBrokenBarrier(Objects& mine) {
  mine.barrier = Barrier::Create(2).value();
  mine.barrier.Abort().IgnoreError();
}
void Meet(Stage& stage, Objects& mine) {
  const absl::Status status = mine.barrier.Wait(stage.limit()).status();
  stage.Expect(status.ok() || absl::IsAborted(status), status.ToString());
}
// Nobody waits for ever; and once the death is noticed, the barrier is broken whatever the victim,
// which had a handle, had done. It can be mended.
void ExpectBroken(Stage& stage, Objects& mine, bool) {
  Meet(stage, mine);
  stage.AwaitSleepersFinished();
  NoticeDeath();
  stage.Expect(mine.barrier.IsBroken(), "the barrier of a dead party is not broken");
  stage.ExpectOk(mine.barrier.Reset(), "Reset");
  stage.Expect(!mine.barrier.IsBroken(), "broken after Reset");
}

}  // namespace

std::vector<Scenario> MeetingScenarios() {
  const auto barrier_of = [](int parties) {
    return [parties](Objects& mine) { mine.barrier = Barrier::Create(parties).value(); };
  };
  return {
      {.name = "event.set",
       .make = MakeEvent,
       .act = SetEvent,
       .sleepers = 2,
       .sleeper = AwaitEvent,
       .committed = [](const Stage&, const Objects& mine) { return mine.event.IsSet(); },
       .judge =
           [](Stage& stage, Objects& mine, bool is_set) {
             if (!is_set) stage.ExpectOk(mine.event.Set(), "Set");
             AwaitEvent(stage, mine);
           }},
      {.name = "event.clear",
       .make = MakeSetEvent,
       .act = [](Objects& mine) { mine.event.Clear().IgnoreError(); },
       .committed = [](const Stage&, const Objects& mine) { return !mine.event.IsSet(); },
       .judge =
           [](Stage& stage, Objects& mine, bool cleared) {
             stage.Expect(mine.event.IsSet() != cleared, "the event has changed");
             SetAndAwait(stage, mine);
           }},
      {.name = "event.wait",
       .make = MakeEvent,
       .act = [](Objects& mine) { mine.event.Wait().IgnoreError(); },
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(2);
             stage.ExpectOk(mine.event.Set(), "Set");
           },
       .sleepers = 1,
       .sleeper = AwaitEvent,
       .judge = [](Stage& stage, Objects& mine, bool) { AwaitEvent(stage, mine); }},
      {.name = "event.set_free",
       .make = MakeEvent,
       .act = SetEvent,
       .committed = [](const Stage&, const Objects& mine) { return mine.event.IsSet(); },
       .judge =
           [](Stage& stage, Objects& mine, bool is_set) {
             stage.Expect(mine.event.IsSet() == is_set, "the event has changed");
             SetAndAwait(stage, mine);
           }},
      {.name = "event.clear_with_sleepers",
       .make = MakeEvent,
       .act = [](Objects& mine) { mine.event.Clear().IgnoreError(); },
       .sleepers = 2,
       .sleeper = AwaitEvent,
       .judge =
           [](Stage& stage, Objects& mine, bool) {
             stage.Expect(!mine.event.IsSet(), "the event has changed");
             SetAndAwait(stage, mine);
           }},
      {.name = "event.wait_free",
       .make = MakeSetEvent,
       .act = [](Objects& mine) { mine.event.Wait().IgnoreError(); },
       .judge = [](Stage& stage, Objects& mine, bool) { AwaitEvent(stage, mine); }},
      {.name = "event.wait_times_out",
       .make = MakeEvent,
       .act = [](Objects& mine) { mine.event.Wait(absl::Milliseconds(5)).IgnoreError(); },
       .sleepers = 1,
       .sleeper = AwaitEvent,
       .judge = [](Stage& stage, Objects& mine, bool) { stage.ExpectOk(mine.event.Set(), "Set"); }},
      {.name = "condition.notify_free",
       .make = MakeCondition,
       .act = NotifyOne,
       .judge = UseCondition},
      {.name = "condition.notify_one",
       .make = MakeCondition,
       .act = NotifyOne,
       .sleepers = 2,
       .sleeper = AwaitCondition,
       .judge = UseCondition},
      // While one waits for the condition and another has its lock.
      {.name = "condition.notify_contended",
       .make = MakeCondition,
       .act = NotifyAll,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(1);
             stage.ExpectTaken(mine.condition.Acquire(stage.limit()), "Acquire");
             stage.AwaitSleepers(2);
             stage.ExpectOk(mine.condition.Release(), "Release");
           },
       .sleepers = 1,
       .sleeper = AwaitCondition,
       .judge = UseCondition},
      {.name = "condition.notify",
       .make = MakeCondition,
       .act = NotifyAll,
       .sleepers = 2,
       .sleeper = AwaitCondition,
       .judge = UseCondition},
      // The first notification is for the victim or for the other one.
      {.name = "condition.wait",
       .make = MakeCondition,
       .act = WaitAndRelease,
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(2);
             Notify(stage, mine);
             if (stage.AwaitFinished(1)) Notify(stage, mine);
           },
       .sleepers = 1,
       .sleeper = AwaitCondition,
       .judge = UseCondition},
      {.name = "condition.wait_with_lock",
       .make =
           [](Objects& mine) {
             mine.lock = Lock::Create().value();
             mine.condition = Condition::Create(mine.lock).value();
           },
       .act = WaitAndRelease,
       .sleeps = true,
       .meanwhile = NotifyWhoeverSleeps,
       .judge = UseCondition},
      // Each Wait gives up the lock as often as it is had.
      {.name = "condition.wait_nested",
       .make = MakeCondition,
       .act =
           [](Objects& mine) {
             mine.condition.Acquire().IgnoreError();
             WaitAndRelease(mine);
             mine.condition.Release().IgnoreError();
           },
       .sleeps = true,
       .meanwhile = NotifyWhoeverSleeps,
       .judge = UseCondition},
      {.name = "condition.wait_for",
       .make =
           [](Objects& mine) {
             MakeCondition(mine);
             mine.value = Value<int64_t>::Create().value();
           },
       .act =
           [](Objects& mine) {
             mine.condition.Acquire().IgnoreError();
             mine.condition.WaitFor([&] { return mine.value.Load().value_or(1) != 0; })
                 .IgnoreError();
             mine.condition.Release().IgnoreError();
           },
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(1);
             stage.ExpectOk(mine.value.Store(1), "Store");
             Notify(stage, mine);
           },
       .judge = UseCondition},
      {.name = "condition.wait_times_out",
       .make = MakeCondition,
       .act =
           [](Objects& mine) {
             mine.condition.Acquire().IgnoreError();
             mine.condition.Wait(absl::Milliseconds(5)).IgnoreError();
             mine.condition.Release().IgnoreError();
           },
       .sleepers = 1,
       .sleeper = AwaitCondition,
       .judge = UseCondition},
      {.name = "barrier.last",
       .make = barrier_of(3),
       .act = [](Objects& mine) { mine.barrier.Wait().IgnoreError(); },
       .sleepers = 2,
       .sleeper = Meet,
       .judge = ExpectBroken},
      {.name = "barrier.last_with_action",
       .make = barrier_of(3),
       .act = [](Objects& mine) { mine.barrier.WaitAnd([] {}).IgnoreError(); },
       .sleepers = 2,
       .sleeper = Meet,
       .judge = ExpectBroken},
      {.name = "barrier.first",
       .make = barrier_of(2),
       .act = [](Objects& mine) { mine.barrier.Wait().IgnoreError(); },
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(1);
             Meet(stage, mine);
           },
       .judge = [](Stage& stage, Objects& mine, bool) { Meet(stage, mine); }},
      {.name = "barrier.abort",
       .make = barrier_of(3),
       .act = [](Objects& mine) { mine.barrier.Abort().IgnoreError(); },
       .sleepers = 2,
       .sleeper = Meet,
       .judge = ExpectBroken},
      {.name = "barrier.reset",
       .make = barrier_of(3),
       .act = [](Objects& mine) { mine.barrier.Reset().IgnoreError(); },
       .sleepers = 1,
       .sleeper = Meet,
       .judge = ExpectBroken},
      {.name = "barrier.abort_free",
       .make = barrier_of(3),
       .act = [](Objects& mine) { mine.barrier.Abort().IgnoreError(); },
       .judge = ExpectBroken},
      {.name = "barrier.reset_broken",
       .make = MakeBrokenBarrier,
       .act = [](Objects& mine) { mine.barrier.Reset().IgnoreError(); },
       .judge = ExpectBroken},
      {.name = "barrier.wait_broken",
       .make = MakeBrokenBarrier,
       .act = [](Objects& mine) { mine.barrier.Wait().IgnoreError(); },
       .judge = ExpectBroken},
      // Who has waited too long breaks it for those who wait with it.
      {.name = "barrier.times_out",
       .make = barrier_of(3),
       .act = [](Objects& mine) { mine.barrier.Wait(absl::Milliseconds(5)).IgnoreError(); },
       .sleepers = 1,
       .sleeper = Meet,
       .judge = ExpectBroken},
      {.name = "barrier.middle",
       .make = barrier_of(3),
       .act = [](Objects& mine) { mine.barrier.Wait().IgnoreError(); },
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(2);
             Meet(stage, mine);
           },
       .sleepers = 1,
       .sleeper = Meet,
       .judge = [](Stage& stage, Objects& mine, bool) { Meet(stage, mine); }},
  };
}

}  // namespace isoproc::kill
