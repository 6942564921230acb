// What Lock and RLock have in common, and Condition does with either.
#ifndef ISOPROC_PLATFORM_CORE_SYNC_OWNED_LOCK_H_
#define ISOPROC_PLATFORM_CORE_SYNC_OWNED_LOCK_H_

#include <atomic>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/shared/word_lock.h"
#include "platform/core/sync/entered.h"

namespace isoproc::internal {

inline bool Owns(SharedObject& lock, Stamp self) {
  return lock.slot().lock.owner.load(std::memory_order_relaxed) == self.word();
}

// Takes a lock that `self` does not have.
absl::StatusOr<LockStatus> TakeLock(const std::shared_ptr<SharedObject>& lock, Stamp self,
                                    absl::Duration timeout);
inline void ReleaseLock(SharedObject& lock) {
  Release(lock.arena(), lock.slot().lock, lock.slot().waiters);
}

// As RLock::Acquire and RLock::Release.
absl::StatusOr<LockStatus> TakeRecursively(const std::shared_ptr<SharedObject>& lock,
                                           RLockPayload& payload, Stamp self,
                                           absl::Duration timeout);
absl::Status ReleaseRecursively(SharedObject& lock, RLockPayload& payload, Stamp self);

absl::Status NotOwner();

// Whether somebody who lives has it.
bool IsOwned(const std::shared_ptr<SharedObject>& lock);

// For lock(): throws what a failure to take a lock becomes.
void ThrowUnlessOk(const absl::Status& status);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SYNC_OWNED_LOCK_H_
