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

absl::StatusOr<Lock> Lock::Create() {
  absl::StatusOr<std::shared_ptr<SharedObject>> object = SharedObject::Create(kObjectKind);
  if (!object.ok()) return object.status();
  return Lock(*std::move(object));
}

absl::StatusOr<LockStatus> Lock::Acquire(absl::Duration timeout) const {
  return internal::Acquire(object(), timeout);
}

absl::Status Lock::Release() const { return internal::Release(object()); }

bool Lock::IsLocked() const { return internal::IsOwned(object()); }

void Lock::lock() const { internal::ThrowUnlessOk(Acquire().status()); }

}  // namespace isoproc
