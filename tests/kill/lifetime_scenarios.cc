// How processes join the family, how objects come and go, and what is done after a death.
#include <array>
#include <utility>
#include <vector>

#include "isoproc/process.h"
#include "isoproc/process_options.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

// What the victim has made. Never destroyed, as the victim never ends by itself.
Objects& Own() {
  static auto& own = *new Objects;
  return own;
}

// An object with room of its own, and one without.
void MakeOwn(Objects&) {
  Own().large = Value<Large>::Create().value();
  Own().lock = Lock::Create().value();
}
void DropOwn(Objects&) { Own() = Objects(); }

void MakeShared(Objects& mine) {
  mine.lock = Lock::Create().value();
  mine.bounded = BoundedSemaphore::Create(1).value();
  mine.large = Value<Large>::Create().value();
}

void UseShared(Stage& stage, Objects& mine, bool) {
  stage.ExpectTaken(mine.lock.Acquire(stage.limit()), "Acquire");
  stage.ExpectOk(mine.lock.Release(), "Release");
  stage.ExpectOk(mine.bounded.Acquire(stage.limit()), "Acquire a permit");
  stage.ExpectOk(mine.bounded.Release(), "Release a permit");
  const absl::StatusOr<Lock> one_more = Lock::Create();
  stage.ExpectOk(one_more.status(), "Create");
}

void Receive(const Lock& lock) { lock.TryAcquire().IgnoreError(); }

}  // namespace

std::vector<Scenario> LifetimeScenarios() {
  return {
      {.name = "family.register",
       .make = MakeShared,
       .registered = false,
       .act = [](Objects& mine) { mine.lock.TryAcquire().IgnoreError(); },
       .judge = UseShared},
      {.name = "object.create", .make = MakeShared, .act = MakeOwn, .judge = UseShared},
      {.name = "object.drop",
       .make = MakeShared,
       .before = MakeOwn,
       .act = DropOwn,
       .judge = UseShared},
      // The sender of a handle dies while it starts the receiver.
      {.name = "travel.send",
       .make = MakeShared,
       .act =
           [](Objects& mine) {
             ProcessOptions options;
             options.standard_output = StandardStream::Null();
             options.standard_error = StandardStream::Null();
             options.at_exit = AtExit::kKill;
             Process::Start<Receive>(options, mine.lock).IgnoreError();
           },
       .judge = UseShared},
      // Two deaths: the second process dies while it puts right what the first one has left.
      {.name = "sweep",
       .make = MakeShared,
       .first =
           [](Objects& mine) {
             MakeOwn(mine);
             mine.lock.Acquire().IgnoreError();
             mine.bounded.Acquire().IgnoreError();
             mine.large.Store(Large::Of(1)).IgnoreError();
           },
       .act = [](Objects&) { NoticeDeath(); },
       .judge = UseShared},
  };
}

}  // namespace isoproc::kill
