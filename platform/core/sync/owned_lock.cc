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
#include "platform/core/shared/payload.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/shared/word_lock.h"

namespace isoproc::internal {

absl::StatusOr<LockStatus> TakeLock(const std::shared_ptr<SharedObject>& lock, Stamp self,
                                    absl::Duration timeout) {
  ObjectSlot& slot = lock->slot();
  if (TryTake(slot.lock, self)) return LockStatus::kOk;
  const std::shared_ptr<SharedObject> kept = lock;  // whatever becomes of the handle meanwhile
  const absl::StatusOr<Taken> taken = Take(kept->arena(), slot.lock, slot.waiters, self, timeout);
  if (!taken.ok()) return taken.status();
  return *taken == Taken::kFree ? LockStatus::kOk : LockStatus::kOwnerDied;
}

absl::StatusOr<LockStatus> TakeRecursively(const std::shared_ptr<SharedObject>& lock,
                                           RLockPayload& payload, Stamp self,
                                           absl::Duration timeout) {
  Atomic<uint64_t>& depth = payload.depth;
  if (Owns(*lock, self)) {
    depth.store(depth.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return LockStatus::kOk;
  }
  const absl::StatusOr<LockStatus> taken = TakeLock(lock, self, timeout);
  if (taken.ok()) depth.store(1, std::memory_order_relaxed);
  return taken;
}

absl::Status ReleaseRecursively(SharedObject& lock, RLockPayload& payload, Stamp self) {
  if (!Owns(lock, self)) return NotOwner();
  const uint64_t times = payload.depth.load(std::memory_order_relaxed);
  if (times > 1) {
    payload.depth.store(times - 1, std::memory_order_relaxed);
  } else {
    ReleaseLock(lock);
  }
  return absl::OkStatus();
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
