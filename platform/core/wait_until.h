// Waiting for a condition variable on the library's clock.
#ifndef ISOPROC_PLATFORM_CORE_WAIT_UNTIL_H_
#define ISOPROC_PLATFORM_CORE_WAIT_UNTIL_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"
#include "platform/core/runtime.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Waits until `done` is true under the lock, or `timeout`. Gives the last value of `done`.
template <class Predicate>
bool WaitUntil(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
               absl::Duration timeout, Predicate done) {
  // Slices, since a wait_until far in the future overflows in some standard libraries.
  constexpr absl::Duration kSlice = absl::Hours(1);
  Runtime& runtime = Runtime::Get();
  const port::Deadline deadline = runtime.DeadlineAfter(timeout);
  while (!done()) {
    const absl::Duration now = runtime.port().Now();
    if (deadline.Expired(now)) return false;
    changed.wait_until(lock,
                       std::chrono::steady_clock::now() +
                           absl::ToChronoNanoseconds((std::min)(deadline.Remaining(now), kSlice)));
  }
  return true;
}

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_WAIT_UNTIL_H_
