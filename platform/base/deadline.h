// A point on the monotonic clock until which a call may block.
#ifndef ISOPROC_PLATFORM_BASE_DEADLINE_H_
#define ISOPROC_PLATFORM_BASE_DEADLINE_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace isoproc::port {

// A value type: cheap to copy, safe from any thread. Times are durations since the unspecified
// start of the port's monotonic clock (Port::Now), never wall-clock time.               [GEN-04]
class Deadline {
 public:
  static Deadline Never() { return Deadline(absl::InfiniteDuration()); }
  static Deadline At(absl::Duration monotonic) { return Deadline(monotonic); }

  // Zero and negative timeouts are over already; one too large to add is Never.  [GEN-01, GEN-05]
  static Deadline After(absl::Duration now, absl::Duration timeout) {
    return Deadline(now + std::max(timeout, absl::ZeroDuration()));
  }

  bool never() const { return at_ == absl::InfiniteDuration(); }
  bool Expired(absl::Duration now) const { return now >= at_; }

  // What is left, never negative; InfiniteDuration() if there is no deadline.
  absl::Duration Remaining(absl::Duration now) const {
    return never() ? absl::InfiniteDuration() : std::max(at_ - now, absl::ZeroDuration());
  }

  // What is left in whole milliseconds, rounded up so that nobody wakes early, and clamped to
  // `max` (a caller that wakes before Expired() looks again).                           [CONN-51]
  int64_t RemainingMilliseconds(absl::Duration now, int64_t max) const {
    const absl::Duration left = Remaining(now);
    if (left >= absl::Milliseconds(max)) return max;
    return absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1)));
  }

 private:
  explicit Deadline(absl::Duration at) : at_(at) {}
  absl::Duration at_;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_DEADLINE_H_
