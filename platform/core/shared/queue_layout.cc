#include "platform/core/shared/queue_layout.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/shared/layout.h"

namespace isoproc::internal {

absl::StatusOr<QueueShape> QueueShape::For(uint64_t capacity, uint64_t bytes, uint64_t item_size) {
  if (capacity > kMaxCapacity) {
    return absl::InvalidArgumentError("a queue of more than 2^24 items");
  }
  if (bytes > kMaxBytes) return absl::InvalidArgumentError("a queue of more than 2^40 bytes");
  if (capacity == 0 && bytes == 0) {
    return absl::InvalidArgumentError("a queue for 0 items and 0 bytes would hold nothing");
  }
  QueueShape shape;
  // What fits into two cache lines, unless all items are small, or all a little larger.
  shape.slot_size = 128;
  if (item_size != 0 && item_size <= kLargestInline) {
    shape.slot_size = (sizeof(QueueSlot) + item_size + 63) / 64 * 64;
  }
  // Without a limit, as many as `bytes` hold.
  if (capacity == 0) capacity = std::min(std::max<uint64_t>(bytes / 128, 2), kMaxCapacity);
  shape.capacity = capacity;
  // With one slot, free and committed would look alike.
  shape.slots = std::max<uint64_t>(std::bit_ceil(capacity), 2);
  shape.leases = std::min(shape.slots, kMostLeases);
  shape.units = (bytes + kUnit - 1) / kUnit;
  return shape;
}

bool QueueShape::IsSane(uint64_t memory) const {
  return std::has_single_bit(slots) && slots >= 2 && slots <= kMaxCapacity && capacity >= 1 &&
         capacity <= slots && slot_size % 64 == 0 && slot_size > sizeof(QueueSlot) &&
         slot_size <= sizeof(QueueSlot) + kLargestInline && leases <= kMostLeases &&
         units <= kMaxBytes / kUnit && this->memory() <= memory;
}

absl::StatusOr<QueueView> QueueView::Of(absl::Span<std::byte> room, absl::Span<std::byte> memory) {
  if (room.size() < sizeof(QueueWords)) return absl::DataLossError("a queue without its words");
  auto& words = *reinterpret_cast<QueueWords*>(room.data());
  const QueueShape shape = {.capacity = words.capacity.load(),
                            .slots = words.slots.load(),
                            .slot_size = words.slot_size.load(),
                            .leases = words.leases.load(),
                            .units = words.units.load()};
  if (!shape.IsSane(memory.size())) return absl::DataLossError("a queue of impossible numbers");
  return QueueView{words, shape, memory.data()};
}

void PrepareQueue(const QueueShape& shape, uint64_t type, absl::Span<std::byte> room) {
  auto& words = *reinterpret_cast<QueueWords*>(room.data());
  words.type.store(type);
  words.capacity.store(shape.capacity);
  words.slots.store(shape.slots);
  words.slot_size.store(shape.slot_size);
  words.leases.store(shape.leases);
  words.units.store(shape.units);
}

void PrepareQueueMemory(const QueueShape& shape, absl::Span<std::byte> memory) {
  for (uint64_t i = 0; i < shape.slots; ++i) {
    auto& slot = *reinterpret_cast<QueueSlot*>(memory.data() + i * shape.slot_size);
    slot.sequence.store(i, std::memory_order_relaxed);
  }
}

}  // namespace isoproc::internal
