// How processes join the family, how objects come, travel and go, and what is done after a death.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/process.h"
#include "isoproc/process_options.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/parcel.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

// More than an object has room for in the arena: it gets memory of its own.
constexpr uint64_t kBlock = 128 << 10;

// What the victim has made. Never destroyed, as the victim never ends by itself.
struct Made {
  Objects objects;
  RawValue<Large> raw;
  RawArray<int64_t> raw_array;
  RawArray<std::byte> block;
};
Made& Own() {
  static auto& own = *new Made;
  return own;
}

// One of each kind.
void MakeOwn(Objects&) {
  Objects& own = Own().objects;
  own.lock = Lock::Create().value();
  own.semaphore = Semaphore::Create().value();
  own.bounded = BoundedSemaphore::Create(3).value();
  own.event = Event::Create().value();
  own.condition = Condition::Create().value();
  own.barrier = Barrier::Create(2).value();
  own.value = Value<int64_t>::Create().value();
  own.large = Value<Large>::Create().value();
  const std::vector<int64_t> initial = {1, 2, 3};
  own.array = Array<int64_t>::Create(absl::MakeConstSpan(initial)).value();
}
void MakeRaw(Objects&) {
  Own().raw = RawValue<Large>::Create(Large::Of(1)).value();
  *Own().raw = Large::Of(2);
  Own().raw_array = RawArray<int64_t>::Create(2).value();
  Own().raw_array.span()[1] = 1;
}
void MakeBlock(Objects&) {
  Own().block = RawArray<std::byte>::Create(kBlock).value();
  Own().block.span()[kBlock - 1] = std::byte{1};
}
void DropOwn(Objects&) { Own() = Made(); }

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

// Others make and drop objects all the time, which is under the same lock.
void MakeAndDrop(Stage& stage, Objects&) {
  stage.SetOff();
  while (!stage.is_over()) stage.ExpectOk(Event::Create().status(), "Create");
}

void TakeAll(Objects& mine) {
  mine.lock.Acquire().IgnoreError();
  mine.bounded.Acquire().IgnoreError();
  mine.large.Store(Large::Of(1)).IgnoreError();
}

void Receive(const Lock& lock) { lock.Release().IgnoreError(); }

// What the victim gets; in the victim.
std::string& Parcel() {
  static auto& parcel = *new std::string;
  return parcel;
}

}  // namespace

std::vector<Scenario> LifetimeScenarios() {
  const auto register_itself = [](Objects& mine) { mine.lock.TryAcquire().IgnoreError(); };
  return {
      {.name = "register.free",
       .make = MakeShared,
       .registered = false,
       .act = register_itself,
       .judge = UseShared},
      {.name = "register.contended",
       .make = MakeShared,
       .registered = false,
       .act = register_itself,
       .meanwhile = MakeAndDrop,
       .judge = UseShared},
      // Two deaths: the second process gets the place of the first one, or the next.
      {.name = "register.after_death",
       .make = MakeShared,
       .first = TakeAll,
       .registered = false,
       .act = register_itself,
       .judge = UseShared},
      {.name = "object.create", .make = MakeShared, .act = MakeOwn, .judge = UseShared},
      {.name = "object.create_raw", .make = MakeShared, .act = MakeRaw, .judge = UseShared},
      {.name = "object.create_block", .make = MakeShared, .act = MakeBlock, .judge = UseShared},
      {.name = "object.create_contended",
       .make = MakeShared,
       .act = [](Objects&) { Own().objects.lock = Lock::Create().value(); },
       .meanwhile = MakeAndDrop,
       .judge = UseShared},
      {.name = "object.drop",
       .make = MakeShared,
       .before =
           [](Objects& mine) {
             MakeOwn(mine);
             MakeRaw(mine);
             MakeBlock(mine);
           },
       .act = DropOwn,
       .judge = UseShared},
      {.name = "object.drop_contended",
       .make = MakeShared,
       .before = [](Objects&) { Own().objects.lock = Lock::Create().value(); },
       .act = DropOwn,
       .meanwhile = MakeAndDrop,
       .judge = UseShared},
      // Copies are of one process, and the last one drops the object there.
      {.name = "object.copy",
       .make = MakeShared,
       .act =
           [](Objects& mine) {
             const Objects copy = mine;
             mine = Objects();
             copy.lock.TryAcquire().IgnoreError();
           },
       .judge = UseShared},
      {.name = "object.ask",
       .make =
           [](Objects& mine) {
             MakeShared(mine);
             mine.semaphore = Semaphore::Create().value();
             mine.event = Event::Create().value();
             mine.barrier = Barrier::Create(2).value();
           },
       .act =
           [](Objects& mine) {
             if (mine.lock.IsLocked() || mine.event.IsSet() || mine.barrier.IsBroken()) return;
             int64_t sum = mine.semaphore.Value() + mine.bounded.Value();
             sum += mine.barrier.parties() + mine.barrier.waiting();
             if (sum == 0) mine = Objects();
           },
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
      // The receiver dies while it opens what it was sent.
      {.name = "travel.receive",
       .make = MakeShared,
       .before = [](Objects& mine) { Parcel() = PackAndLetGo(mine); },
       .act = [](Objects&) { Own().objects = Unpack(Parcel()); },
       .judge = UseShared},
      {.name = "travel.receive_contended",
       .make = MakeShared,
       .before = [](Objects& mine) { Parcel() = PackAndLetGo(mine); },
       .act = [](Objects&) { Own().objects = Unpack(Parcel()); },
       .meanwhile = MakeAndDrop,
       .judge = UseShared},
      // Two deaths: the second process dies while it puts right what the first one has left.
      {.name = "sweep.free",
       .make = MakeShared,
       .first =
           [](Objects& mine) {
             MakeOwn(mine);
             TakeAll(mine);
           },
       .act = [](Objects&) { NoticeDeath(); },
       .judge = UseShared},
      {.name = "sweep.with_sleepers",
       .make =
           [](Objects& mine) {
             MakeShared(mine);
             mine.event = Event::Create().value();
           },
       .first = TakeAll,
       .act = [](Objects&) { NoticeDeath(); },
       .sleepers = 2,
       .sleeper = [](Stage& stage,
                     Objects& mine) { stage.ExpectOk(mine.event.Wait(stage.limit()), "Wait"); },
       .judge =
           [](Stage& stage, Objects& mine, bool) {
             UseShared(stage, mine, false);
             stage.ExpectOk(mine.event.Set(), "Set");
           }},
  };
}

}  // namespace isoproc::kill
