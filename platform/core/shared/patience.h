// How long those who wait sleep before they look whether somebody is dead.
//
// Tests that must see what happens if nobody ever looks compile platform/core/shared again with
// ISOPROC_SHARED_PATIENCE set to a header of their own; compare atomic.h.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_PATIENCE_H_
#define ISOPROC_PLATFORM_CORE_SHARED_PATIENCE_H_

#ifdef ISOPROC_SHARED_PATIENCE
#include ISOPROC_SHARED_PATIENCE
#else
#include "absl/time/time.h"

namespace isoproc::internal {

// Soon, and then less and less often.
constexpr absl::Duration FirstLook() { return absl::Milliseconds(4); }
constexpr absl::Duration LastLook() { return absl::Milliseconds(250); }
// Between two sweeps of all processes together.
constexpr absl::Duration SweepPeriod() { return absl::Milliseconds(100); }

}  // namespace isoproc::internal
#endif

#endif  // ISOPROC_PLATFORM_CORE_SHARED_PATIENCE_H_
