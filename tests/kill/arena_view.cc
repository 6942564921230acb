#include "tests/kill/arena_view.h"

#include <bit>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/repair.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::kill {
namespace {

using internal::Arena;
using internal::Atomic;
using internal::ObjectSlot;
using internal::Stamp;

Arena& Family() { return *internal::FamilyArena().value(); }

int CountBits(const internal::Waiters& waiters) {
  int count = 0;
  for (const Atomic<uint64_t>& bits : waiters.bits) count += std::popcount(bits.load());
  return count;
}

bool IsFree(const ObjectSlot& slot) { return (slot.state.load() & 0xFF) == 0; }

bool IsOthers(uint64_t owner) {
  return owner != 0 && !(Stamp(owner).process() == Family().Self().value().process());
}

bool IsUntold(ObjectSlot& slot) {
  const auto kind = static_cast<internal::ObjectKind>(slot.state.load() & 0xFF);
  return (kind == internal::ObjectKind::kValue || kind == internal::ObjectKind::kArray) &&
         internal::PayloadOf<internal::StoragePayload>(slot).untold.load() != 0;
}

}  // namespace

void Enter() { Family().Self().value(); }

int CountSleepers() {
  Arena& arena = Family();
  int count = CountBits(arena.memory().header.waiters);
  for (uint64_t index = 0; index < internal::kMaxObjects; ++index) {
    ObjectSlot& slot = arena.object(index);
    if (IsFree(slot)) continue;
    internal::ForEachWaiters(
        arena, slot, [&](const internal::Waiters& waiters) { count += CountBits(waiters); });
  }
  return count;
}

int CountLocksOfOthers() {
  int count = 0;
  Arena& arena = Family();
  for (uint64_t index = 0; index < internal::kMaxObjects; ++index) {
    ObjectSlot& slot = arena.object(index);
    if (!IsFree(slot) && (IsOthers(slot.lock.owner.load()) || IsUntold(slot))) ++count;
  }
  return count;
}

std::string InUse::ToString() const {
  return absl::StrCat("processes ", processes, ", objects ", objects, ", parkers ", parkers,
                      ", sleepers ", sleepers);
}

InUse CountInUse() {
  const internal::ArenaMemory& memory = Family().memory();
  InUse in_use = {.processes = -1};  // without this one
  for (const internal::Participant& participant : memory.participants) {
    if (participant.claim.load() != 0) ++in_use.processes;
  }
  for (const ObjectSlot& slot : memory.objects) in_use.objects += IsFree(slot) ? 0 : 1;
  for (const Atomic<uint64_t>& owner : memory.parker_owners) {
    in_use.parkers += IsOthers(owner.load()) ? 1 : 0;
  }
  in_use.sleepers = CountSleepers();
  return in_use;
}

std::string WhatOthersLeft() {
  const InUse in_use = CountInUse();
  return in_use == InUse() ? "" : in_use.ToString();
}

void NoticeDeath() { internal::NoticeDeathInFamily(); }

}  // namespace isoproc::kill
