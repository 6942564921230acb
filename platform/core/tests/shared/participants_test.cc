#include "platform/core/shared/participants.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/tests/shared/between_stores.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/support.h"
#include "platform/testing/crash_atomic.h"

namespace isoproc::internal {
namespace {

using testing::ElementsAre;
using testing::Pair;

// On processors that do not keep loads in order, only these words say in which order they are made.
TEST(Participants, IdentityIsReadBeforeTheIncarnation) {
  PretendedProcess& a = PretendedProcess::First();
  PretendedProcess& b = a.Another();
  Arena& arena = *a.arena();
  const Stamp stamp = Me(*b.arena());
  const Participant& place = arena.memory().participants[stamp.slot()];
  std::vector<std::pair<const void*, bool>> loads;
  std::function<void(const void*, std::memory_order)> note = [&](const void* word,
                                                                 std::memory_order order) {
    loads.emplace_back(word,
                       order == std::memory_order_acquire || order == std::memory_order_seq_cst);
  };
  load_point = &note;
  EXPECT_FALSE(arena.IsDead(stamp));
  load_point = nullptr;
  EXPECT_THAT(loads, ElementsAre(Pair(&place.claim, true), Pair(&place.birth, true),
                                 Pair(&place.incarnation, testing::_)));
}

// The slot is swept and given to another while it is looked at.
TEST(Participants, SlotOfAnotherIsNotTaken) {
  for (int at = 1; at <= 3; ++at) {
    PretendedProcess& a = PretendedProcess::First();
    PretendedProcess& b = a.Another();
    Arena& arena = *a.arena();
    Me(arena);
    const Stamp stamp = Me(*b.arena());
    int left = at;
    std::function<void(const void*, std::memory_order)> replace = [&](const void*,
                                                                      std::memory_order) {
      if (--left != 0) return;
      load_point = nullptr;
      b.Kill();
      arena.NoticeDeath();
      EXPECT_EQ(Me(*a.Another().arena()).slot(), stamp.slot());
    };
    load_point = &replace;
    EXPECT_TRUE(arena.IsDead(stamp)) << at;
    load_point = nullptr;
  }
}

// A table without a free slot, whose holders are all dead: nobody is registered who could sweep.
PretendedProcess& FullOfTheDead() {
  PretendedProcess& dead = PretendedProcess::First();
  const Stamp stamp = Me(*dead.arena());
  ArenaMemory& memory = MemoryOf(*dead.arena());
  const Participant& holder = memory.participants[stamp.slot()];
  for (uint32_t slot = 0; slot < kMaxParticipants; ++slot) {
    memory.participants[slot].claim.store(holder.claim.load());
    memory.participants[slot].birth.store(holder.birth.load());
  }
  dead.Kill();
  return dead;
}

bool IsDoorFree(const Arena& arena) { return arena.memory().participants[kDoor].claim.load() == 0; }

TEST(Participants, TableFullOfTheDeadIsSwept) {
  PretendedProcess& late = FullOfTheDead().Another();
  EXPECT_TRUE(late.arena()->Self().ok());
  EXPECT_EQ(InUse(*late.arena()), "processes 1 objects 0 held 0 parkers 0 waiting 0");
  EXPECT_TRUE(IsDoorFree(*late.arena()));
}

TEST(Participants, TableFullOfTheLivingIsAnError) {
  PretendedProcess& living = PretendedProcess::First();
  Arena& arena = *living.arena();
  const Stamp stamp = Me(arena);
  ArenaMemory& memory = MemoryOf(arena);
  for (uint32_t slot = 0; slot < kMaxParticipants; ++slot) {
    memory.participants[slot].claim.store(memory.participants[stamp.slot()].claim.load());
    memory.participants[slot].birth.store(memory.participants[stamp.slot()].birth.load());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(living.Another().arena()->Self().status()));
  EXPECT_TRUE(IsDoorFree(arena));
}

// Also if the one before has died there.
TEST(Participants, EachVisitorHasAStampOfItsOwn) {
  PretendedProcess& first = PretendedProcess::First();
  PretendedProcess& second = first.Another();
  ArenaMemory& memory = MemoryOf(*first.arena());
  Participants at_first(first, memory.participants);
  Participants at_second(second, memory.participants);
  const Stamp dead = at_first.EnterByTheDoor().value();
  EXPECT_FALSE(at_second.IsDead(dead));
  first.Kill();
  EXPECT_TRUE(at_second.IsDead(dead));
  const Stamp living = at_second.EnterByTheDoor().value();
  EXPECT_FALSE(living.process() == dead.process());
  EXPECT_TRUE(at_second.IsDead(dead));
  at_second.LeaveByTheDoor();
  EXPECT_TRUE(at_first.IsDead(living)) << "it is nobody's any more";
}

// Who sweeps from the door dies at its n-th store; the next one does the same after it.
void DieAsVisitor(int n) {
  PretendedProcess& dead = FullOfTheDead();
  PretendedProcess& victim = dead.Another();
  PretendedProcess& next = dead.Another();
  const auto run = victim.Start([](Arena& arena) { Me(arena); }, n);
  EXPECT_EQ(victim.Await(*run), Outcome::kDied) << n;
  const auto late = next.Start([](Arena& arena) {
    Me(arena);
    EXPECT_TRUE(arena.NewObject(ObjectKind::kLock).ok());
    arena.NoticeDeath();
  });
  EXPECT_EQ(next.Await(*late), Outcome::kReturned) << n;
  EXPECT_THAT(InUse(*next.arena()), testing::StartsWith("processes 1 objects 1 held 1 ")) << n;
  EXPECT_TRUE(next.arena()->IsDead(Stamp(kDoor, 2, 1))) << n << ": the first visitor's";
}

TEST(ParticipantsCrash, VisitorDies) {
  int stores = 0;
  {
    PretendedProcess& late = FullOfTheDead().Another();
    const BetweenStores count(std::vector<std::function<void()>>(1 << 20, [&] { ++stores; }));
    Me(*late.arena());
  }
  // Most of them bury one after the other.
  constexpr int kEnds = 12;
  ASSERT_GT(stores, int{kMaxParticipants});
  for (int n = 1; n <= kEnds; ++n) DieAsVisitor(n);
  DieAsVisitor(stores / 2);
  for (int n = stores - kEnds; n <= stores; ++n) DieAsVisitor(n);
}

}  // namespace
}  // namespace isoproc::internal
