#include "platform/core/shared/counter.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

bool TryTakeOne(Atomic<uint64_t>& count) {
  uint64_t seen = count.load();
  while (seen > 0) {
    if (count.compare_exchange_strong(seen, seen - 1)) return true;
  }
  return false;
}

}  // namespace

absl::Status TakeOne(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout) {
  Atomic<uint64_t>& count = PayloadOf<SemaphorePayload>(slot).count;
  if (TryTakeOne(count)) return absl::OkStatus();
  const absl::Status status =
      arena.Await(slot.waiters, self, port::Deadline::After(arena.port().Now(), timeout),
                  [&](bool) { return TryTakeOne(count); });
  // Whoever was woken for one may have found another one: then that is left for the next.
  if (status.ok() && count.load() > 0) arena.parking().WakeOne(slot.waiters);
  return status;
}

bool AddToCount(Arena& arena, ObjectSlot& slot, uint64_t by, uint64_t most) {
  Atomic<uint64_t>& count = PayloadOf<SemaphorePayload>(slot).count;
  uint64_t seen = count.load();
  do {
    if (seen > most || by > most - seen) return false;
  } while (!count.compare_exchange_strong(seen, seen + by));
  for (uint64_t i = 0; i < by && arena.parking().WakeOne(slot.waiters); ++i) {
  }
  return true;
}

}  // namespace isoproc::internal
