#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/sync/entered.h"
#include "platform/core/sync/owned_lock.h"

namespace isoproc {

using internal::SharedObject;
using internal::Stamp;

absl::StatusOr<Lock> Lock::Create() {
  absl::StatusOr<std::shared_ptr<SharedObject>> object = SharedObject::Create(kObjectKind);
  if (!object.ok()) return object.status();
  return Lock(*std::move(object));
}

absl::StatusOr<LockStatus> Lock::Acquire(absl::Duration timeout) const {
  if (object() == nullptr) return internal::NoObject();
  const absl::StatusOr<Stamp> self = object()->Enter();
  if (!self.ok()) return self.status();
  if (internal::Owns(*object(), *self)) {
    return absl::FailedPreconditionError("the thread has the lock already");
  }
  return internal::TakeLock(object(), *self, timeout);
}

absl::Status Lock::Release() const {
  if (object() == nullptr) return internal::NoObject();
  const absl::StatusOr<Stamp> self = object()->Enter();
  if (!self.ok()) return self.status();
  if (!internal::Owns(*object(), *self)) return internal::NotOwner();
  internal::ReleaseLock(*object());
  return absl::OkStatus();
}

bool Lock::IsLocked() const { return internal::IsOwned(object()); }

void Lock::lock() const { internal::ThrowUnlessOk(Acquire().status()); }

}  // namespace isoproc
