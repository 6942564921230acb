#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/sync/entered.h"
#include "platform/core/sync/owned_lock.h"

namespace isoproc {

using internal::RLockPayload;
using internal::SharedObject;
using internal::Stamp;

absl::StatusOr<RLock> RLock::Create() {
  absl::StatusOr<std::shared_ptr<SharedObject>> object = SharedObject::Create(kObjectKind);
  if (!object.ok()) return object.status();
  return RLock(*std::move(object));
}

absl::StatusOr<LockStatus> RLock::Acquire(absl::Duration timeout) const {
  if (object() == nullptr) return internal::NoObject();
  const absl::StatusOr<Stamp> self = object()->Enter();
  if (!self.ok()) return self.status();
  return internal::TakeRecursively(object(), internal::PayloadOf<RLockPayload>(object()->slot()),
                                   *self, timeout);
}

absl::Status RLock::Release() const {
  if (object() == nullptr) return internal::NoObject();
  const absl::StatusOr<Stamp> self = object()->Enter();
  if (!self.ok()) return self.status();
  return internal::ReleaseRecursively(*object(),
                                      internal::PayloadOf<RLockPayload>(object()->slot()), *self);
}

bool RLock::IsLocked() const { return internal::IsOwned(object()); }

void RLock::lock() const { internal::ThrowUnlessOk(Acquire().status()); }

}  // namespace isoproc
