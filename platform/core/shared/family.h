// The arena of this process's family: made when it is needed first, or given by the parent.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_FAMILY_H_
#define ISOPROC_PLATFORM_CORE_SHARED_FAMILY_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "platform/core/shared/arena.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// The arena; mapped or made at the first call.
// Errors: as Arena::Create and Arena::Attach.
absl::StatusOr<std::shared_ptr<Arena>> FamilyArena();

// In a child, before its target runs: where its family's arena is. Mapped when it is needed.
void InheritArena(port::Handle handle);

// What a child gets, so that it is of this family; nullopt if there is no arena yet, so that
// nothing is shared that could reach it.
// Errors: as port::Segment::Share.
absl::StatusOr<std::optional<port::Handle>> ArenaForChild();

// A process of the family may have died. Cheap if there is no arena.
void NoticeDeathInFamily();

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_FAMILY_H_
