// Waiting with poll().
#ifndef ISOPROC_POSIX_WAIT_H_
#define ISOPROC_POSIX_WAIT_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/waitable.h"

namespace isoproc::port::posix {

// CLOCK_MONOTONIC.
absl::Duration Now();

// Blocks until poll() reports one of `events` of `fd`, or an error or hang-up, or `deadline`. Looks
// at least once.
absl::Status PollOne(int fd, short events, Deadline deadline);

// See Port::WaitAny.
absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects, Deadline deadline);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_WAIT_H_
