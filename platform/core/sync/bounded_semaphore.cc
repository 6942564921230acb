#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/permits.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/sync/entered.h"

namespace isoproc {

using internal::BoundedSemaphorePayload;
using internal::Entered;
using internal::ObjectSlot;
using internal::SharedObject;

absl::StatusOr<BoundedSemaphore> BoundedSemaphore::Create(int64_t value) {
  if (value < 0) return absl::InvalidArgumentError("fewer permits than none");
  const auto permits = static_cast<uint64_t>(value);
  constexpr uint64_t kMostPermits = internal::kHeapUnits * internal::kHeapUnit / sizeof(uint64_t);
  if (permits > kMostPermits) {
    return absl::ResourceExhaustedError("more permits than there is room for");
  }
  absl::StatusOr<std::shared_ptr<SharedObject>> object =
      SharedObject::Create(kObjectKind, permits * sizeof(uint64_t), [permits](ObjectSlot& slot) {
        internal::PayloadOf<BoundedSemaphorePayload>(slot).permits.store(permits);
      });
  if (!object.ok()) return object.status();
  return BoundedSemaphore(*std::move(object));
}

absl::Status BoundedSemaphore::Acquire(absl::Duration timeout) const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  return internal::TakePermit(entered->arena(), entered->slot(), entered->self, timeout);
}

absl::Status BoundedSemaphore::Release() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  if (!internal::ReturnPermit(entered->arena(), entered->slot(), entered->self)) {
    return absl::FailedPreconditionError("nobody has a permit");
  }
  return absl::OkStatus();
}

int64_t BoundedSemaphore::Value() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return 0;
  return static_cast<int64_t>(internal::CountFreePermits(entered->arena(), entered->slot()));
}

}  // namespace isoproc
