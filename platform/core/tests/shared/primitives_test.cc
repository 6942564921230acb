// Semaphores, events and barriers whose users die at each store.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/core/shared/barrier.h"
#include "platform/core/shared/counter.h"
#include "platform/core/shared/event.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/permits.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/support.h"

namespace isoproc::internal {
namespace {

constexpr absl::Duration kForEver = absl::InfiniteDuration();

// One process makes an object; `waiting` threads of another do `wait` with it and sleep; a third
// one does `act` and is killed at each of its stores. Then `judge` looks, in the first one, with
// the death noticed or (every second time) not.
struct Scenario {
  ObjectKind kind;
  uint64_t room = 0;
  std::function<void(ObjectSlot& slot)> prepare = [](ObjectSlot&) {};
  int waiting = 0;
  std::function<void(Arena& arena, ObjectSlot& slot)> wait;
  std::function<void(Arena& arena, ObjectSlot& slot)> act;
  std::function<void(Arena& arena, ObjectSlot& slot)> judge;
  // When all waits have returned.
  std::function<void(Outcome outcome)> in_the_end = [](Outcome) {};
};

int Play(const Scenario& scenario) {
  return ForEveryStore([&](int n) {
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& victim = survivor.Another();
    PretendedProcess& other = survivor.Another();
    Arena& arena = *survivor.arena();
    const ObjectName name = arena.NewObject(scenario.kind, scenario.room, scenario.prepare).value();
    for (PretendedProcess* process : {&victim, &other}) {
      EXPECT_TRUE(process->arena()->Hold(name, scenario.kind).ok());
    }
    const auto with = [name](auto use) {
      return [=](Arena& mine) { use(mine, mine.object(name.index)); };
    };
    std::vector<std::shared_ptr<PretendedProcess::Run>> waits;
    for (int i = 0; i < scenario.waiting; ++i) waits.push_back(other.Start(with(scenario.wait)));
    survivor.AwaitSleepers(scenario.waiting);
    const auto run = victim.Start(with(scenario.act), n);
    const Outcome outcome = victim.Await(*run);
    EXPECT_NE(outcome, Outcome::kNone) << n;
    if (outcome == Outcome::kDied && n % 2 == 0) arena.NoticeDeath();
    scenario.judge(arena, arena.object(name.index));
    for (const auto& wait : waits) EXPECT_EQ(other.Await(*wait), Outcome::kReturned) << n;
    scenario.in_the_end(outcome);
    arena.NoticeDeath();
    for (PretendedProcess* process : {&survivor, &other}) process->arena()->LetGo(name);
    if (outcome == Outcome::kReturned) victim.arena()->LetGo(name);
    EXPECT_NE(InUse(arena).find("objects 0 held 0"), std::string::npos) << n << InUse(arena);
    return outcome == Outcome::kDied;
  });
}

TEST(PrimitivesCrash, PermitsComeBack) {
  const auto take = [](Arena& arena, ObjectSlot& slot) {
    EXPECT_TRUE(TakePermit(arena, slot, Me(arena), kForEver).ok());
  };
  EXPECT_GT(
      Play({.kind = ObjectKind::kBoundedSemaphore,
            .room = 2 * sizeof(uint64_t),
            .prepare =
                [](ObjectSlot& slot) { PayloadOf<BoundedSemaphorePayload>(slot).permits.store(2); },
            .act =
                [&](Arena& arena, ObjectSlot& slot) {
                  take(arena, slot);
                  take(arena, slot);
                  EXPECT_TRUE(ReturnPermit(arena, slot, Me(arena)));
                  EXPECT_TRUE(ReturnPermit(arena, slot, Me(arena)));
                },
            .judge =
                [&](Arena& arena, ObjectSlot& slot) {
                  take(arena, slot);
                  take(arena, slot);
                  EXPECT_EQ(CountFreePermits(arena, slot), 0U);
                  EXPECT_TRUE(ReturnPermit(arena, slot, Me(arena)));
                  EXPECT_TRUE(ReturnPermit(arena, slot, Me(arena)));
                  EXPECT_FALSE(ReturnPermit(arena, slot, Me(arena)));
                }}),
      3);
}

TEST(PrimitivesCrash, WaitersForPermitsOfTheDeadGetThem) {
  const auto take = [](Arena& arena, ObjectSlot& slot) {
    EXPECT_TRUE(TakePermit(arena, slot, Me(arena), kForEver).ok());
  };
  EXPECT_GT(
      Play({.kind = ObjectKind::kBoundedSemaphore,
            .room = sizeof(uint64_t),
            .prepare =
                [](ObjectSlot& slot) { PayloadOf<BoundedSemaphorePayload>(slot).permits.store(1); },
            .act =
                [&](Arena& arena, ObjectSlot& slot) {
                  take(arena, slot);
                  EXPECT_TRUE(ReturnPermit(arena, slot, Me(arena)));
                },
            .judge = take}),
      1);
}

// All of a release comes to pass, or nothing of it.
TEST(PrimitivesCrash, ReleaseIsWholeOrNothing) {
  EXPECT_GT(Play({.kind = ObjectKind::kSemaphore,
                  .waiting = 2,
                  .wait =
                      [](Arena& arena, ObjectSlot& slot) {
                        EXPECT_TRUE(TakeOne(arena, slot, Me(arena), kForEver).ok());
                      },
                  .act = [](Arena& arena,
                            ObjectSlot& slot) { EXPECT_TRUE(AddToCount(arena, slot, 2, 10)); },
                  .judge =
                      [](Arena& arena, ObjectSlot& slot) {
                        // Nothing: those who wait go on waiting, until this.
                        const absl::Status one =
                            TakeOne(arena, slot, Me(arena), absl::Milliseconds(300));
                        EXPECT_TRUE(AddToCount(arena, slot, one.ok() ? 1 : 2, 10));
                      }}),
            2);
}

TEST(PrimitivesCrash, SettingAnEventReachesAllOrNobody) {
  EXPECT_GT(Play({.kind = ObjectKind::kEvent,
                  .waiting = 2,
                  .wait =
                      [](Arena& arena, ObjectSlot& slot) {
                        EXPECT_TRUE(AwaitEvent(arena, slot, Me(arena), kForEver).ok());
                      },
                  .act = [](Arena& arena, ObjectSlot& slot) { SetEvent(arena, slot); },
                  .judge =
                      [](Arena& arena, ObjectSlot& slot) {
                        // Set: those who wait find out by themselves. Not set: nobody has.
                        if (!EventIsSet(slot)) SetEvent(arena, slot);
                      }}),
            1);  // more if nobody happens to look again by himself at that moment
}

// The last of three parties dies while it arrives, or after.
TEST(PrimitivesCrash, DeadPartyBreaksTheBarrierOrAllPass) {
  std::atomic<int> passes = 0;
  int times_all_passed = 0;
  int times_broken = 0;
  EXPECT_GT(
      Play({.kind = ObjectKind::kBarrier,
            .prepare = [](ObjectSlot& slot) { PayloadOf<BarrierPayload>(slot).parties.store(3); },
            .waiting = 2,
            .wait =
                [&](Arena& arena, ObjectSlot& slot) {
                  const absl::StatusOr<uint32_t> passed =
                      Arrive(arena, slot, Me(arena), kForEver, nullptr);
                  EXPECT_TRUE(passed.ok() || absl::IsAborted(passed.status()));
                  if (passed.ok()) ++passes;
                },
            .act =
                [](Arena& arena, ObjectSlot& slot) {
                  EXPECT_TRUE(Arrive(arena, slot, Me(arena), kForEver, nullptr).ok());
                },
            .judge = [](Arena&, ObjectSlot&) {},
            .in_the_end =
                [&](Outcome outcome) {
                  const int passed = passes.exchange(0);
                  EXPECT_TRUE(passed == 0 || passed == 2) << "they do not agree";
                  EXPECT_TRUE(passed == 2 || outcome == Outcome::kDied);
                  ++(passed == 2 ? times_all_passed : times_broken);
                }}),
      2);  // more if nobody happens to look again by himself at that moment
  EXPECT_GT(times_all_passed, 1) << "also when the death comes late";
  EXPECT_GT(times_broken, 0);
}

}  // namespace
}  // namespace isoproc::internal
