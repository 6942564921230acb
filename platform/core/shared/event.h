// An event in one word: the number of times that it was set, and whether it is. So who waits is let
// go by each setting, also by one that was taken back before the waiter could look.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_EVENT_H_
#define ISOPROC_PLATFORM_CORE_SHARED_EVENT_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

// Blocks:  until the event is set, or was since the call began, or `timeout`.
// Errors:  as Arena::Await.
absl::Status AwaitEvent(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout);

void SetEvent(Arena& arena, ObjectSlot& slot);
void ClearEvent(ObjectSlot& slot);
bool EventIsSet(ObjectSlot& slot);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_EVENT_H_
