// What handles of an object have in common.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_SHARED_OBJECT_H_
#define ISOPROC_PLATFORM_CORE_SHARED_SHARED_OBJECT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/participants.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

// Holds an object as long as it lives. Copies of a handle share one of these.
// Thread safety: any thread.
class SharedObject {
 public:
  // A new object in the family's arena; see Arena::NewObject.
  // Errors: as FamilyArena and Arena::NewObject.
  static absl::StatusOr<std::shared_ptr<SharedObject>> Create(
      ObjectKind kind, uint64_t room = 0,
      absl::FunctionRef<void(ObjectSlot& slot)> prepare = [](ObjectSlot&) {});
  // An object that came from elsewhere. Errors: as FamilyArena and Arena::Hold.
  static absl::StatusOr<std::shared_ptr<SharedObject>> Open(const ObjectName& name,
                                                            ObjectKind kind);
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;
  ~SharedObject() { arena_->LetGo(name_); }

  const ObjectName& name() const { return name_; }
  Arena& arena() { return *arena_; }
  ObjectSlot& slot() { return slot_; }

  // The calling thread. To be asked for before the object is used: a forked copy of the process
  // that had the handle finds here that the object is gone, if it is.
  // Errors: FailedPrecondition; as Arena::Self.
  absl::StatusOr<Stamp> Enter() {
    absl::StatusOr<Stamp> self = arena_->Self();
    if (self.ok() && slot_.state.load(std::memory_order_relaxed) != name_.state) return Gone();
    return self;
  }
  // The same for the fast path: nobody if Enter is to be asked.
  Stamp TryEnter() const {
    if (slot_.state.load(std::memory_order_relaxed) != name_.state) return Stamp();
    return Participants::KnownSelf(registration_);
  }

 private:
  SharedObject(std::shared_ptr<Arena> arena, const ObjectName& name)
      : arena_(std::move(arena)),
        name_(name),
        slot_(arena_->object(name.index)),
        registration_(arena_->registration()) {}
  static absl::Status Gone();

  const std::shared_ptr<Arena> arena_;
  const ObjectName name_;
  ObjectSlot& slot_;
  const std::atomic<uint64_t>& registration_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_SHARED_OBJECT_H_
