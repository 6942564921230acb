// Looking again and again for a short time before going to sleep, which costs more than that where
// somebody else is about to do what is waited for.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_SPIN_H_
#define ISOPROC_PLATFORM_CORE_SHARED_SPIN_H_

#include <atomic>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// How long it is worth while is learnt: twice as long after each success, half as long after each
// failure.
// Thread safety: any thread.
class SpinTime {
 public:
  static constexpr int64_t kLongest = 50'000;  // nanoseconds

  int64_t budget() const { return budget_.load(std::memory_order_relaxed); }
  // True: `hint` became true before the time was over.
  bool Look(port::Port& port, absl::FunctionRef<bool()> hint) const;
  // Whether it was, or would have been, worth while to look for kLongest.
  void Learn(bool success);

 private:
  static constexpr int64_t kShortest = 1'000;

  std::atomic<int64_t> budget_ = 16'000;
};

// Of all processes that may look for the same, one does at a time; the others, and all on a machine
// of one processor, do not.
// Thread safety: any thread.
class Spin {
 public:
  // True: `hint` became true. `until`: of all processes.
  bool Until(Arena& arena, Atomic<int64_t>& until, absl::FunctionRef<bool()> hint);

 private:
  SpinTime time_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_SPIN_H_
