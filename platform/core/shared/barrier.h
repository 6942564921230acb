// A barrier in one word, so that each change of it is one CAS:
//
//   bits 0 – 15   how many have arrived in this generation
//   bit 16        it is broken
//   bits 17 – 31  the generations before: bit 17 is set if the last one was given up, and so on
//   bits 32 – 63  the generation
//
// Who has arrived waits until the generation is another one, or broken; the history tells it how
// its own ended, even if it comes late to look.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_BARRIER_H_
#define ISOPROC_PLATFORM_CORE_SHARED_BARRIER_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

inline constexpr uint64_t kMaxParties = 0xFFFF - 1;

struct BarrierState {
  uint32_t generation;
  uint32_t waiting;
  bool broken;
};
BarrierState StateOfBarrier(ObjectSlot& slot);

// Arrives. The last one runs `action`, if it is not null, before the others go on; if it throws,
// the barrier breaks.
// Blocks:  until all have arrived, it breaks, or `timeout`, which breaks it.
// On OK:   as the how-manieth the caller arrived, from 0.
// Errors:  Aborted: it is broken, or was reset meanwhile; as Arena::Await.
absl::StatusOr<uint32_t> Arrive(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout,
                                const absl::FunctionRef<void()>* action);

// Breaks it, if it is not.
void BreakBarrier(Arena& arena, ObjectSlot& slot);

// Begins a new generation, which is not broken; who waits in the old one gets Aborted.
void ResetBarrier(Arena& arena, ObjectSlot& slot);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_BARRIER_H_
