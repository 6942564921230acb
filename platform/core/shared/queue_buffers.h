// Memory for messages that are too large for a slot: runs of units, as long as they need to be.
//
// The units are parted into blocks, one after the other: buffers, and what is free. The first unit
// of each says how long it is, so that a search goes from block to block, however long they are.
// Who has the lock of who puts parts a free block, or joins it with those that follow, by one store
// each: there is no moment in which the blocks are wrong. Memory of zeros is blocks of one unit.
//
// The first unit of a buffer has an owner: who writes it, then still he while it is in the ring,
// then who has taken it, who signs before he commits the taking. So what a dead owner has left is
// in nobody's hands unless a committed slot or a lease refers to it, and anybody may free it.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_QUEUE_BUFFERS_H_
#define ISOPROC_PLATFORM_CORE_SHARED_QUEUE_BUFFERS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/queue_layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {

class QueueBuffers {
 public:
  QueueBuffers(Arena& arena, const QueueView& view) : arena_(arena), view_(view) {}

  // The first unit of a buffer of `size` bytes, which `self` owns now.
  // Requires: the lock of who puts.
  std::optional<uint64_t> Allocate(Stamp self, uint64_t size);

  // Requires: `self` owns it. Nothing happens to what somebody else has taken over meanwhile.
  void Free(Stamp self, uint64_t unit);

  // Signs for a message that a committed slot or a lease refers to, before its taking is committed.
  // Requires: the lock of who gets. False: there can be no such buffer.
  bool TakeOver(Stamp self, uint64_t unit);

  // Whether `self` owns it.
  bool IsOwn(Stamp self, uint64_t unit) const;

  absl::Span<std::byte> BytesOf(uint64_t unit);

  // Frees what the dead have left. Takes as long as it takes to look at all units and slots.
  void Sweep();

  // A buffer is free, or referred to no more: who waits for one looks again.
  void TellWaiters();

 private:
  // The first unit after a block; whether nobody has it.
  uint64_t EndOf(uint64_t block) const;
  bool IsFree(uint64_t block) const;

  // A buffer of a dead owner.
  struct Left {
    uint64_t unit;
    uint64_t owner;
  };
  std::vector<Left> FindLeft() const;
  // Those that a committed slot or a lease refers to.
  void EraseReferredTo(std::vector<Left>& left) const;

  Arena& arena_;
  const QueueView& view_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_QUEUE_BUFFERS_H_
