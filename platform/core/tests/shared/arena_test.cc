#include "platform/core/shared/arena.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/support.h"
#include "platform/port/port.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::internal {
namespace {

constexpr ObjectKind kKind = ObjectKind::kLock;

TEST(Arena, ObjectLivesUntilItsLastHolderLetsGo) {
  PretendedProcess& a = PretendedProcess::First();
  PretendedProcess& b = a.Another();
  const ObjectName name = a.arena()->NewObject(kKind).value();
  EXPECT_TRUE(b.arena()->Hold(name, kKind).ok());
  EXPECT_TRUE(b.arena()->Hold(name, kKind).ok()) << "twice";
  EXPECT_EQ(InUse(*a.arena()), "processes 2 objects 1 held 2 parkers 0 waiting 0");
  a.arena()->LetGo(name);
  b.arena()->LetGo(name);
  EXPECT_EQ(InUse(*a.arena()), "processes 2 objects 1 held 1 parkers 0 waiting 0");
  b.arena()->LetGo(name);
  EXPECT_EQ(InUse(*a.arena()), "processes 2 objects 0 held 0 parkers 0 waiting 0");
  EXPECT_TRUE(absl::IsNotFound(a.arena()->Hold(name, kKind)));
}

TEST(Arena, PlaceOfAnObjectIsNotTheObject) {
  PretendedProcess& a = PretendedProcess::First();
  Arena& arena = *a.arena();
  const ObjectName first = arena.NewObject(kKind).value();
  arena.LetGo(first);
  std::vector<ObjectName> all;
  for (uint32_t i = 0; i < kMaxObjects; ++i) all.push_back(arena.NewObject(kKind).value());
  EXPECT_TRUE(absl::IsResourceExhausted(arena.NewObject(kKind).status()));
  EXPECT_TRUE(absl::IsNotFound(arena.Hold(first, kKind))) << "the place is another's";
  for (const ObjectName& name : all) arena.LetGo(name);
  EXPECT_EQ(InUse(arena), "processes 1 objects 0 held 0 parkers 0 waiting 0");
}

TEST(Arena, RefusesNamesOfNothing) {
  PretendedProcess& a = PretendedProcess::First();
  PretendedProcess& stranger = PretendedProcess::First();
  Arena& arena = *a.arena();
  const ObjectName name = arena.NewObject(kKind).value();
  EXPECT_TRUE(absl::IsFailedPrecondition(stranger.arena()->Hold(name, kKind))) << "another family";
  ObjectName wrong = name;
  wrong.index = kMaxObjects;
  EXPECT_TRUE(absl::IsFailedPrecondition(arena.Hold(wrong, kKind)));
  wrong = name;
  wrong.state ^= 0xFF;
  EXPECT_TRUE(absl::IsFailedPrecondition(arena.Hold(wrong, kKind))) << "another kind";
  wrong = name;
  wrong.state += 0x100;
  EXPECT_TRUE(absl::IsNotFound(arena.Hold(wrong, kKind)));
}

// A system whose shared memory is full.
class FullSystem : public port::PortWrapper {
 public:
  FullSystem() : PortWrapper(port::HostPort()) {}
  absl::StatusOr<std::unique_ptr<port::Segment>> CreateSegment(uint64_t) override {
    return absl::ResourceExhaustedError("no space left");
  }
};
TEST(Arena, NoMemoryIsAnError) {
  FullSystem full;
  EXPECT_TRUE(absl::IsResourceExhausted(Arena::Create(full).status()));
}

// Objects that others say end behind the heap do not give out what is there.
TEST(Arena, RoomIsNeverBehindTheHeap) {
  Arena& arena = *PretendedProcess::First().arena();
  const ObjectName name = arena.NewObject(kKind, kHeapUnit).value();
  ObjectSlot& slot = arena.object(name.index);
  slot.heap_units.store(2 * kHeapUnits);
  const ObjectName beyond = arena.NewObject(kKind).value();
  arena.object(beyond.index).heap_begin.store(UINT32_MAX);
  arena.object(beyond.index).heap_units.store(UINT32_MAX);
  EXPECT_TRUE(absl::IsResourceExhausted(arena.NewObject(kKind, kHeapUnit).status()));
  EXPECT_LE(arena.RoomOf(slot).size(), size_t{kHeapUnits} * kHeapUnit);
  EXPECT_TRUE(arena.RoomOf(arena.object(beyond.index)).empty());
}

TEST(Arena, MemoryOfSomethingElseIsNoArena) {
  PretendedProcess& a = PretendedProcess::First();
  PretendedProcess& b = a.Another();
  const auto scribble = [&](size_t at) {
    std::byte& byte = a.MapSegment({}).value()->data()[at];
    byte ^= std::byte{1};
    const bool refused = absl::IsInvalidArgument(Arena::Attach(b, {}).status());
    byte ^= std::byte{1};
    return refused;
  };
  a.arena();
  EXPECT_TRUE(scribble(offsetof(ArenaHeader, magic)));
  EXPECT_TRUE(scribble(offsetof(ArenaHeader, version)));
  EXPECT_TRUE(scribble(offsetof(ArenaHeader, size_of_object)));
  EXPECT_TRUE(scribble(offsetof(ArenaHeader, size)));
  EXPECT_TRUE(Arena::Attach(b, {}).ok());
}

TEST(Arena, DeadProcessLeavesNothing) {
  PretendedProcess& a = PretendedProcess::First();
  PretendedProcess& b = a.Another();
  const ObjectName name = a.arena()->NewObject(kKind).value();
  ASSERT_TRUE(b.arena()->Hold(name, kKind).ok());
  ASSERT_TRUE(b.arena()->NewObject(kKind).ok());
  const Stamp dead = Me(*b.arena());
  b.Kill();
  a.arena()->NoticeDeath();
  EXPECT_EQ(InUse(*a.arena()), "processes 1 objects 1 held 1 parkers 0 waiting 0");
  PretendedProcess& c = a.Another();
  const Stamp successor = Me(*c.arena());
  EXPECT_EQ(successor.slot(), dead.slot());
  EXPECT_TRUE(a.arena()->IsDead(dead)) << "although the slot is used again";
  EXPECT_FALSE(a.arena()->IsDead(successor));
}

// The process dies at each store of an operation; another one sweeps, and all is as before.
void LeavesNothing(const std::function<void(Arena& arena, const ObjectName& held)>& operation,
                   const std::string& expected) {
  const int deaths = ForEveryStore([&](int n) {
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& victim = survivor.Another();
    const ObjectName name = survivor.arena()->NewObject(kKind).value();
    const auto run = victim.Start([&](Arena& arena) { operation(arena, name); }, n);
    const Outcome outcome = victim.Await(*run);
    EXPECT_NE(outcome, Outcome::kNone) << n;
    if (outcome == Outcome::kReturned) return false;
    survivor.arena()->NoticeDeath();
    EXPECT_EQ(InUse(*survivor.arena()), expected) << n;
    survivor.arena()->LetGo(name);
    EXPECT_EQ(InUse(*survivor.arena()), "processes 1 objects 0 held 0 parkers 0 waiting 0") << n;
    return true;
  });
  EXPECT_GT(deaths, 3);
}

TEST(ArenaCrash, Registering) {
  LeavesNothing([](Arena& arena, const ObjectName&) { Me(arena); },
                "processes 1 objects 1 held 1 parkers 0 waiting 0");
}

TEST(ArenaCrash, MakingAnObject) {
  LeavesNothing([](Arena& arena, const ObjectName&) { arena.NewObject(kKind).value(); },
                "processes 1 objects 1 held 1 parkers 0 waiting 0");
}

TEST(ArenaCrash, MakingAndDroppingAnObject) {
  LeavesNothing(
      [](Arena& arena, const ObjectName&) { arena.LetGo(arena.NewObject(kKind).value()); },
      "processes 1 objects 1 held 1 parkers 0 waiting 0");
}

TEST(ArenaCrash, HoldingAndLettingGo) {
  LeavesNothing(
      [](Arena& arena, const ObjectName& name) {
        EXPECT_TRUE(arena.Hold(name, kKind).ok());
        arena.LetGo(name);
      },
      "processes 1 objects 1 held 1 parkers 0 waiting 0");
}

// Two deaths: the second process dies while it puts right what the first has left.
TEST(ArenaCrash, Sweeping) {
  const int deaths = ForEveryStore([&](int n) {
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& first = survivor.Another();
    PretendedProcess& second = survivor.Another();
    const ObjectName name = survivor.arena()->NewObject(kKind).value();
    EXPECT_TRUE(TakeObject(*survivor.arena(), name).ok());
    const auto sleeps = first.Start([&](Arena& arena) {
      EXPECT_TRUE(arena.Hold(name, kKind).ok());
      EXPECT_TRUE(arena.NewObject(kKind).ok());
      TakeObject(arena, name).IgnoreError();
    });
    Me(*second.arena());
    survivor.AwaitSleepers(1);
    first.Kill();
    const auto run = second.Start([&](Arena& arena) { arena.NoticeDeath(); }, n);
    const Outcome outcome = second.Await(*run);
    EXPECT_NE(outcome, Outcome::kNone) << n;
    if (outcome == Outcome::kReturned) return false;
    survivor.arena()->NoticeDeath();
    EXPECT_EQ(InUse(*survivor.arena()), "processes 1 objects 1 held 1 parkers 0 waiting 0") << n;
    return true;
  });
  EXPECT_GT(deaths, 5);
}

}  // namespace
}  // namespace isoproc::internal
