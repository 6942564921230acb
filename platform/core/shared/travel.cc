// How handles of shared objects travel.
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/object_handle.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/luggage.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/shared_object.h"

namespace isoproc::internal {

namespace {

Luggage& LuggageOf(WriteArchive& archive) {
  if (archive.luggage() == nullptr) {
    ThrowStatus(absl::InvalidArgumentError(
        "a handle of a shared object does not travel as bytes: see sync.h"));
  }
  return *archive.luggage();
}

}  // namespace

void SaveObject(WriteArchive& archive, const std::shared_ptr<SharedObject>& object) {
  Luggage& luggage = LuggageOf(archive);
  // The receiver has the object from its sender until it holds it itself.
  if (object != nullptr) luggage.kept.push_back(object);
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

absl::StatusOr<Parcel> PackLuggage(Arena& arena, const Luggage& luggage) {
  std::vector<ObjectName> names;
  names.reserve(luggage.kept.size());
  for (const std::shared_ptr<SharedObject>& object : luggage.kept) names.push_back(object->name());
  return Parcel::Pack(arena, names);
}

void SaveBlock(WriteArchive& archive, const std::shared_ptr<SharedBlock>& block) {
  SharedBlocks& blocks = LuggageOf(archive).blocks;
  uint32_t number = 0;
  if (block != nullptr) {
    blocks.push_back(block);
    number = static_cast<uint32_t>(blocks.size());
  }
  archive.Write(number);
}

std::shared_ptr<SharedBlock> LoadBlock(ReadArchive& archive) {
  uint32_t number = 0;
  archive.Read(number);
  if (number == 0) return nullptr;
  if (archive.delivery() == nullptr || number > archive.delivery()->blocks.size()) {
    ThrowBadBytes("the memory of a shared object did not come along");
  }
  return archive.delivery()->blocks[number - 1];
}

}  // namespace isoproc::internal
