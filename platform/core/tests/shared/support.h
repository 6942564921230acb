// What tests of shared memory have in common.
#ifndef ISOPROC_PLATFORM_CORE_TESTS_SHARED_SUPPORT_H_
#define ISOPROC_PLATFORM_CORE_TESTS_SHARED_SUPPORT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/shared/word_lock.h"
#include "platform/core/tests/shared/pretended_system.h"

namespace isoproc::internal {

using Outcome = PretendedProcess::Outcome;

// Calls `scenario` with 1, 2, 3 … until it says that nobody died. Gives the number of deaths.
int ForEveryStore(const std::function<bool(int n)>& scenario);

// The calling thread's stamp.
inline Stamp Me(Arena& arena) { return arena.Self().value(); }

inline absl::StatusOr<Taken> TakeObject(Arena& arena, const ObjectName& name,
                                        absl::Duration timeout = absl::InfiniteDuration()) {
  ObjectSlot& slot = arena.object(name.index);
  return Take(arena, slot.lock, slot.waiters, Me(arena), timeout);
}
inline void ReleaseObject(Arena& arena, const ObjectName& name) {
  ObjectSlot& slot = arena.object(name.index);
  Release(arena, slot.lock, slot.waiters);
}

// The arena, to be written to.
inline ArenaMemory& MemoryOf(Arena& arena) { return const_cast<ArenaMemory&>(arena.memory()); }

// What is in use, as text: "processes 2 objects 1 held 2 parkers 0 waiting 0".
std::string InUse(const Arena& arena);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_TESTS_SHARED_SUPPORT_H_
