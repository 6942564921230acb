// Waiting for the first of several things.
#ifndef ISOPROC_WAIT_H_
#define ISOPROC_WAIT_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace isoproc {

namespace internal {
class WaitSource;
}  // namespace internal

// Something that becomes ready: a process, by ending; a connection, when there is something to
// receive or its other end is gone; an event, while it is set; a queue, while Get need not wait. A
// cheap value; keeps alive what it refers to, but not the process, and does not keep a connection
// open. Thread safety: any thread.
class Waitable {
 public:
  explicit Waitable(std::shared_ptr<internal::WaitSource> source) : source_(std::move(source)) {}

 private:
  friend absl::StatusOr<std::vector<size_t>> Wait(absl::Span<const Waitable> objects,
                                                  absl::Duration timeout);
  std::shared_ptr<internal::WaitSource> source_;
};

// Waits until at least one of `objects` is ready. Takes nothing away: a process keeps its exit
// status, and what is ready stays so until it is used.                      [PROC-45, PROC-46]
// Blocks:    until then or `timeout`. The system or who makes an object ready wakes who waits; but
//            that another thread has read the beginning of a message, and leaves it, is found out
//            by looks, of which the next one is at most 0.25 s away.
// On OK:     the indices of all that are ready, in ascending order. An object may be there twice.
//            There is no limit on their number other than memory.
//                            [WAIT-01, CONN-43, CONN-44, CONN-47, CONN-49, CONN-50, CONN-64]
//            Others may take what there is before the caller does: receive, or get, with a timeout
//            of zero where several do.
// Errors:    DeadlineExceeded: none is ready.
//            InvalidArgument: no objects and no timeout.                             [CONN-46]
//            FailedPrecondition: a connection is closed, or is while this waits [CONN-65], or on
//            its way to another process, or a Waitable was moved from [CONN-48]; an object belongs
//            to the process of which this one is a fork.
//            ResourceExhausted: too many threads of the family wait for events and queues at once.
// Thread safety: any thread; several may wait for the same objects.
absl::StatusOr<std::vector<size_t>> Wait(absl::Span<const Waitable> objects,
                                         absl::Duration timeout = absl::InfiniteDuration());

}  // namespace isoproc

#endif  // ISOPROC_WAIT_H_
