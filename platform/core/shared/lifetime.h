// When an object lives: as long as something holds it. A process does, by its bit; a living parcel
// does with what is in it; and a living carrier does with its parcels.
//
// Parcels are counted in what they name, so that a handle is dropped without a look at all of them.
// A count is raised before the parcel lives and lowered after it has gone: who dies in between
// leaves one that is too high, and the sweep of that death counts anew. Objects that hold each
// other, as two pipes whose ends are in messages of each other, live as long as the arena.
//
// All of this is under the lock of the arena.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_LIFETIME_H_
#define ISOPROC_PLATFORM_CORE_SHARED_LIFETIME_H_

#include <cstdint>

#include "absl/types/span.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/layout.h"

namespace isoproc::internal {

class Arena;

// What is in a parcel, by WordFor.
absl::Span<Atomic<uint64_t>> NamesIn(Arena& arena, ObjectSlot& parcel);

// Frees an object that nothing holds, and then what only that held.
void FreeIfUnheld(Arena& arena, ObjectSlot& slot);

// The same for all objects, after a death.
void FreeAllUnheld(Arena& arena);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_LIFETIME_H_
