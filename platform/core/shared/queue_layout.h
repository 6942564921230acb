// What a queue consists of. Its words are in the heap of the arena, where any process can put right
// what a dead one has left in them; its messages are in memory of its own, which only those map who
// have a handle, so that they look after it themselves. docs/shared-words.md, docs/queue.md.
//
// All zero is a valid beginning of that memory, but for the sequences of the slots.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_QUEUE_LAYOUT_H_
#define ISOPROC_PLATFORM_CORE_SHARED_QUEUE_LAYOUT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/layout.h"

namespace isoproc::internal {

// The place of a message in the ring. Its bytes follow, if they fit.
struct QueueSlot {
  // Of slot t % slots, for ticket t: t: free; t + 1: committed; t + slots: delivered.
  Atomic<uint64_t> sequence;
  // Where the bytes are: Descriptor.
  Atomic<uint64_t> descriptor;
};

// The first one of a buffer says whose it is; the others are 0.
struct QueueUnit {
  // 0: free; or the stamp of a process. Of a message that is in the ring: who put it there.
  Atomic<uint64_t> owner;
  // Of the first unit of a block, its bytes: those of the message, or of all that is free. Without
  // an owner it is who has put_lock that writes it.
  Atomic<uint64_t> size;
};

// A message that somebody has on trial. Its bytes follow, if they fit.
struct alignas(64) QueueLease {
  // Owners that are no stamps: no participant has this slot.
  static constexpr uint64_t kReturned = ~uint64_t{0};
  static constexpr uint64_t kDone = ~uint64_t{1};

  // 0: free; the stamp of the process that has it; kReturned: it gave the message back; kDone: it
  // has said that it is done with it.
  Atomic<uint64_t> owner;
  // Its place in the order.
  Atomic<uint64_t> ticket;
  Atomic<uint64_t> descriptor;
  // Whether somebody had it before.
  Atomic<uint64_t> redelivered;
  // With kDone: what QueueWords::done is to be.
  Atomic<uint64_t> done;
};
static_assert(sizeof(QueueLease) == 64);

// Bytes in the slot or the lease: their number. Or a buffer: its first unit. Of a message with
// objects the first bytes are the name of their parcel.
class Descriptor {
 public:
  explicit constexpr Descriptor(uint64_t word) : word_(word) {}
  static constexpr Descriptor OfBytes(uint64_t size) { return Descriptor(size << 2); }
  static constexpr Descriptor OfBuffer(uint64_t unit) { return Descriptor(unit << 2 | 1); }
  constexpr Descriptor WithParcel() const { return Descriptor(word_ | 2); }

  constexpr uint64_t word() const { return word_; }
  constexpr bool is_buffer() const { return (word_ & 1) != 0; }
  constexpr bool has_parcel() const { return (word_ & 2) != 0; }
  constexpr uint64_t unit() const { return word_ >> 2; }
  constexpr uint64_t size() const { return word_ >> 2; }

 private:
  uint64_t word_;
};

// The numbers that a queue is made with.
struct QueueShape {
  static constexpr uint64_t kUnit = 1024;
  // Larger items have a buffer.
  static constexpr uint64_t kLargestInline = 240;
  static constexpr uint64_t kMostLeases = 256;
  static constexpr uint64_t kMaxCapacity = uint64_t{1} << 24;
  static constexpr uint64_t kMaxBytes = uint64_t{1} << 40;

  uint64_t capacity = 0;
  uint64_t slots = 0;  // a power of two
  uint64_t slot_size = 0;
  uint64_t leases = 0;
  uint64_t units = 0;

  // `item_size`: of all items; 0: they differ.
  // Errors: InvalidArgument: more than kMaxCapacity or kMaxBytes; 0 of both.
  static absl::StatusOr<QueueShape> For(uint64_t capacity, uint64_t bytes, uint64_t item_size);

  // Whether these can be the numbers of a queue in so much memory.
  bool IsSane(uint64_t memory) const;

  uint64_t inline_size() const { return slot_size - sizeof(QueueSlot); }
  uint64_t lease_size() const { return sizeof(QueueLease) + slot_size; }

  // Offsets in the memory.
  uint64_t leases_begin() const { return slots * slot_size; }
  uint64_t unit_words_begin() const { return leases_begin() + leases * lease_size(); }
  uint64_t units_begin() const {
    const uint64_t end = unit_words_begin() + units * sizeof(QueueUnit);
    return (end + kUnit - 1) / kUnit * kUnit;
  }
  uint64_t memory() const { return units_begin() + units * kUnit; }
};

// For who takes a lock from a dead owner: the parcel that changes hands with the commit of a
// ticket. What was noted before, and is done, does no harm.
struct ParcelNote {
  // 0: none.
  Atomic<uint64_t> parcel;
  Atomic<uint64_t> ticket;
};

struct QueueWords {
  // Constant: the type of the items, and the shape.
  Atomic<uint64_t> type;
  Atomic<uint64_t> capacity;
  Atomic<uint64_t> slots;
  Atomic<uint64_t> slot_size;
  Atomic<uint64_t> leases;
  Atomic<uint64_t> units;
  // Looked at by every call and hardly ever written, as the above.
  Atomic<uint64_t> closed;
  // 1: there may be leases of the dead, or given back.
  Atomic<uint64_t> orphans;

  // Of who puts. The other side does not look there while it is awake.
  alignas(64) LockWord put_lock;
  Atomic<uint64_t> tail;
  ParcelNote posted;
  // Until when somebody spins, in nanoseconds of Port::Now: one of each side does at a time.
  Atomic<int64_t> put_spin;
  // Of who gets.
  alignas(64) LockWord get_lock;
  Atomic<uint64_t> head;
  // Items that are done with: TaskDone, and leases.
  Atomic<uint64_t> done;
  ParcelNote taken;
  Atomic<int64_t> get_spin;

  // Leases that were ever used: those after them are free.
  alignas(64) Atomic<uint64_t> leases_used;
  // Goes up whenever a buffer may have become free.
  Atomic<uint64_t> freed;

  // Who waits: for the locks; for an item, a free slot, a buffer; for all items to be done.
  alignas(64) Waiters for_put_lock;
  alignas(64) Waiters for_get_lock;
  alignas(64) Waiters for_item;
  alignas(64) Waiters for_slot;
  alignas(64) Waiters for_buffer;
  alignas(64) Waiters for_done;
};

// One process's view.
struct QueueView {
  QueueWords& words;
  // Copied once: others may write anything there.
  const QueueShape shape;
  std::byte* const memory;

  // Errors: DataLoss: the numbers cannot be right.
  static absl::StatusOr<QueueView> Of(absl::Span<std::byte> room, absl::Span<std::byte> memory);

  QueueSlot& slot(uint64_t ticket) const {
    return *reinterpret_cast<QueueSlot*>(memory + (ticket & (shape.slots - 1)) * shape.slot_size);
  }
  std::byte* bytes(QueueSlot& slot) const {
    return reinterpret_cast<std::byte*>(&slot) + sizeof(QueueSlot);
  }
  QueueLease& lease(uint64_t index) const {
    return *reinterpret_cast<QueueLease*>(memory + shape.leases_begin() +
                                          index * shape.lease_size());
  }
  std::byte* bytes(QueueLease& lease) const {
    return reinterpret_cast<std::byte*>(&lease) + sizeof(QueueLease);
  }
  QueueUnit& unit(uint64_t index) const {
    return reinterpret_cast<QueueUnit*>(memory + shape.unit_words_begin())[index];
  }
  std::byte* bytes(uint64_t unit) const {
    return memory + shape.units_begin() + unit * QueueShape::kUnit;
  }
};

// Makes the words of a new queue, and its memory, which is all zero before.
void PrepareQueue(const QueueShape& shape, uint64_t type, absl::Span<std::byte> room);
void PrepareQueueMemory(const QueueShape& shape, absl::Span<std::byte> memory);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_QUEUE_LAYOUT_H_
