// What Lock and RLock have in common, and Condition does with either.
#ifndef ISOPROC_PLATFORM_CORE_SYNC_OWNED_LOCK_H_
#define ISOPROC_PLATFORM_CORE_SYNC_OWNED_LOCK_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/shared/word_lock.h"
#include "platform/core/sync/entered.h"

namespace isoproc::internal {

// The calling thread, for the fast path; nobody if Enter is to be asked.
inline Stamp TryEnter(const std::shared_ptr<SharedObject>& object) {
  return object == nullptr ? Stamp() : object->TryEnter();
}

inline bool Owns(SharedObject& lock, Stamp self) {
  return lock.slot().lock.owner.load(std::memory_order_relaxed) == self.word();
}

// How often the owner has an RLock, or the lock of a Storage.
inline Atomic<uint64_t>& DepthOf(SharedObject& lock) {
  return PayloadOf<RLockPayload>(lock.slot()).depth;
}

// Takes a lock that `self` does not have.
absl::StatusOr<LockStatus> TakeLock(const std::shared_ptr<SharedObject>& lock, Stamp self,
                                    absl::Duration timeout);
inline void ReleaseLock(SharedObject& lock) {
  Release(lock.arena(), lock.slot().lock, lock.slot().waiters);
}

// What follows is as the functions of Lock and RLock. What most calls need is here, in a few
// instructions; all else is elsewhere, so that it costs those nothing.

absl::StatusOr<LockStatus> AcquireSlowly(const std::shared_ptr<SharedObject>& lock,
                                         absl::Duration timeout);
inline absl::StatusOr<LockStatus> Acquire(const std::shared_ptr<SharedObject>& lock,
                                          absl::Duration timeout) {
  const Stamp self = TryEnter(lock);
  if (self.word() != 0 && TryTake(lock->slot().lock, self)) return LockStatus::kOk;
  return AcquireSlowly(lock, timeout);
}

// Why a lock cannot be released.
absl::Status NotReleased(const std::shared_ptr<SharedObject>& lock);
inline absl::Status Release(const std::shared_ptr<SharedObject>& lock) {
  const Stamp self = TryEnter(lock);
  if (self.word() == 0 || !Owns(*lock, self)) return NotReleased(lock);
  ReleaseLock(*lock);
  return absl::OkStatus();
}

absl::StatusOr<LockStatus> AcquireRecursivelySlowly(const std::shared_ptr<SharedObject>& lock,
                                                    absl::Duration timeout);
inline absl::StatusOr<LockStatus> AcquireRecursively(const std::shared_ptr<SharedObject>& lock,
                                                     absl::Duration timeout) {
  const Stamp self = TryEnter(lock);
  if (self.word() == 0) return AcquireRecursivelySlowly(lock, timeout);
  const bool again = Owns(*lock, self);
  if (!again && !TryTake(lock->slot().lock, self)) return AcquireRecursivelySlowly(lock, timeout);
  Atomic<uint64_t>& depth = DepthOf(*lock);
  const uint64_t times = again ? depth.load(std::memory_order_relaxed) : 0;
  depth.store(times + 1, std::memory_order_relaxed);
  return LockStatus::kOk;
}

inline absl::Status ReleaseRecursively(const std::shared_ptr<SharedObject>& lock) {
  const Stamp self = TryEnter(lock);
  if (self.word() == 0 || !Owns(*lock, self)) return NotReleased(lock);
  const uint64_t times = DepthOf(*lock).load(std::memory_order_relaxed);
  if (times > 1) {
    DepthOf(*lock).store(times - 1, std::memory_order_relaxed);
  } else {
    ReleaseLock(*lock);
  }
  return absl::OkStatus();
}

absl::Status NotOwner();

// Whether somebody who lives has it.
bool IsOwned(const std::shared_ptr<SharedObject>& lock);

// For lock(): throws what a failure to take a lock becomes.
void ThrowUnlessOk(const absl::Status& status);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SYNC_OWNED_LOCK_H_
