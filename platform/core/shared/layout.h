// What is where in the arena, the memory that the processes of a family share. docs/shared-words.md
// says of each word who writes it, what commits it and who repairs it: no word without a row there.
//
// All zero is a valid arena in which there is nothing. Others may write anything at any time: what
// is read here is never an address, and an index is checked before it is used.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_LAYOUT_H_
#define ISOPROC_PLATFORM_CORE_SHARED_LAYOUT_H_

#include <cstddef>
#include <cstdint>

#include "isoproc/internal/object_handle.h"
#include "platform/core/shared/atomic.h"
#include "platform/port/sync.h"

namespace isoproc::internal {

// Processes that use one arena at the same time.
inline constexpr uint32_t kMaxParticipants = 1024;
// One more place in their table: who finds it full sweeps from there. It has no objects.
inline constexpr uint32_t kDoor = kMaxParticipants;
// Threads that sleep in it at the same time. More may wait, but these look again and again.
inline constexpr uint32_t kMaxParkers = 1024;
// Objects in it at the same time.
inline constexpr uint32_t kMaxObjects = 4096;

struct Participant {
  // Process id and stage; 0: free. participants.cc.
  Atomic<uint64_t> claim;
  // What tells the process apart from others of the same id.
  Atomic<uint64_t> birth;
  // Counts the processes that had this slot.
  Atomic<uint32_t> incarnation;
  uint32_t reserved;
};
static_assert(sizeof(Participant) == 24);

// The threads that wait for something, by name: one bit for each parker. parking.h.
struct Waiters {
  static constexpr uint32_t kWords = kMaxParkers / 64;

  // Bit w: bits[w] may be other than 0.
  Atomic<uint32_t> summary;
  // Where the search for the next one to wake begins.
  Atomic<uint32_t> next;
  Atomic<uint64_t> bits[kWords];
};
static_assert(Waiters::kWords <= 32);

// A lock: 0, or the stamp of its owner. word_lock.h.
struct LockWord {
  Atomic<uint64_t> owner;
};

// Room for what does not fit into an object. What is used of it is said by the objects that live:
// there is no other record that could be wrong after a death.
inline constexpr uint32_t kHeapUnit = 64;
inline constexpr uint32_t kHeapUnits = 16384;

// An object. `state` is number << 8 | ObjectKind; kNone means free. The number goes up with each
// use.
inline constexpr int kKindBits = 8;
inline constexpr uint64_t kKindMask = (uint64_t{1} << kKindBits) - 1;
constexpr ObjectKind KindOf(uint64_t state) { return static_cast<ObjectKind>(state & kKindMask); }
constexpr bool IsFree(uint64_t state) { return KindOf(state) == ObjectKind::kNone; }

struct alignas(64) ObjectSlot {
  static constexpr uint32_t kPayload = 192;

  Atomic<uint64_t> state;
  LockWord lock;
  Waiters waiters;
  // The processes that have a handle: one bit for each participant.
  Atomic<uint64_t> attached[kMaxParticipants / 64];
  // Where its room in the heap is, in units. Constant while it lives.
  Atomic<uint32_t> heap_begin;
  Atomic<uint32_t> heap_units;
  // How many living parcels name it; after a death perhaps more than that. lifetime.h.
  Atomic<uint32_t> in_parcels;
  // 1: it may be the carrier of parcels.
  Atomic<uint32_t> carries;
  // What else the kind needs.
  alignas(64) std::byte payload[kPayload];
};
static_assert(sizeof(ObjectSlot) == 512);

// Names an object in one word; 0: none.
constexpr uint64_t WordFor(uint64_t state, uint64_t index) { return state * kMaxObjects + index; }
constexpr uint64_t IndexIn(uint64_t word) { return word % kMaxObjects; }
constexpr uint64_t StateIn(uint64_t word) { return word / kMaxObjects; }

struct ArenaHeader {
  static constexpr uint64_t kMagic = 0x616e657261307369;  // "is0arena"
  static constexpr uint32_t kVersion = 3;

  uint64_t magic;
  uint32_t version;
  uint32_t size_of_object;
  uint64_t size;
  // Random: which arena this is.
  uint64_t id;
  // When somebody last looked for dead processes, in nanoseconds of Port::Now.
  Atomic<int64_t> last_sweep;
  // Where the search for a free object begins.
  Atomic<uint32_t> object_hint;
  // Guards the lifetime of participants and objects.
  LockWord lock;
  Waiters waiters;
};

struct ArenaMemory {
  ArenaHeader header;
  Participant participants[kMaxParticipants + 1];
  // The owners of `parkers`.
  Atomic<uint64_t> parker_owners[kMaxParkers];
  port::ParkerCell parkers[kMaxParkers];
  ObjectSlot objects[kMaxObjects];
  alignas(kHeapUnit) std::byte heap[kHeapUnits * kHeapUnit];
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_LAYOUT_H_
