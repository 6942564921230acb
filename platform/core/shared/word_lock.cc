#include "platform/core/shared/word_lock.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"
#include "platform/port/sync.h"

namespace isoproc::internal {
namespace {

// Critical sections are a few dozen instructions as a rule: shorter than a sleep by far. Looks less
// and less often, since each look takes the cache line away from the owner: a lock that two threads
// want all the time costs less if one of them takes it many times before the other does.
bool SpinFor(Arena& arena, LockWord& lock, Stamp self) {
  constexpr int kLongestPause = 64;
  // All together: some 10 microseconds, about as much as a sleep costs.
  constexpr int kPauses = 512;
  if (arena.UsableCpuCount() < 2) return false;
  int pauses = 1;
  for (int spent = 0; spent < kPauses; spent += pauses) {
    for (int i = 0; i < pauses; ++i) port::RelaxProcessor();
    if (lock.owner.load(std::memory_order_relaxed) == 0 && TryTake(lock, self)) return true;
    pauses = std::min(2 * pauses, kLongestPause);
  }
  return false;
}

}  // namespace

absl::StatusOr<Taken> Take(Arena& arena, LockWord& lock, Waiters& waiters, Stamp self,
                           absl::Duration timeout) {
  if (TryTake(lock, self)) return Taken::kFree;
  Taken taken = Taken::kFree;
  const auto attempt = [&](bool ask) {
    // Not ordered before the arming of the parker: see parking.h.
    if (lock.owner.load() == 0 && TryTake(lock, self)) return true;
    if (!ask || !TrySteal(arena, lock, self)) return false;
    taken = Taken::kFromTheDead;
    return true;
  };
  if (timeout <= absl::ZeroDuration()) {
    if (attempt(/*ask=*/true)) return taken;
    return absl::DeadlineExceededError("somebody else has the lock");
  }
  if (SpinFor(arena, lock, self)) return Taken::kFree;
  const absl::Status status =
      arena.Await(waiters, self, port::Deadline::After(arena.port().Now(), timeout), attempt);
  if (!status.ok()) return status;
  return taken;
}

}  // namespace isoproc::internal
