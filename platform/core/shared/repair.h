// What a death means to an object of each kind.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_REPAIR_H_
#define ISOPROC_PLATFORM_CORE_SHARED_REPAIR_H_

#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

class Arena;

// Part of the sweep, for an object of which the dead process had a handle: under the lock of the
// arena, and perhaps once more if the sweep was cut short. Everybody is roused afterwards.
void RepairAfterDeath(Arena& arena, ObjectSlot& slot, Stamp dead);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_REPAIR_H_
