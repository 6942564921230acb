#include "platform/core/shared/shared_object.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "isoproc/sync.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/layout.h"

namespace isoproc::internal {

static_assert(kMaxSharedObjects == kMaxObjects && kMaxSharingProcesses == kMaxParticipants &&
              kMaxSleepingThreads == kMaxParkers);

absl::StatusOr<std::shared_ptr<SharedObject>> SharedObject::Create(
    ObjectKind kind, uint64_t room, absl::FunctionRef<void(ObjectSlot& slot)> prepare) {
  absl::StatusOr<std::shared_ptr<Arena>> arena = FamilyArena();
  if (!arena.ok()) return arena.status();
  const absl::StatusOr<ObjectName> name = (*arena)->NewObject(kind, room, prepare);
  if (!name.ok()) return name.status();
  return std::shared_ptr<SharedObject>(new SharedObject(*std::move(arena), *name));
}

absl::StatusOr<std::shared_ptr<SharedObject>> SharedObject::Open(const ObjectName& name,
                                                                 ObjectKind kind) {
  absl::StatusOr<std::shared_ptr<Arena>> arena = FamilyArena();
  if (!arena.ok()) return arena.status();
  const absl::Status held = (*arena)->Hold(name, kind);
  if (!held.ok()) return held;
  return std::shared_ptr<SharedObject>(new SharedObject(*std::move(arena), name));
}

absl::Status SharedObject::Gone() {
  return absl::FailedPreconditionError(
      "the object is gone: this process is a copy of the one that had the handle");
}

}  // namespace isoproc::internal
