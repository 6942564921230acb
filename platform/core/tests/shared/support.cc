#include "platform/core/tests/shared/support.h"

#include <bit>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"

namespace isoproc::internal {
namespace {

int CountWaiting(const Waiters& waiters) {
  int count = 0;
  for (const Atomic<uint64_t>& bits : waiters.bits) count += std::popcount(bits.load());
  return count;
}

}  // namespace

int ForEveryStore(const std::function<bool(int n)>& scenario) {
  int n = 1;
  while (scenario(n)) ++n;
  return n - 1;
}

std::string InUse(const Arena& arena) {
  const ArenaMemory& memory = arena.memory();
  int processes = 0;
  for (uint32_t slot = 0; slot < kMaxParticipants; ++slot) {
    processes += memory.participants[slot].claim.load() != 0 ? 1 : 0;
  }
  int objects = 0;
  int held = 0;
  int waiting = CountWaiting(memory.header.waiters);
  for (const ObjectSlot& slot : memory.objects) {
    if ((slot.state.load() & 0xFF) == 0) continue;
    ++objects;
    for (const Atomic<uint64_t>& bits : slot.attached) held += std::popcount(bits.load());
    waiting += CountWaiting(slot.waiters);
  }
  int parkers = 0;
  for (const Atomic<uint64_t>& owner : memory.parker_owners) parkers += owner.load() != 0 ? 1 : 0;
  return absl::StrCat("processes ", processes, " objects ", objects, " held ", held, " parkers ",
                      parkers, " waiting ", waiting);
}

}  // namespace isoproc::internal
