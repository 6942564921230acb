#include "platform/core/shared/parcel.h"

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/lifetime.h"
#include "platform/core/shared/payload.h"

namespace isoproc::internal {

absl::StatusOr<Parcel> Parcel::Pack(Arena& arena, absl::Span<const ObjectName> objects) {
  for (const ObjectName& object : objects) {
    if (object.arena == arena.id()) continue;
    return absl::FailedPreconditionError("the object belongs to another family of processes");
  }
  const size_t count = objects.size();
  const uint64_t room = count <= ParcelPayload::kInline ? 0 : count * sizeof(uint64_t);
  bool gone = false;
  const absl::StatusOr<ObjectName> name =
      arena.NewObject(ObjectKind::kParcel, room, [&](ObjectSlot& slot) {
        PayloadOf<ParcelPayload>(slot).count.store(count);
        const absl::Span<Atomic<uint64_t>> names = NamesIn(arena, slot);
        for (size_t i = 0; i < count; ++i) {
          ObjectSlot& object = arena.object(objects[i].index);
          gone = gone || object.state.load() != objects[i].state;
          if (gone) break;
          names[i].store(objects[i].word());
          object.in_parcels.fetch_add(1);
        }
      });
  if (!name.ok()) return name.status();
  Parcel parcel(arena, *name);
  if (gone) {
    return absl::FailedPreconditionError(
        "the object is gone: this process is a copy of the one that had the handle");
  }
  return parcel;
}

absl::StatusOr<Parcel> Parcel::Open(Arena& arena, uint64_t word, uint64_t carrier) {
  const ObjectName name{.arena = arena.id(), .state = StateIn(word), .index = IndexIn(word)};
  const absl::Status held = arena.Hold(name, ObjectKind::kParcel);
  if (absl::IsFailedPrecondition(held)) return absl::NotFoundError("not the name of a parcel");
  if (!held.ok()) return held;
  Parcel parcel(arena, name);
  if (PayloadOf<ParcelPayload>(arena.object(name.index)).carrier.load() != carrier) {
    return absl::NotFoundError("the parcel is on another way");
  }
  return parcel;
}

void Parcel::Post(uint64_t carrier, uint64_t end) const {
  arena_->object(IndexIn(carrier)).carries.store(1);
  auto& payload = PayloadOf<ParcelPayload>(arena_->object(name_.index));
  payload.end.store(end);
  payload.carrier.store(carrier);  // commits
}

void Parcel::Unpost() const {
  PayloadOf<ParcelPayload>(arena_->object(name_.index)).carrier.store(0);
}

void TakeAway(Arena& arena, uint64_t word, uint64_t carrier) {
  const absl::StatusOr<Parcel> parcel = Parcel::Open(arena, word, carrier);
  if (parcel.ok()) parcel->Unpost();
}

uint64_t CountHandlesFor(Arena& arena, uint64_t carrier, uint64_t end) {
  if (arena.object(IndexIn(carrier)).carries.load() == 0) return 0;
  uint64_t count = 0;
  for (uint64_t index = 0; index < kMaxObjects; ++index) {
    ObjectSlot& slot = arena.object(index);
    const uint64_t state = slot.state.load();
    if (KindOf(state) != ObjectKind::kParcel) continue;
    auto& payload = PayloadOf<ParcelPayload>(slot);
    if (payload.carrier.load() != carrier || payload.end.load() != end) continue;
    if (slot.state.load() == state) ++count;  // it was this parcel all the time
  }
  return count;
}

}  // namespace isoproc::internal
