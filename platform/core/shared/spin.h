// Looking again and again for a short time before going to sleep, which costs more than that where
// somebody else is about to do what is waited for.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_SPIN_H_
#define ISOPROC_PLATFORM_CORE_SHARED_SPIN_H_

#include <atomic>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"

namespace isoproc::internal {

// How long it is worth while is learnt: twice as long after each success, half as long after each
// failure.
// Thread safety: any thread.
class Spin {
 public:
  // True: `hint` became true. `until`: of all processes that may look for the same, one does at a
  // time; the others, and all on a machine of one processor, do not.
  bool Until(Arena& arena, Atomic<int64_t>& until, absl::FunctionRef<bool()> hint);

 private:
  static constexpr int64_t kShortest = 1'000;  // nanoseconds
  static constexpr int64_t kLongest = 50'000;

  std::atomic<int64_t> budget_ = 16'000;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_SPIN_H_
