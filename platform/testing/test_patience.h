// Patience that a test can make endless: see platform/core/shared/patience.h.
#ifndef ISOPROC_PLATFORM_TESTING_TEST_PATIENCE_H_
#define ISOPROC_PLATFORM_TESTING_TEST_PATIENCE_H_

#include <atomic>

#include "absl/time/time.h"

namespace isoproc::internal {

// While it is set, who sleeps needs to be woken, and nobody sweeps who was not told of a death.
inline std::atomic<bool> nobody_looks{false};

inline absl::Duration Unless(bool never, absl::Duration duration) {
  return never ? absl::Hours(1000) : duration;
}
inline absl::Duration FirstLook() { return Unless(nobody_looks, absl::Milliseconds(4)); }
inline absl::Duration LastLook() { return Unless(nobody_looks, absl::Milliseconds(250)); }
inline absl::Duration SweepPeriod() { return Unless(nobody_looks, absl::Milliseconds(100)); }

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_TESTING_TEST_PATIENCE_H_
