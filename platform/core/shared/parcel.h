// Shared objects on their way to somebody who is not known yet.
//
// A parcel is an object itself, which names others. Who packs it holds it as any object, by the bit
// of his process. Once it is posted, its carrier, a queue or a pipe, has it too, so that he can let
// it go, or die. Who receives it holds it, takes it out of the hands of the carrier, and holds what
// is in it before he lets it go. So something holds the objects at each instant: lifetime.h.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_PARCEL_H_
#define ISOPROC_PLATFORM_CORE_SHARED_PARCEL_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/shared/arena.h"

namespace isoproc::internal {

// A parcel that this process holds.
// Thread safety: as a plain value.
class Parcel {
 public:
  Parcel() = default;
  Parcel(Parcel&& other) noexcept
      : arena_(std::exchange(other.arena_, nullptr)), name_(other.name_) {}
  Parcel& operator=(Parcel&& other) noexcept {
    std::swap(arena_, other.arena_);
    std::swap(name_, other.name_);
    return *this;
  }
  ~Parcel() {
    if (arena_ != nullptr) arena_->LetGo(name_);
  }

  // Requires: this process holds `objects`.
  // Errors:   FailedPrecondition: one is of another family; as Arena::NewObject.
  static absl::StatusOr<Parcel> Pack(Arena& arena, absl::Span<const ObjectName> objects);
  // The one of that name (WordFor) that `carrier` has.
  // Errors:   NotFound: it has no such parcel; as Arena::Self.
  static absl::StatusOr<Parcel> Open(Arena& arena, uint64_t word, uint64_t carrier);

  explicit operator bool() const { return arena_ != nullptr; }
  uint64_t word() const { return name_.word(); }

  // Gives it to the carrier as well, and takes it away again. `end`: see ParcelPayload.
  // Requires: a process holds the carrier meanwhile.
  void Post(uint64_t carrier, uint64_t end = 0) const;
  void Unpost() const;

 private:
  Parcel(Arena& arena, const ObjectName& name) : arena_(&arena), name_(name) {}

  Arena* arena_ = nullptr;
  ObjectName name_;
};

// Takes a parcel away from `carrier`, if that has it, for one who was to do it and died.
void TakeAway(Arena& arena, uint64_t word, uint64_t carrier);

// How many parcels `carrier` has that handles go with to its end `end`.
uint64_t CountHandlesFor(Arena& arena, uint64_t carrier, uint64_t end);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_PARCEL_H_
