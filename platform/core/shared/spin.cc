#include "platform/core/shared/spin.h"

#include <algorithm>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"
#include "platform/port/port.h"
#include "platform/port/sync.h"

namespace isoproc::internal {

namespace {

int64_t Now(port::Port& port) { return absl::ToInt64Nanoseconds(port.Now()); }

}  // namespace

bool SpinTime::Look(port::Port& port, absl::FunctionRef<bool()> hint) const {
  const int64_t end = Now(port) + budget();
  bool found = false;
  // Without giving the processor away meanwhile: on a busy machine it would not be had again for
  // long, and who sleeps instead is woken at once.
  while (!found && Now(port) < end) {
    for (int i = 0; !found && i < 16; ++i) {
      port::RelaxProcessor();
      found = hint();
    }
  }
  return found;
}

void SpinTime::Learn(bool success) {
  budget_.store(success ? std::min(2 * budget(), kLongest) : std::max(budget() / 2, kShortest),
                std::memory_order_relaxed);
}

bool Spin::Until(Arena& arena, Atomic<int64_t>& until, absl::FunctionRef<bool()> hint) {
  if (arena.UsableCpuCount() < 2) return false;
  const int64_t begin = Now(arena.port());
  // A time that is over is nobody's, whoever has died: no owner needs to be asked for.
  int64_t others = until.load(std::memory_order_relaxed);
  if (others > begin && others < begin + 2 * SpinTime::kLongest) return false;
  if (!until.compare_exchange_strong(others, begin + time_.budget())) return false;
  const bool found = time_.Look(arena.port(), hint);
  time_.Learn(found);
  until.store(0, std::memory_order_relaxed);
  return found;
}

}  // namespace isoproc::internal
