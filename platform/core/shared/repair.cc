#include "platform/core/shared/repair.h"

#include "absl/functional/function_ref.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/barrier.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/permits.h"
#include "platform/core/shared/shared_queue.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

void RepairAfterDeath(Arena& arena, ObjectSlot& slot, Stamp dead, bool had_handle) {
  switch (KindOf(slot.state.load())) {
    case ObjectKind::kBoundedSemaphore:
      // Also those of a process that had dropped its handle before.
      ReturnPermits(arena, slot, dead);
      break;
    case ObjectKind::kCondition:
      // The dead one may have been notified in place of somebody who lives.
      if (had_handle) arena.parking().WakeAll(slot.waiters);
      break;
    case ObjectKind::kBarrier:
      if (had_handle) BreakBarrier(arena, slot);
      break;
    case ObjectKind::kQueue:
      RepairQueue(arena, slot);
      break;
    default:
      // A lock is taken from its dead owner by name; a count is nobody's; an event waits for no
      // one.
      break;
  }
}

void ForEachWaiters(Arena& arena, ObjectSlot& slot, absl::FunctionRef<void(Waiters&)> visit) {
  visit(slot.waiters);
  if (KindOf(slot.state.load()) == ObjectKind::kQueue) ForEachWaitersOfQueue(arena, slot, visit);
}

}  // namespace isoproc::internal
