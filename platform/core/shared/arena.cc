#include "platform/core/shared/arena.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/parking.h"
#include "platform/core/shared/participants.h"
#include "platform/core/shared/patience.h"
#include "platform/core/shared/repair.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/shared/word_lock.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

static_assert(std::is_standard_layout_v<ArenaMemory>);

// Of those for whom there is no parker.
constexpr absl::Duration kPollPeriod = absl::Milliseconds(5);

constexpr int kKindBits = 8;
constexpr uint64_t kKindMask = (uint64_t{1} << kKindBits) - 1;

bool IsFree(uint64_t state) { return (state & kKindMask) == 0; }

uint64_t BitOf(Stamp stamp) { return uint64_t{1} << (stamp.slot() % 64); }
Atomic<uint64_t>& WordOf(ObjectSlot& slot, Stamp stamp) { return slot.attached[stamp.slot() / 64]; }

}  // namespace

struct Arena::HeldHere {
  std::atomic<uint64_t> state{0};
  std::atomic<uint32_t> count{0};
};

// The lock of the arena, taken.
class Arena::Guard {
 public:
  Guard(Arena& arena, Stamp self) : arena_(arena) {
    ArenaHeader& header = arena.memory_.header;
    while (!Take(arena, header.lock, header.waiters, self, absl::InfiniteDuration()).ok()) {
      std::this_thread::yield();
    }
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { Release(arena_, arena_.memory_.header.lock, arena_.memory_.header.waiters); }

 private:
  Arena& arena_;
};

Arena::Arena(port::Port& port, std::unique_ptr<port::Segment> segment, ArenaMemory& memory)
    : port_(port),
      segment_(std::move(segment)),
      memory_(memory),
      id_(memory.header.id),
      participants_(port, memory.participants),
      parking_(port, memory),
      held_(std::make_unique<HeldHere[]>(kMaxObjects)) {}

absl::StatusOr<std::shared_ptr<Arena>> Arena::Create(port::Port& port) {
  absl::StatusOr<std::unique_ptr<port::Segment>> segment = port.CreateSegment(sizeof(ArenaMemory));
  if (!segment.ok()) return segment.status();
  auto& memory = *reinterpret_cast<ArenaMemory*>((*segment)->data().data());
  ArenaHeader& header = memory.header;
  header.magic = ArenaHeader::kMagic;
  header.version = ArenaHeader::kVersion;
  header.size_of_object = sizeof(ObjectSlot);
  header.size = sizeof(ArenaMemory);
  port.RandomBytes({reinterpret_cast<std::byte*>(&header.id), sizeof(header.id)});
  return std::shared_ptr<Arena>(new Arena(port, *std::move(segment), memory));
}

absl::StatusOr<std::shared_ptr<Arena>> Arena::Attach(port::Port& port, port::Handle handle) {
  absl::StatusOr<std::unique_ptr<port::Segment>> segment = port.MapSegment(std::move(handle));
  if (!segment.ok()) return segment.status();
  const absl::Span<std::byte> bytes = (*segment)->data();
  if (bytes.size() < sizeof(ArenaMemory)) {
    return absl::InvalidArgumentError("the memory is too small for an arena");
  }
  auto& memory = *reinterpret_cast<ArenaMemory*>(bytes.data());
  const ArenaHeader& header = memory.header;
  if (header.magic != ArenaHeader::kMagic || header.version != ArenaHeader::kVersion ||
      header.size_of_object != sizeof(ObjectSlot) || header.size != sizeof(ArenaMemory)) {
    return absl::InvalidArgumentError("the memory is not an arena of this version");
  }
  return std::shared_ptr<Arena>(new Arena(port, *std::move(segment), memory));
}

Arena::~Arena() = default;

absl::StatusOr<Stamp> Arena::SelfSlowly() {
  absl::Status registered = participants_.Register();
  if (absl::IsResourceExhausted(registered)) {
    // Perhaps of the dead, whom nobody who lives has swept.
    const absl::Status swept = SweepAsVisitor();
    registered = swept.ok() ? participants_.Register() : swept;
  }
  if (!registered.ok()) return registered;
  const Stamp self = participants_.self();
  HoldAgain(self);
  return self;
}

// ---- objects ------------------------------------------------------------------------------------

void Arena::HoldAgain(Stamp self) {
  const Guard guard(*this, self);
  for (uint32_t index = 0; index < kMaxObjects; ++index) {
    HeldHere& held = held_[index];
    if (held.count.load(std::memory_order_relaxed) == 0) continue;
    ObjectSlot& slot = memory_.objects[index];
    if (slot.state.load() == held.state.load(std::memory_order_relaxed)) {
      WordOf(slot, self).fetch_or(BitOf(self));
    } else {
      held.count.store(0, std::memory_order_relaxed);  // it is gone
    }
  }
}

absl::StatusOr<ObjectName> Arena::NewObject(ObjectKind kind, uint64_t room,
                                            absl::FunctionRef<void(ObjectSlot& slot)> prepare) {
  const absl::StatusOr<Stamp> self = Self();
  if (!self.ok()) return self.status();
  if (room > sizeof(memory_.heap)) return absl::ResourceExhaustedError("too large an object");
  const auto units = static_cast<uint32_t>((room + kHeapUnit - 1) / kHeapUnit);
  const Guard guard(*this, *self);
  absl::StatusOr<ObjectName> name = TakeSlot(kind, units, *self, prepare);
  if (!absl::IsResourceExhausted(name.status())) return name;
  SweepLocked(*self);
  return TakeSlot(kind, units, *self, prepare);
}

std::optional<uint32_t> Arena::FindRoom(uint32_t units) const {
  if (units == 0) return 0;
  std::vector<std::pair<uint32_t, uint32_t>> used;
  for (const ObjectSlot& slot : memory_.objects) {
    const uint32_t length = slot.heap_units.load();
    if (IsFree(slot.state.load()) || length == 0) continue;
    used.emplace_back(slot.heap_begin.load(), length);
  }
  std::sort(used.begin(), used.end());
  used.emplace_back(kHeapUnits, 0);
  uint64_t end = 0;
  for (const auto& [begin, length] : used) {
    // Also if somebody wrote where nobody may, and objects end behind the heap.
    if (end + units > kHeapUnits) break;
    if (begin >= end + units) return static_cast<uint32_t>(end);
    end = std::max(end, uint64_t{begin} + length);
  }
  return std::nullopt;
}

absl::Span<std::byte> Arena::RoomOf(const ObjectSlot& slot) {
  const uint32_t begin = std::min(slot.heap_begin.load(), kHeapUnits);
  const uint32_t units = std::min(slot.heap_units.load(), kHeapUnits - begin);
  return absl::MakeSpan(memory_.heap + size_t{begin} * kHeapUnit, size_t{units} * kHeapUnit);
}

absl::StatusOr<ObjectName> Arena::TakeSlot(ObjectKind kind, uint32_t units, Stamp self,
                                           absl::FunctionRef<void(ObjectSlot& slot)> prepare) {
  const std::optional<uint32_t> room = FindRoom(units);
  if (!room.has_value()) return absl::ResourceExhaustedError("no room for one more shared object");
  const uint32_t from = memory_.header.object_hint.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < kMaxObjects; ++i) {
    const uint32_t index = (from % kMaxObjects + i) % kMaxObjects;
    ObjectSlot& slot = memory_.objects[index];
    const uint64_t old_state = slot.state.load();
    if (!IsFree(old_state)) continue;
    // Whoever began this before and died has left anything at all.
    slot.lock.owner.store(0, std::memory_order_relaxed);
    slot.waiters.summary.store(0, std::memory_order_relaxed);
    for (Atomic<uint64_t>& bits : slot.waiters.bits) bits.store(0, std::memory_order_relaxed);
    for (Atomic<uint64_t>& bits : slot.attached) bits.store(0, std::memory_order_relaxed);
    slot.heap_begin.store(*room, std::memory_order_relaxed);
    slot.heap_units.store(units, std::memory_order_relaxed);
    std::memset(slot.payload, 0, sizeof(slot.payload));
    const absl::Span<std::byte> bytes = RoomOf(slot);
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    prepare(slot);
    WordOf(slot, self).store(BitOf(self));
    const uint64_t state =
        ((old_state >> kKindBits) + 1) << kKindBits | static_cast<uint64_t>(kind);
    HeldHere& held = held_[index];
    held.state.store(state, std::memory_order_relaxed);
    held.count.store(1, std::memory_order_relaxed);
    slot.state.store(state);  // commits
    memory_.header.object_hint.store(index + 1, std::memory_order_relaxed);
    return ObjectName{.arena = id_, .state = state, .index = index};
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the family has ", kMaxObjects, " shared objects already"));
}

absl::Status Arena::Hold(const ObjectName& name, ObjectKind kind) {
  if (name.arena != id_) {
    return absl::FailedPreconditionError("the object belongs to another family of processes");
  }
  if (name.index >= kMaxObjects || (name.state & kKindMask) != static_cast<uint64_t>(kind)) {
    return absl::FailedPreconditionError("not the name of such an object");
  }
  const absl::StatusOr<Stamp> self = Self();
  if (!self.ok()) return self.status();
  const Guard guard(*this, *self);
  ObjectSlot& slot = memory_.objects[name.index];
  if (slot.state.load() != name.state) return absl::NotFoundError("the object is gone");
  HeldHere& held = held_[name.index];
  if (held.state.load(std::memory_order_relaxed) == name.state &&
      held.count.load(std::memory_order_relaxed) > 0) {
    held.count.fetch_add(1, std::memory_order_relaxed);
    return absl::OkStatus();
  }
  held.state.store(name.state, std::memory_order_relaxed);
  held.count.store(1, std::memory_order_relaxed);
  WordOf(slot, *self).fetch_or(BitOf(*self));  // commits
  return absl::OkStatus();
}

void Arena::LetGo(const ObjectName& name) {
  HeldHere& held = held_[name.index];
  const Stamp self = participants_.self();
  if (self.word() == 0) {
    // A forked copy that has used nothing holds nothing.
    if (held.state.load() == name.state) held.count.fetch_sub(1);
    return;
  }
  const Guard guard(*this, self);
  if (held.state.load(std::memory_order_relaxed) != name.state ||
      held.count.load(std::memory_order_relaxed) == 0) {
    return;  // a forked copy, to which the object was gone
  }
  if (held.count.fetch_sub(1, std::memory_order_relaxed) > 1) return;
  ObjectSlot& slot = memory_.objects[name.index];
  if (slot.state.load() != name.state) return;  // somebody wrote where nobody may
  WordOf(slot, self).fetch_and(~BitOf(self));   // commits
  FreeIfUnheld(slot);
}

bool Arena::IsHeld(const ObjectSlot& slot) {
  return std::any_of(std::begin(slot.attached), std::end(slot.attached),
                     [](const Atomic<uint64_t>& bits) { return bits.load() != 0; });
}

void Arena::FreeIfUnheld(ObjectSlot& slot) {
  if (!IsHeld(slot)) slot.state.store(slot.state.load() & ~kKindMask);
}

// ---- waiting ------------------------------------------------------------------------------------

int Arena::CountUsableCpus() {
  const int count = port_.UsableCpuCount();
  usable_cpus_.store(count, std::memory_order_relaxed);
  return count;
}

absl::Status Arena::Await(Waiters& waiters, Stamp self, port::Deadline deadline,
                          absl::FunctionRef<bool(bool ask)> attempt) {
  const absl::StatusOr<Parking::Lease> lease = parking_.Borrow(self);
  absl::Duration next_look = FirstLook();
  // Also before the first sleep, with the bit set: who is dead already wakes nobody any more.
  bool ask = true;
  while (true) {
    if (lease.ok()) Parking::Arm(waiters, lease->index());
    const bool done = attempt(ask);
    const absl::Duration now = port_.Now();
    const bool late = !done && deadline.Expired(now);
    absl::Status parked;
    if (!done && !late) {
      if (lease.ok()) {
        parked = lease->parker().Park(
            port::Deadline::At(now + std::min(next_look, deadline.Remaining(now))));
      } else {
        std::this_thread::sleep_for(
            absl::ToChronoNanoseconds(std::min(kPollPeriod, deadline.Remaining(now))));
      }
    }
    const bool chosen = lease.ok() && Parking::Disarm(waiters, lease->index());
    if (done) return absl::OkStatus();
    if (late) {
      // What a waker meant for this thread is still there, or somebody else's.
      if (attempt(/*ask=*/true)) return absl::OkStatus();
      if (chosen) parking_.WakeOne(waiters);
      return absl::DeadlineExceededError("the time is over");
    }
    if (!parked.ok() && !absl::IsDeadlineExceeded(parked)) return parked;
    // Not chosen: time to look whether somebody is dead, or a death has roused everybody.
    ask = !chosen;
    if (!ask) continue;
    next_look = SweepIfDue(self, port_.Now()) ? std::min(2 * next_look, LastLook()) : FirstLook();
  }
}

absl::StatusOr<Parking::Lease> Arena::Arm(Waiters& waiters, Stamp self) {
  absl::StatusOr<Parking::Lease> lease = parking_.Borrow(self);
  if (lease.ok()) Parking::Arm(waiters, lease->index());
  return lease;
}

bool Arena::SleepUntilChosen(const Parking::Lease& lease, Waiters& waiters, Stamp self,
                             port::Deadline deadline) {
  absl::Duration next_look = FirstLook();
  while (true) {
    if (!Parking::IsArmed(waiters, lease.index())) return true;
    const absl::Duration now = port_.Now();
    if (deadline.Expired(now)) return Parking::Disarm(waiters, lease.index());
    const absl::Status parked =
        lease.parker().Park(port::Deadline::At(now + std::min(next_look, deadline.Remaining(now))));
    if (parked.ok()) continue;
    next_look = SweepIfDue(self, port_.Now()) ? std::min(2 * next_look, LastLook()) : FirstLook();
  }
}

// ---- deaths -------------------------------------------------------------------------------------

bool Arena::SweepIfDue(Stamp self, absl::Duration now) {
  // Those who make and drop objects all the time leave the lock for moments only.
  constexpr int kTries = 100;
  int64_t last = memory_.header.last_sweep.load();
  const absl::Duration elapsed = now - absl::Nanoseconds(last);
  if (elapsed >= absl::ZeroDuration() && elapsed < SweepPeriod()) return true;
  if (!memory_.header.last_sweep.compare_exchange_strong(last, absl::ToInt64Nanoseconds(now))) {
    return true;
  }
  for (int tries = 0; tries < kTries; ++tries) {
    if (TrySweep(self)) return true;
    std::this_thread::yield();
  }
  memory_.header.last_sweep.store(0);
  return false;
}

void Arena::NoticeDeath() {
  const Stamp self = participants_.self();
  if (self.word() == 0) return;
  // Somebody who has the lock may have passed by the one that is dead now.
  if (!TrySweep(self)) memory_.header.last_sweep.store(0);
}

bool Arena::TrySweep(Stamp self) {
  ArenaHeader& header = memory_.header;
  if (!Take(*this, header.lock, header.waiters, self, absl::ZeroDuration()).ok()) return false;
  SweepLocked(self);
  Release(*this, header.lock, header.waiters);
  return true;
}

absl::Status Arena::SweepAsVisitor() {
  const absl::StatusOr<Stamp> visitor = participants_.EnterByTheDoor();
  if (!visitor.ok()) return visitor.status();
  // It does not sleep in a parker: a visitor that dies leaves the lock at most, which is taken from
  // it by name.
  while (!TrySweep(*visitor)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  participants_.LeaveByTheDoor();
  return absl::OkStatus();
}

void Arena::SweepLocked(Stamp self) {
  for (uint32_t slot = 0; slot < kMaxParticipants; ++slot) {
    participants_.DropHalfClaim(slot);
    const Stamp holder = participants_.Holder(slot);
    if (holder.word() == 0 || holder == self.process()) continue;
    if (participants_.IsDead(holder)) BuryLocked(holder);
  }
}

// Each step may be taken again: who dies here has changed nothing that the next one cannot see.
void Arena::BuryLocked(Stamp dead) {
  const Parking::Set parkers = parking_.OwnedBy(dead);
  Parking::Remove(parkers, memory_.header.waiters);
  for (ObjectSlot& slot : memory_.objects) {
    if (IsFree(slot.state.load())) continue;
    Parking::Remove(parkers, slot.waiters);
    RepairAfterDeath(*this, slot, dead, (WordOf(slot, dead).load() & BitOf(dead)) != 0);
    WordOf(slot, dead).fetch_and(~BitOf(dead));
    // Also if it was somebody else's who died while it let go.
    FreeIfUnheld(slot);
  }
  parking_.Free(parkers);
  parking_.RouseEverybody();
  participants_.Bury(dead);
}

}  // namespace isoproc::internal
