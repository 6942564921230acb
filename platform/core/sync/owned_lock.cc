#include "platform/core/sync/owned_lock.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/shared/word_lock.h"
#include "platform/core/sync/entered.h"

namespace isoproc::internal {

absl::StatusOr<LockStatus> TakeLock(const std::shared_ptr<SharedObject>& lock, Stamp self,
                                    absl::Duration timeout) {
  ObjectSlot& slot = lock->slot();
  const absl::StatusOr<Taken> taken = Take(lock->arena(), slot.lock, slot.waiters, self, timeout);
  if (!taken.ok()) return taken.status();
  return *taken == Taken::kFree ? LockStatus::kOk : LockStatus::kOwnerDied;
}

absl::StatusOr<LockStatus> AcquireSlowly(const std::shared_ptr<SharedObject>& lock,
                                         absl::Duration timeout) {
  if (lock == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = lock->Enter();
  if (!self.ok()) return self.status();
  if (Owns(*lock, *self)) {
    return absl::FailedPreconditionError("the thread has the lock already");
  }
  return TakeLock(lock, *self, timeout);
}

absl::StatusOr<LockStatus> AcquireRecursivelySlowly(const std::shared_ptr<SharedObject>& lock,
                                                    absl::Duration timeout) {
  if (lock == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = lock->Enter();
  if (!self.ok()) return self.status();
  // The thread does not have it: the fast path has looked, unless the thread was nobody until now.
  const absl::StatusOr<LockStatus> taken = TakeLock(lock, *self, timeout);
  if (taken.ok()) DepthOf(*lock).store(1, std::memory_order_relaxed);
  return taken;
}

absl::Status NotReleased(const std::shared_ptr<SharedObject>& lock) {
  if (lock == nullptr) return NoObject();
  const absl::Status entered = lock->Enter().status();
  return entered.ok() ? NotOwner() : entered;
}

absl::Status NotOwner() {
  return absl::FailedPreconditionError("the calling thread does not have the lock");
}

bool IsOwned(const std::shared_ptr<SharedObject>& lock) {
  if (lock == nullptr || !lock->Enter().ok()) return false;
  const Stamp owner(lock->slot().lock.owner.load());
  return owner.word() != 0 && !lock->arena().IsDead(owner);
}

void ThrowUnlessOk(const absl::Status& status) {
  if (status.ok()) return;
  throw std::system_error(std::make_error_code(absl::IsFailedPrecondition(status)
                                                   ? std::errc::resource_deadlock_would_occur
                                                   : std::errc::resource_unavailable_try_again),
                          std::string(status.message()));
}

}  // namespace isoproc::internal
