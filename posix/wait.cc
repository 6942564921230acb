#include "posix/wait.h"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/waitable.h"
#include "posix/errors.h"
#include "posix/syscalls.h"
#include "posix/waitable.h"

namespace isoproc::port::posix {
namespace {

// A longer sleep is cut into pieces of this length.
constexpr int64_t kLongestPollMs = std::numeric_limits<int>::max();

int PollTimeout(Deadline deadline) {
  if (deadline.never()) return -1;
  return static_cast<int>(deadline.RemainingMilliseconds(Now(), kLongestPollMs));
}

// poll() refuses more entries than the process may have descriptors, even if they are all the same.
int PollDistinct(absl::Span<pollfd> entries, int timeout) {
  std::unordered_map<int, size_t> position;
  std::vector<pollfd> distinct;
  for (const pollfd& entry : entries) {
    if (entry.fd < 0) continue;
    if (position.emplace(entry.fd, distinct.size()).second) distinct.push_back(entry);
  }
  const int count = sys.poll(distinct.data(), static_cast<nfds_t>(distinct.size()), timeout);
  if (count < 0) return count;
  for (pollfd& entry : entries) {
    if (entry.fd >= 0) entry.revents = distinct[position[entry.fd]].revents;
  }
  return count;
}

int Poll(absl::Span<pollfd> entries, int timeout) {
  const int count = sys.poll(entries.data(), static_cast<nfds_t>(entries.size()), timeout);
  if (count < 0 && errno == EINVAL) return PollDistinct(entries, timeout);
  return count;
}

}  // namespace

absl::Duration Now() {
  timespec now;
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail: the clock exists
  return absl::DurationFromTimespec(now);
}

absl::Status PollOne(int fd, short events, Deadline deadline) {
  while (true) {
    pollfd entry = {.fd = fd, .events = events, .revents = 0};
    const int count = sys.poll(&entry, 1, PollTimeout(deadline));
    if (count > 0) return absl::OkStatus();
    const int error = errno;
    if (count < 0 && error != EINTR) return PosixError(error, "poll");
    if (!deadline.never() && deadline.Expired(Now())) {
      return absl::DeadlineExceededError("the deadline is over");
    }
  }
}

absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                            Deadline deadline) {
  if (objects.empty() && deadline.never()) {
    return absl::InvalidArgumentError("waiting for nothing, without a deadline");
  }
  absl::InlinedVector<Pollable*, 4> pollables;
  pollables.reserve(objects.size());
  for (Waitable* object : objects) {
    auto* pollable = dynamic_cast<Pollable*>(object);
    if (pollable == nullptr) return absl::InvalidArgumentError("not an object of this port");
    pollables.push_back(pollable);
  }
  absl::InlinedVector<pollfd, 4> entries(objects.size());
  while (true) {
    bool recheck = false;
    for (size_t i = 0; i < pollables.size(); ++i) {
      const absl::StatusOr<int> descriptor = pollables[i]->Descriptor();
      if (!descriptor.ok()) return descriptor.status();
      recheck |= *descriptor == Pollable::kNone;
      entries[i] = {.fd = *descriptor, .events = POLLIN, .revents = 0};  // poll skips negative ones
    }
    int timeout = PollTimeout(deadline);
    if (recheck) {
      // They are asked before anybody sleeps, too.
      const bool ready = std::any_of(pollables.begin(), pollables.end(),
                                     [](Pollable* pollable) { return pollable->Ready(false); });
      const int longest = ready ? 0 : Pollable::kRecheckPeriodMs;
      timeout = timeout < 0 ? longest : std::min(timeout, longest);
    }
    const int count = Poll(absl::MakeSpan(entries), timeout);
    const int error = errno;
    if (count < 0 && error != EINTR) return PosixError(error, "poll");
    std::vector<size_t> ready;
    for (size_t i = 0; count >= 0 && i < pollables.size(); ++i) {
      if (pollables[i]->Ready(entries[i].revents != 0)) ready.push_back(i);
    }
    if (!ready.empty()) return ready;
    if (!deadline.never() && deadline.Expired(Now())) {
      return absl::DeadlineExceededError("the deadline is over");
    }
  }
}

}  // namespace isoproc::port::posix
