#include "platform/core/shared/word_lock.h"

#include <algorithm>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// Critical sections are a few dozen instructions as a rule: shorter than a sleep by far.
bool SpinFor(LockWord& lock, Stamp self) {
  constexpr int kLooks = 100;
  for (int i = 0; i < kLooks; ++i) {
    if (TryTake(lock, self)) return true;
  }
  std::this_thread::yield();
  return TryTake(lock, self);
}

}  // namespace

absl::StatusOr<Taken> Take(Arena& arena, LockWord& lock, Waiters& waiters, Stamp self,
                           absl::Duration timeout) {
  if (TryTake(lock, self)) return Taken::kFree;
  Taken taken = Taken::kFree;
  const auto attempt = [&](bool ask) {
    if (TryTake(lock, self)) return true;
    if (!ask || !TrySteal(arena, lock, self)) return false;
    taken = Taken::kFromTheDead;
    return true;
  };
  if (timeout <= absl::ZeroDuration()) {
    if (attempt(/*ask=*/true)) return taken;
    return absl::DeadlineExceededError("somebody else has the lock");
  }
  if (SpinFor(lock, self)) return Taken::kFree;
  const absl::Status status =
      arena.Await(waiters, self, port::Deadline::After(arena.port().Now(), timeout), attempt);
  if (!status.ok()) return status;
  return taken;
}

}  // namespace isoproc::internal
