// A lock in one word of shared memory: 0, or the stamp of its owner. Whoever takes it signs by the
// same instruction, so that a dead owner is known by name, and its lock taken by a CAS on that
// name.
//
// Used by isoproc itself, and behind Lock and whatever holds one. Not fair: whoever comes first
// takes it; the search for sleepers goes around, so that none is passed over for ever.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_WORD_LOCK_H_
#define ISOPROC_PLATFORM_CORE_SHARED_WORD_LOCK_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

enum class Taken {
  kFree,         // nobody had it
  kFromTheDead,  // its owner died with it
};

// Also releases: whoever reads the stamp and asks whether its owner is dead finds it registered.
inline bool TryTake(LockWord& lock, Stamp self) {
  uint64_t nobody = 0;
  return lock.owner.compare_exchange_strong(nobody, self.word(), std::memory_order_acq_rel,
                                            std::memory_order_relaxed);
}

// Takes the lock from an owner that is dead.
inline bool TrySteal(Arena& arena, LockWord& lock, Stamp self) {
  uint64_t owner = lock.owner.load(std::memory_order_acquire);
  return owner != 0 && arena.IsDead(Stamp(owner)) &&
         lock.owner.compare_exchange_strong(owner, self.word(), std::memory_order_acq_rel,
                                            std::memory_order_relaxed);
}

// Blocks:  until the lock is taken, or `timeout`.
// Errors:  as Arena::Await.
absl::StatusOr<Taken> Take(Arena& arena, LockWord& lock, Waiters& waiters, Stamp self,
                           absl::Duration timeout);

// Requires: `self` has it.
inline void Release(Arena& arena, LockWord& lock, Waiters& waiters) {
  lock.owner.exchange(0);
  if (waiters.summary.load() != 0) arena.parking().WakeOne(waiters);
}

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_WORD_LOCK_H_
