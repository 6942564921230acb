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

bool TryTakeFree(absl::Span<Permit> permits, Stamp self) {
  for (Permit& permit : permits) {
    uint64_t nobody = 0;
    if (permit.load(std::memory_order_relaxed) == 0 &&
        permit.compare_exchange_strong(nobody, self.process().word())) {
      return true;
    }
  }
  return false;
}

bool TryTakeFromTheDead(Arena& arena, absl::Span<Permit> permits, Stamp self) {
  uint64_t asked = 0;
  for (Permit& permit : permits) {
    uint64_t owner = permit.load();
    if (owner == 0 || owner == asked) continue;  // who lived a moment ago is not asked again
    asked = owner;
    if (arena.IsDead(Stamp(owner)) &&
        permit.compare_exchange_strong(owner, self.process().word())) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::Status TakePermit(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout) {
  const absl::Span<Permit> permits = PermitsOf(arena, slot);
  if (TryTakeFree(permits, self)) return absl::OkStatus();
  const absl::Status status = arena.Await(
      slot.waiters, self, port::Deadline::After(arena.port().Now(), timeout), [&](bool ask) {
        return TryTakeFree(permits, self) || (ask && TryTakeFromTheDead(arena, permits, self));
      });
  // Whoever was woken for a permit may have found another one: then that is left for the next.
  if (status.ok() && CountFreePermits(arena, slot) > 0) arena.parking().WakeOne(slot.waiters);
  return status;
}

bool ReturnPermit(Arena& arena, ObjectSlot& slot, Stamp self) {
  const absl::Span<Permit> permits = PermitsOf(arena, slot);
  for (const bool only_own : {true, false}) {
    for (Permit& permit : permits) {
      uint64_t owner = permit.load();
      if (owner == 0 || (only_own && owner != self.process().word())) continue;
      if (!permit.compare_exchange_strong(owner, 0)) continue;
      arena.parking().WakeOne(slot.waiters);
      return true;
    }
  }
  return false;
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
