// An object that a thread is about to use.
#ifndef ISOPROC_PLATFORM_CORE_SYNC_ENTERED_H_
#define ISOPROC_PLATFORM_CORE_SYNC_ENTERED_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

struct Entered {
  // Keeps the object, whatever becomes of the handle meanwhile.
  std::shared_ptr<SharedObject> object;
  Stamp self;

  Arena& arena() const { return object->arena(); }
  ObjectSlot& slot() const { return object->slot(); }
};

inline absl::Status NoObject() {
  return absl::FailedPreconditionError("the handle refers to no object");
}

// Errors: FailedPrecondition: there is no object, or it is gone; as SharedObject::Enter.
inline absl::StatusOr<Entered> Enter(const std::shared_ptr<SharedObject>& object) {
  if (object == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = object->Enter();
  if (!self.ok()) return self.status();
  return Entered{object, *self};
}

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SYNC_ENTERED_H_
