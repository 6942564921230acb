// Lock and RLock.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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

// What Lock and RLock have in common.
template <class AnyLock>
std::vector<Scenario> ScenariosOf(const std::string& name, AnyLock Objects::*lock) {
  const auto make = [lock](Objects& mine) { mine.*lock = AnyLock::Create().value(); };
  const auto take = [lock](Objects& mine) { (mine.*lock).Acquire().IgnoreError(); };
  const auto take_and_release = [lock](Objects& mine) {
    (mine.*lock).Acquire().IgnoreError();
    (mine.*lock).Release().IgnoreError();
  };
  const auto use = [lock](Stage& stage, Objects& mine) { Use(stage, mine.*lock); };
  const auto judge = [use](Stage& stage, Objects& mine, bool) { use(stage, mine); };
  // Has the lock until so many sleep.
  const auto hold_until = [lock](int sleepers) {
    return [lock, sleepers](Stage& stage, Objects& mine) {
      stage.ExpectOk((mine.*lock).Acquire().status(), "Acquire");
      stage.SetOff();
      stage.AwaitSleepers(sleepers);
      stage.ExpectOk((mine.*lock).Release(), "Release");
    };
  };
  const auto hold_until_death = [lock](Stage& stage, Objects& mine) {
    stage.ExpectOk((mine.*lock).Acquire().status(), "Acquire");
    stage.SetOff();
    stage.AwaitDeath();
    stage.ExpectOk((mine.*lock).Release(), "Release");
  };
  return {
      {.name = absl::StrCat(name, ".free"), .make = make, .act = take_and_release, .judge = judge},
      {.name = absl::StrCat(name, ".standard"),
       .make = make,
       .act =
           [lock](Objects& mine) {
             (mine.*lock).lock();
             (mine.*lock).unlock();
             if ((mine.*lock).try_lock()) (mine.*lock).unlock();
           },
       .judge = judge},
      {.name = absl::StrCat(name, ".contended"),
       .make = make,
       .act = take_and_release,
       .sleeps = true,
       .meanwhile = hold_until(1),
       .judge = judge},
      {.name = absl::StrCat(name, ".contended_with_sleeper"),
       .make = make,
       .act = take_and_release,
       .sleeps = true,
       .meanwhile = hold_until(2),
       .sleepers = 1,
       .sleeper = use,
       .judge = judge},
      {.name = absl::StrCat(name, ".release_to_sleepers"),
       .make = make,
       .before = take,
       .act = [lock](Objects& mine) { (mine.*lock).Release().IgnoreError(); },
       .sleepers = 2,
       .sleeper = use,
       .judge = judge},
      {.name = absl::StrCat(name, ".try_in_vain"),
       .make = make,
       .act = [lock](Objects& mine) { (mine.*lock).TryAcquire().IgnoreError(); },
       .meanwhile = hold_until_death,
       .judge = judge},
      {.name = absl::StrCat(name, ".times_out"),
       .make = make,
       .act = [lock](Objects& mine) { (mine.*lock).Acquire(absl::Milliseconds(5)).IgnoreError(); },
       .meanwhile = hold_until_death,
       .sleepers = 1,
       .sleeper = use,
       .judge = judge},
      // Two deaths: the second process dies while it takes the lock of the first one.
      {.name = absl::StrCat(name, ".from_the_dead"),
       .make = make,
       .first = take,
       .act = take_and_release,
       .judge = judge},
  };
}

}  // namespace

std::vector<Scenario> LockScenarios() {
  std::vector<Scenario> scenarios = ScenariosOf("lock", &Objects::lock);
  const std::vector<Scenario> recursive = ScenariosOf("rlock", &Objects::rlock);
  scenarios.insert(scenarios.end(), recursive.begin(), recursive.end());
  const auto make = [](Objects& mine) { mine.rlock = RLock::Create().value(); };
  const auto use = [](Stage& stage, Objects& mine) { Use(stage, mine.rlock); };
  scenarios.push_back({.name = "rlock.again_with_sleepers",
                       .make = make,
                       .before = [](Objects& mine) { mine.rlock.Acquire().IgnoreError(); },
                       .act =
                           [](Objects& mine) {
                             mine.rlock.Acquire().IgnoreError();
                             mine.rlock.TryAcquire().IgnoreError();
                             for (int i = 0; i < 3; ++i) mine.rlock.Release().IgnoreError();
                           },
                       .sleepers = 2,
                       .sleeper = use,
                       .judge = [use](Stage& stage, Objects& mine, bool) { use(stage, mine); }});
  return scenarios;
}

}  // namespace isoproc::kill
