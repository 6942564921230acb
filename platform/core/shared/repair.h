// What a death means to an object of each kind.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_REPAIR_H_
#define ISOPROC_PLATFORM_CORE_SHARED_REPAIR_H_

#include "absl/functional/function_ref.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

class Arena;

// Part of the sweep, for an object that lives: under the lock of the arena, and perhaps once more
// if the sweep was cut short. `had_handle`: when it died. Everybody is roused afterwards.
void RepairAfterDeath(Arena& arena, ObjectSlot& slot, Stamp dead, bool had_handle);

// All maps of those who sleep for an object.
void ForEachWaiters(Arena& arena, ObjectSlot& slot, absl::FunctionRef<void(Waiters&)> visit);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_REPAIR_H_
