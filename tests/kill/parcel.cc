#include "tests/kill/parcel.h"

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "platform/core/shared/shared_object.h"

namespace isoproc::kill {

std::string PackAndLetGo(const Objects& objects) {
  internal::Luggage luggage;
  internal::WriteArchive archive(&luggage);
  archive(objects);
  std::set<const void*> held;
  for (const std::shared_ptr<internal::SharedObject>& object : luggage.kept) {
    // A condition names its lock once more.
    if (!held.insert(object.get()).second) continue;
    object->arena().LetGo(object->name());
  }
  return std::move(archive).bytes();
}

Objects Unpack(const std::string& bytes) {
  internal::ReadArchive archive({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
  Objects objects;
  archive(objects);
  return objects;
}

}  // namespace isoproc::kill
