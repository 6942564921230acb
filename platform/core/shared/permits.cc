#include "platform/core/shared/permits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

using Permit = Atomic<uint64_t>;

absl::Span<Permit> PermitsOf(Arena& arena, ObjectSlot& slot) {
  const absl::Span<std::byte> room = arena.RoomOf(slot);
  const uint64_t count = PayloadOf<BoundedSemaphorePayload>(slot).permits.load();
  return absl::MakeSpan(
      reinterpret_cast<Permit*>(room.data()),
      static_cast<size_t>(std::min<uint64_t>(count, room.size() / sizeof(Permit))));
}

// Changes the owner of the first permit that has one who is `wanted`, exactly that one: whatever
// others do meanwhile, a permit is taken only from whom it was meant to be taken from.
template <class Wanted>
bool ChangeOwner(absl::Span<Permit> permits, uint64_t to, Wanted wanted) {
  for (Permit& permit : permits) {
    uint64_t owner = permit.load();
    if (wanted(owner) && permit.compare_exchange_strong(owner, to)) return true;
  }
  return false;
}

bool TryTakeFree(absl::Span<Permit> permits, Stamp self) {
  return ChangeOwner(permits, self.process().word(), [](uint64_t owner) { return owner == 0; });
}

// One that a dead process has becomes one of `to`.
bool TakeFromTheDead(Arena& arena, absl::Span<Permit> permits, uint64_t to) {
  uint64_t asked = 0;
  return ChangeOwner(permits, to, [&](uint64_t owner) {
    if (owner == 0 || owner == asked) return false;  // who lived a moment ago is not asked again
    asked = owner;
    return arena.IsDead(Stamp(owner));
  });
}

}  // namespace

absl::Status TakePermit(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout) {
  const absl::Span<Permit> permits = PermitsOf(arena, slot);
  if (TryTakeFree(permits, self)) return absl::OkStatus();
  const absl::Status status = arena.Await(
      slot.waiters, self, port::Deadline::After(arena.port().Now(), timeout), [&](bool ask) {
        return TryTakeFree(permits, self) ||
               (ask && TakeFromTheDead(arena, permits, self.process().word()));
      });
  // Whoever was woken for a permit may have found another one: then that is left for the next.
  if (status.ok() && CountFreePermits(arena, slot) > 0) arena.parking().WakeOne(slot.waiters);
  return status;
}

bool ReturnPermit(Arena& arena, ObjectSlot& slot, Stamp self) {
  const absl::Span<Permit> permits = PermitsOf(arena, slot);
  const uint64_t own = self.process().word();
  const bool returned =
      ChangeOwner(permits, 0, [&](uint64_t owner) { return owner == own; }) ||
      // Before those of the living: it comes back by the sweep as well, and would do so besides.
      TakeFromTheDead(arena, permits, 0) ||
      ChangeOwner(permits, 0, [](uint64_t owner) { return owner != 0; });
  if (returned) arena.parking().WakeOne(slot.waiters);
  return returned;
}

void ReturnPermits(Arena& arena, ObjectSlot& slot, Stamp dead) {
  for (Permit& permit : PermitsOf(arena, slot)) {
    uint64_t owner = permit.load();
    if (owner == dead.process().word()) permit.compare_exchange_strong(owner, 0);
  }
}

uint64_t CountFreePermits(Arena& arena, ObjectSlot& slot) {
  const absl::Span<Permit> permits = PermitsOf(arena, slot);
  return static_cast<uint64_t>(std::count_if(
      permits.begin(), permits.end(), [](const Permit& permit) { return permit.load() == 0; }));
}

}  // namespace isoproc::internal
