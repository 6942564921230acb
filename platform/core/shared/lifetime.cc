#include "platform/core/shared/lifetime.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"

namespace isoproc::internal {
namespace {

bool IsParcel(const ObjectSlot& slot) { return KindOf(slot.state.load()) == ObjectKind::kParcel; }

uint64_t CarrierOf(ObjectSlot& parcel) { return PayloadOf<ParcelPayload>(parcel).carrier.load(); }

bool Lives(Arena& arena, uint64_t word) {
  return word != 0 && arena.object(IndexIn(word)).state.load() == StateIn(word);
}

bool IsHeld(Arena& arena, ObjectSlot& slot) {
  return slot.in_parcels.load() != 0 ||
         std::any_of(std::begin(slot.attached), std::end(slot.attached),
                     [](const Atomic<uint64_t>& bits) { return bits.load() != 0; }) ||
         (IsParcel(slot) && Lives(arena, CarrierOf(slot)));
}

void ForEachNamed(Arena& arena, ObjectSlot& parcel,
                  absl::FunctionRef<void(ObjectSlot& slot, uint64_t index)> visit) {
  for (const Atomic<uint64_t>& name : NamesIn(arena, parcel)) {
    const uint64_t word = name.load();
    if (Lives(arena, word)) visit(arena.object(IndexIn(word)), IndexIn(word));
  }
}

}  // namespace

absl::Span<Atomic<uint64_t>> NamesIn(Arena& arena, ObjectSlot& parcel) {
  auto& payload = PayloadOf<ParcelPayload>(parcel);
  const uint64_t count = payload.count.load();
  if (count <= ParcelPayload::kInline) return absl::MakeSpan(payload.names, count);
  const absl::Span<std::byte> room = arena.RoomOf(parcel);
  return absl::MakeSpan(reinterpret_cast<Atomic<uint64_t>*>(room.data()),
                        (std::min<size_t>)(count, room.size() / sizeof(uint64_t)));
}

void FreeIfUnheld(Arena& arena, ObjectSlot& slot) {
  if (IsHeld(arena, slot)) return;
  const uint64_t state = slot.state.load();
  const uint64_t word = WordFor(state, static_cast<uint64_t>(&slot - &arena.object(0)));
  slot.state.store(state & ~kKindMask);  // commits
  if (KindOf(state) == ObjectKind::kParcel) {
    ForEachNamed(arena, slot, [&arena](ObjectSlot& named, uint64_t) {
      if (const uint32_t count = named.in_parcels.load()) named.in_parcels.store(count - 1);
      FreeIfUnheld(arena, named);
    });
  }
  if (slot.carries.load() == 0) return;
  for (uint64_t index = 0; index < kMaxObjects; ++index) {
    ObjectSlot& parcel = arena.object(index);
    if (IsParcel(parcel) && CarrierOf(parcel) == word) FreeIfUnheld(arena, parcel);
  }
}

void FreeAllUnheld(Arena& arena) {
  // Each round but the last frees something, if nobody writes where nobody may.
  for (uint32_t round = 0; round < kMaxObjects; ++round) {
    std::vector<uint32_t> counts(kMaxObjects);
    for (uint64_t index = 0; index < kMaxObjects; ++index) {
      ObjectSlot& slot = arena.object(index);
      if (!IsParcel(slot)) continue;
      ForEachNamed(arena, slot, [&counts](ObjectSlot&, uint64_t named) { ++counts[named]; });
    }
    bool freed = false;
    for (uint64_t index = 0; index < kMaxObjects; ++index) {
      ObjectSlot& slot = arena.object(index);
      const uint64_t state = slot.state.load();
      if (IsFree(state)) continue;
      if (slot.in_parcels.load() != counts[index]) slot.in_parcels.store(counts[index]);
      if (IsHeld(arena, slot)) continue;
      slot.state.store(state & ~kKindMask);
      // What only that held is found in the next round.
      freed = freed || KindOf(state) == ObjectKind::kParcel || slot.carries.load() != 0;
    }
    if (!freed) return;
  }
}

}  // namespace isoproc::internal
