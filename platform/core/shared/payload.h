// The words of an object that its kind gives a meaning to.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_PAYLOAD_H_
#define ISOPROC_PLATFORM_CORE_SHARED_PAYLOAD_H_

#include <cstdint>

#include "platform/core/shared/atomic.h"
#include "platform/core/shared/layout.h"

namespace isoproc::internal {

struct RLockPayload {
  // How often the owner has the lock. The owner's alone.
  Atomic<uint64_t> depth;
};

struct SemaphorePayload {
  Atomic<uint64_t> count;
};

struct BoundedSemaphorePayload {
  // The permits are words in the heap: 0, or the stamp of the process that has it. Constant.
  Atomic<uint64_t> permits;
};

struct EventPayload {
  // Number of settings << 1 | is set.
  Atomic<uint64_t> word;
};

struct BarrierPayload {
  // barrier.h.
  Atomic<uint64_t> word;
  // Constant.
  Atomic<uint64_t> parties;
  Atomic<int64_t> timeout_nanoseconds;
};

struct StoragePayload {
  // Of an RLockPayload, first: a storage is locked like one.
  RLockPayload lock;
  // Bytes that were asked for, in the heap or in a block. Constant.
  Atomic<uint64_t> size;
  // Of a value that is too large for one store: which of its two copies is the valid one, by its
  // lowest bit.
  Atomic<uint64_t> version;
  // 1: an owner died with the lock, and who took it from him could not say so. The owner's alone.
  Atomic<uint64_t> untold;
};

// pipe_places.h.
struct PipePayload {
  // Of each end: the stamp of the process that has it; with bit 0, it is leaving that process.
  Atomic<uint64_t> places[2];
};

// parcel.h.
struct ParcelPayload {
  static constexpr uint64_t kInline = 21;

  // The object that has it in place of a process; 0: none.
  Atomic<uint64_t> carrier;
  // Handles of the system go with it to this end of the pipe, 1 or 2; 0: none do.
  Atomic<uint64_t> end;
  // What is in it. If that is more than kInline, the names are in the heap. Constant.
  Atomic<uint64_t> count;
  Atomic<uint64_t> names[kInline];
};

template <class Payload>
Payload& PayloadOf(ObjectSlot& slot) {
  static_assert(sizeof(Payload) <= ObjectSlot::kPayload);
  return *reinterpret_cast<Payload*>(slot.payload);
}

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_PAYLOAD_H_
