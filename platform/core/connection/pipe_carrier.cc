#include "platform/core/connection/pipe_carrier.h"

#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "isoproc/internal/object_handle.h"
#include "platform/core/connection/pipe_places.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

absl::StatusOr<std::shared_ptr<SharedObject>> PipeCarrier::Get() {
  const std::lock_guard lock(mutex_);
  if (object_ != nullptr) return object_;
  if (is_final_) {
    return absl::FailedPreconditionError(
        "this pipe carries no shared objects: there was no room for one more when its ends came "
        "into different processes");
  }
  const absl::StatusOr<std::shared_ptr<Arena>> arena = FamilyArena();
  if (!arena.ok()) return arena.status();
  const absl::StatusOr<Stamp> self = (*arena)->Self();
  if (!self.ok()) return self.status();
  absl::StatusOr<std::shared_ptr<SharedObject>> object =
      SharedObject::Create(ObjectKind::kPipe, /*room=*/0,
                           [&self](ObjectSlot& slot) { PipePlaces::Prepare(slot, *self); });
  if (!object.ok()) return object.status();
  object_ = *std::move(object);
  return object_;
}

std::shared_ptr<SharedObject> PipeCarrier::Known() {
  const std::lock_guard lock(mutex_);
  return object_;
}

bool PipeCarrier::IsOfSamePipe(PipeCarrier& other) {
  if (this == &other) return true;
  const std::shared_ptr<SharedObject> mine = Known();
  const std::shared_ptr<SharedObject> theirs = other.Known();
  return mine != nullptr && theirs != nullptr && mine->name().word() == theirs->name().word();
}

std::shared_ptr<SharedObject> PipeCarrier::Part() {
  absl::StatusOr<std::shared_ptr<SharedObject>> object = Get();
  const std::lock_guard lock(mutex_);
  is_final_ = true;
  return object.ok() ? *std::move(object) : nullptr;
}

}  // namespace isoproc::internal
