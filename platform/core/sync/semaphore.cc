#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/counter.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/sync/entered.h"

namespace isoproc {

using internal::Entered;
using internal::ObjectSlot;
using internal::SemaphorePayload;
using internal::SharedObject;

absl::StatusOr<Semaphore> Semaphore::Create(int64_t value) {
  if (value < 0 || value > kMaxValue) {
    return absl::InvalidArgumentError(
        absl::StrCat("a semaphore counts from 0 to ", kMaxValue, ", not to ", value));
  }
  absl::StatusOr<std::shared_ptr<SharedObject>> object =
      SharedObject::Create(kObjectKind, 0, [value](ObjectSlot& slot) {
        internal::PayloadOf<SemaphorePayload>(slot).count.store(static_cast<uint64_t>(value));
      });
  if (!object.ok()) return object.status();
  return Semaphore(*std::move(object));
}

absl::Status Semaphore::Acquire(absl::Duration timeout) const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  return internal::TakeOne(entered->arena(), entered->slot(), entered->self, timeout);
}

absl::Status Semaphore::Release(int64_t count) const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  if (count < 1) return absl::InvalidArgumentError("a semaphore is released once or more");
  if (count > kMaxValue || !internal::AddToCount(entered->arena(), entered->slot(),
                                                 static_cast<uint64_t>(count), kMaxValue)) {
    return absl::FailedPreconditionError("the semaphore cannot count so far");
  }
  return absl::OkStatus();
}

int64_t Semaphore::Value() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return 0;
  const uint64_t count = internal::PayloadOf<SemaphorePayload>(entered->slot()).count.load();
  return static_cast<int64_t>(std::min<uint64_t>(count, kMaxValue));
}

}  // namespace isoproc
