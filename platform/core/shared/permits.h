// The permits of a bounded semaphore: a word each, which names the process that has it, so that it
// comes back when that process dies.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_PERMITS_H_
#define ISOPROC_PLATFORM_CORE_SHARED_PERMITS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

// Blocks:  until there is a permit, or `timeout`.
// Errors:  as Arena::Await.
absl::Status TakePermit(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout);

// Gives back one that the calling process has; or else one that a dead process has, or else one
// that another has. False: nobody has any.
bool ReturnPermit(Arena& arena, ObjectSlot& slot, Stamp self);

// All that `dead` had.
void ReturnPermits(Arena& arena, ObjectSlot& slot, Stamp dead);

uint64_t CountFreePermits(Arena& arena, ObjectSlot& slot);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_PERMITS_H_
