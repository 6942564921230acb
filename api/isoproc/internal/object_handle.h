// Handles of shared objects, and how they travel.
#ifndef ISOPROC_INTERNAL_OBJECT_HANDLE_H_
#define ISOPROC_INTERNAL_OBJECT_HANDLE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "cereal/access.hpp"
#include "isoproc/internal/archive.h"

namespace isoproc::internal {

class SharedObject;

enum class ObjectKind : uint8_t {
  kNone = 0,
  kLock = 1,
  kRLock = 2,
  kSemaphore = 3,
  kBoundedSemaphore = 4,
  kEvent = 5,
  kCondition = 6,
  kBarrier = 7,
  kValue = 8,
  kArray = 9,
  kQueue = 10,
  kPipe = 11,
  kParcel = 12,
};

// Puts what a handle refers to into a message, and takes it out; null travels as null. They end
// GuardEncode and GuardDecode where a handle cannot travel, or the object cannot be opened.
void SaveObject(WriteArchive& archive, const std::shared_ptr<SharedObject>& object);
std::shared_ptr<SharedObject> LoadObject(ReadArchive& archive, ObjectKind kind);

// The same for memory that goes with a handle; null travels as null.
void SaveBlock(WriteArchive& archive, const std::shared_ptr<SharedBlock>& block);
std::shared_ptr<SharedBlock> LoadBlock(ReadArchive& archive);

// The base of all handles. Copies refer to the same object; an empty one refers to none. The object
// lives until the last handle is gone, in whatever process.                             [SHR-01]
template <ObjectKind kKind>
class ObjectHandle {
 public:
  static constexpr ObjectKind kObjectKind = kKind;

  // Whether it refers to an object.
  explicit operator bool() const { return object_ != nullptr; }

 protected:
  ObjectHandle() = default;
  explicit ObjectHandle(std::shared_ptr<SharedObject> object) : object_(std::move(object)) {}

  const std::shared_ptr<SharedObject>& object() const { return object_; }

 private:
  friend class cereal::access;
  template <class Archive>
  void save(Archive& archive) const {
    SaveObject(archive, object_);
  }
  template <class Archive>
  void load(Archive& archive) {
    object_ = LoadObject(archive, kKind);
  }

  std::shared_ptr<SharedObject> object_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_OBJECT_HANDLE_H_
