#include "platform/core/shared/spin.h"

#include <algorithm>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"
#include "platform/port/sync.h"

namespace isoproc::internal {

bool Spin::Until(Arena& arena, Atomic<int64_t>& until, absl::FunctionRef<bool()> hint) {
  if (arena.UsableCpuCount() < 2) return false;
  const auto now = [&arena] { return absl::ToInt64Nanoseconds(arena.port().Now()); };
  const int64_t budget = budget_.load(std::memory_order_relaxed);
  const int64_t begin = now();
  const int64_t end = begin + budget;
  // A time that is over is nobody's, whoever has died: no owner needs to be asked for.
  int64_t others = until.load(std::memory_order_relaxed);
  if (others > begin && others < begin + 2 * kLongest) return false;
  if (!until.compare_exchange_strong(others, end)) return false;
  bool found = false;
  // Without giving the processor away meanwhile: on a busy machine it would not be had again for
  // long, and who sleeps instead is woken at once.
  while (!found && now() < end) {
    for (int i = 0; !found && i < 16; ++i) {
      port::RelaxProcessor();
      found = hint();
    }
  }
  until.store(0, std::memory_order_relaxed);
  budget_.store(found ? std::min(2 * budget, kLongest) : std::max(budget / 2, kShortest),
                std::memory_order_relaxed);
  return found;
}

}  // namespace isoproc::internal
