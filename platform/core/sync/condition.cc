#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/parking.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/sync/entered.h"
#include "platform/core/sync/owned_lock.h"
#include "platform/port/port.h"

namespace isoproc {
namespace {

using internal::Entered;
using internal::SharedObject;

// How often the owner has the lock; a Lock has no such count.
internal::Atomic<uint64_t>* DepthOf(SharedObject& lock, bool is_recursive) {
  return is_recursive ? &internal::DepthOf(lock) : nullptr;
}

// Errors: as Enter; FailedPrecondition: the calling thread does not have the lock.
absl::StatusOr<Entered> EnterOwned(const std::shared_ptr<SharedObject>& lock) {
  absl::StatusOr<Entered> entered = internal::Enter(lock);
  if (entered.ok() && !internal::Owns(*entered->object, entered->self)) {
    return internal::NotOwner();
  }
  return entered;
}

}  // namespace

absl::StatusOr<Condition::Core> Condition::CreateCore() {
  absl::StatusOr<std::shared_ptr<SharedObject>> object = SharedObject::Create(Core::kObjectKind);
  if (!object.ok()) return object.status();
  return Core(*std::move(object));
}

absl::StatusOr<Condition> Condition::Create() {
  absl::StatusOr<RLock> lock = RLock::Create();
  if (!lock.ok()) return lock.status();
  return Create(*lock);
}

absl::StatusOr<Condition> Condition::Create(const Lock& lock) {
  if (!lock) return internal::NoObject();
  absl::StatusOr<Core> core = CreateCore();
  if (!core.ok()) return core.status();
  return Condition(*std::move(core), lock, RLock());
}

absl::StatusOr<Condition> Condition::Create(const RLock& lock) {
  if (!lock) return internal::NoObject();
  absl::StatusOr<Core> core = CreateCore();
  if (!core.ok()) return core.status();
  return Condition(*std::move(core), Lock(), lock);
}

absl::StatusOr<LockStatus> Condition::Acquire(absl::Duration timeout) const {
  return lock_ ? lock_.Acquire(timeout) : rlock_.Acquire(timeout);
}

absl::Status Condition::Release() const { return lock_ ? lock_.Release() : rlock_.Release(); }

void Condition::lock() const { internal::ThrowUnlessOk(Acquire().status()); }

absl::StatusOr<LockStatus> Condition::Wait(absl::Duration timeout) const {
  const absl::StatusOr<Entered> entered = internal::Enter(core_.object());
  if (!entered.ok()) return entered.status();
  const absl::StatusOr<Entered> lock = EnterOwned(lock_ ? lock_.object() : rlock_.object());
  if (!lock.ok()) return lock.status();

  internal::Waiters& waiters = entered->slot().waiters;
  const port::Deadline deadline = port::Deadline::After(entered->arena().port().Now(), timeout);
  // Before the lock is released, so that no notification is missed in between.
  absl::StatusOr<internal::Parking::Lease> lease = entered->arena().Arm(waiters, entered->self);
  if (!lease.ok()) return lease.status();
  internal::Atomic<uint64_t>* const depth = DepthOf(*lock->object, static_cast<bool>(rlock_));
  const uint64_t times = depth == nullptr ? 1 : depth->load(std::memory_order_relaxed);
  internal::ReleaseLock(*lock->object);
  const bool notified = entered->arena().SleepUntilChosen(*lease, waiters, entered->self, deadline);
  // Taking the lock may need a parker as well.
  lease = absl::CancelledError("given back");
  const absl::StatusOr<LockStatus> taken =
      internal::TakeLock(lock->object, lock->self, absl::InfiniteDuration());
  if (!taken.ok()) return taken.status();
  if (depth != nullptr) depth->store(times, std::memory_order_relaxed);
  if (notified || *taken == LockStatus::kOwnerDied) return *taken;
  return absl::DeadlineExceededError("nobody has notified in time");
}

absl::Status Condition::WaitUntilTrue(absl::FunctionRef<bool()> predicate,
                                      absl::Duration timeout) const {
  const absl::StatusOr<Entered> entered = internal::Enter(core_.object());
  if (!entered.ok()) return entered.status();
  port::Port& port = entered->arena().port();
  const port::Deadline deadline = port::Deadline::After(port.Now(), timeout);
  const absl::StatusOr<Entered> lock = EnterOwned(lock_ ? lock_.object() : rlock_.object());
  if (!lock.ok()) return lock.status();
  while (!predicate()) {
    const absl::Duration left = deadline.Remaining(port.Now());
    const absl::Status waited = Wait(left).status();
    if (absl::IsDeadlineExceeded(waited)) return predicate() ? absl::OkStatus() : waited;
    if (!waited.ok()) return waited;
  }
  return absl::OkStatus();
}

absl::Status Condition::Notify(int64_t count) const {
  const absl::StatusOr<Entered> entered = internal::Enter(core_.object());
  if (!entered.ok()) return entered.status();
  const absl::StatusOr<Entered> lock = EnterOwned(lock_ ? lock_.object() : rlock_.object());
  if (!lock.ok()) return lock.status();
  internal::Parking& parking = entered->arena().parking();
  for (int64_t i = 0; i < count && parking.WakeOne(entered->slot().waiters); ++i) {
  }
  return absl::OkStatus();
}

absl::Status Condition::NotifyAll() const {
  const absl::StatusOr<Entered> entered = internal::Enter(core_.object());
  if (!entered.ok()) return entered.status();
  const absl::StatusOr<Entered> lock = EnterOwned(lock_ ? lock_.object() : rlock_.object());
  if (!lock.ok()) return lock.status();
  entered->arena().parking().WakeAll(entered->slot().waiters);
  return absl::OkStatus();
}

}  // namespace isoproc
