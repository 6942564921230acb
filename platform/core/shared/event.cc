#include "platform/core/shared/event.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

constexpr uint64_t kSet = 1;

}  // namespace

absl::Status AwaitEvent(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout) {
  Atomic<uint64_t>& word = PayloadOf<EventPayload>(slot).word;
  const uint64_t begin = word.load();
  if ((begin & kSet) != 0) return absl::OkStatus();
  return arena.Await(slot.waiters, self, port::Deadline::After(arena.port().Now(), timeout),
                     [&](bool) { return word.load() != begin; });
}

void SetEvent(Arena& arena, ObjectSlot& slot) {
  Atomic<uint64_t>& word = PayloadOf<EventPayload>(slot).word;
  uint64_t seen = word.load();
  while ((seen & kSet) == 0 && !word.compare_exchange_strong(seen, seen + 2 + kSet)) {
  }
  arena.parking().WakeAll(slot.waiters);
}

void ClearEvent(ObjectSlot& slot) { PayloadOf<EventPayload>(slot).word.fetch_and(~kSet); }

bool EventIsSet(ObjectSlot& slot) {
  return (PayloadOf<EventPayload>(slot).word.load() & kSet) != 0;
}

}  // namespace isoproc::internal
