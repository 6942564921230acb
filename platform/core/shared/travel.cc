// How handles of shared objects travel.
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/object_handle.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/shared_object.h"

namespace isoproc::internal {

void SaveObject(WriteArchive& archive, const std::shared_ptr<SharedObject>& object) {
  if (archive.luggage() == nullptr) {
    ThrowStatus(absl::InvalidArgumentError(
        "a handle of a shared object travels only as an argument of Process::Start"));
  }
  // The receiver has the object from its sender until it holds it itself.
  if (object != nullptr) archive.luggage()->kept.push_back(object);
  archive.Write(object == nullptr ? ObjectName{} : object->name());
}

std::shared_ptr<SharedObject> LoadObject(ReadArchive& archive, ObjectKind kind) {
  ObjectName name;
  archive.Read(name);
  if (name.state == 0) return nullptr;
  absl::StatusOr<std::shared_ptr<SharedObject>> object = SharedObject::Open(name, kind);
  if (!object.ok()) ThrowStatus(object.status());
  return *std::move(object);
}

}  // namespace isoproc::internal
