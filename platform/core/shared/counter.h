// The count of a semaphore. Permits are nobody's: who dies with some has taken them along.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_COUNTER_H_
#define ISOPROC_PLATFORM_CORE_SHARED_COUNTER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

// Blocks:  until the count is above 0, or `timeout`; then it is one less.
// Errors:  as Arena::Await.
absl::Status TakeOne(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout);

// False: the count would be above `most`; nothing changed.
bool AddToCount(Arena& arena, ObjectSlot& slot, uint64_t by, uint64_t most);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_COUNTER_H_
