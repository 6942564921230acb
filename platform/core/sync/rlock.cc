#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/sync/owned_lock.h"

namespace isoproc {

using internal::SharedObject;

absl::StatusOr<RLock> RLock::Create() {
  absl::StatusOr<std::shared_ptr<SharedObject>> object = SharedObject::Create(kObjectKind);
  if (!object.ok()) return object.status();
  return RLock(*std::move(object));
}

absl::StatusOr<LockStatus> RLock::Acquire(absl::Duration timeout) const {
  return internal::AcquireRecursively(object(), timeout);
}

absl::Status RLock::Release() const { return internal::ReleaseRecursively(object()); }

bool RLock::IsLocked() const { return internal::IsOwned(object()); }

void RLock::lock() const { internal::ThrowUnlessOk(Acquire().status()); }

}  // namespace isoproc
