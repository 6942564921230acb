#include "isoproc/wait.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/parking.h"
#include "platform/core/shared/patience.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/wait_source.h"
#include "platform/port/port.h"

namespace isoproc {
namespace internal {
namespace {

const port::Deadline kAtOnce = port::Deadline::At(-absl::InfiniteDuration());

// What one call waits for, held until it returns.
class Waiting {
 public:
  absl::Status Add(WaitSource& source) {
    absl::StatusOr<std::shared_ptr<port::Waitable>> waitable = source.PortWaitable();
    if (!waitable.ok()) return waitable.status();
    if (SharedWaitSource* const shared = source.shared(); shared != nullptr) {
      shared_.push_back(shared);
    } else {
      port_objects_.push_back(waitable->get());
      port_places_.push_back(sources_.size());
      held_.push_back(*std::move(waitable));
    }
    sources_.push_back(&source);
    has_hidden_news_ |= source.HasHiddenNews();
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<size_t>> Run(port::Deadline deadline) {
    if (!shared_.empty()) return RunWithShared(deadline);
    port::Port& port = Runtime::Get().port();
    absl::Duration next_look = has_hidden_news_ ? FirstLook() : absl::InfiniteDuration();
    while (true) {
      const absl::Duration now = port.Now();
      const bool is_soon = next_look < deadline.Remaining(now);
      const port::Deadline sleep = is_soon ? port::Deadline::At(now + next_look) : deadline;
      absl::StatusOr<std::vector<size_t>> ready =
          Ready(port.WaitAny(port_objects_, HasNews() ? kAtOnce : sleep));
      // Or another thread has taken what there was.
      if (IsFinal(ready, deadline, port.Now())) return ready;
      if (has_hidden_news_) next_look = (std::min)(2 * next_look, LastLook());
    }
  }

 private:
  bool HasNews() const {
    return std::any_of(sources_.begin(), sources_.end(),
                       [](WaitSource* source) { return source->HasNews(); });
  }

  static bool IsFinal(const absl::StatusOr<std::vector<size_t>>& ready, port::Deadline deadline,
                      absl::Duration now) {
    return !absl::IsDeadlineExceeded(ready.status()) || deadline.Expired(now);
  }

  // All that are ready, given what the port says of its own.
  absl::StatusOr<std::vector<size_t>> Ready(
      const absl::StatusOr<std::vector<size_t>>& port_ready) const {
    if (!port_ready.ok() && !absl::IsDeadlineExceeded(port_ready.status())) {
      return port_ready.status();
    }
    // What was closed meanwhile looks ready to the port.
    for (WaitSource* const source : sources_) {
      if (absl::Status there = source->Check(); !there.ok()) return there;
    }
    std::vector<bool> is_ready(sources_.size());
    for (size_t i = 0; i < sources_.size(); ++i) is_ready[i] = sources_[i]->HasNews();
    if (port_ready.ok()) {
      for (const size_t place : *port_ready) {
        if (place < port_places_.size()) is_ready[port_places_[place]] = true;
      }
    }
    std::vector<size_t> ready;
    for (size_t i = 0; i < is_ready.size(); ++i) {
      if (is_ready[i]) ready.push_back(i);
    }
    if (ready.empty()) return absl::DeadlineExceededError("nothing was ready in time");
    return ready;
  }

  // A parker of this thread is armed at all the objects in shared memory, and is itself one of the
  // things that the port waits for. Compare Arena::Await.
  absl::StatusOr<std::vector<size_t>> RunWithShared(port::Deadline deadline) {
    Arena& arena = shared_.front()->object().arena();
    Stamp self;
    for (SharedWaitSource* const shared : shared_) {
      const absl::StatusOr<Stamp> entered = shared->object().Enter();
      if (!entered.ok()) return entered.status();
      self = *entered;
    }
    if (HasNews()) {
      absl::StatusOr<std::vector<size_t>> ready =
          Ready(arena.port().WaitAny(port_objects_, kAtOnce));
      if (IsFinal(ready, deadline, arena.port().Now())) return ready;
    }
    // Each map of sleepers once: who is taken off it a second time looks as if he was chosen.
    std::vector<SharedWaitSource*> armed = shared_;
    std::sort(armed.begin(), armed.end(), [](SharedWaitSource* a, SharedWaitSource* b) {
      return std::less<Waiters*>()(&a->waiters(), &b->waiters());
    });
    const auto end = std::unique(
        armed.begin(), armed.end(),
        [](SharedWaitSource* a, SharedWaitSource* b) { return &a->waiters() == &b->waiters(); });
    armed.erase(end, armed.end());
    const absl::StatusOr<Parking::Lease> lease = arena.parking().Borrow(self);
    if (!lease.ok()) return lease.status();

    absl::Duration next_look = FirstLook();
    while (true) {
      lease->parker().Park(kAtOnce).IgnoreError();  // a token of an earlier time
      const absl::StatusOr<port::Waitable*> notice = lease->parker().Listen();
      if (!notice.ok()) return notice.status();
      std::vector<port::Waitable*> objects = port_objects_;
      objects.push_back(*notice);
      for (SharedWaitSource* const each : armed) Parking::Arm(each->waiters(), lease->index());
      const absl::Duration now = arena.port().Now();
      const port::Deadline look =
          HasNews() ? kAtOnce
                    : port::Deadline::At(now + (std::min)(next_look, deadline.Remaining(now)));
      const absl::StatusOr<std::vector<size_t>> port_ready = arena.port().WaitAny(objects, look);
      bool chosen = false;
      for (SharedWaitSource* const each : armed) {
        if (!Parking::Disarm(each->waiters(), lease->index())) continue;
        chosen = true;
        // Nothing is taken here: what the waker meant may still be there for somebody else.
        if (each->HasNews()) arena.parking().WakeOne(each->waiters());
      }
      absl::StatusOr<std::vector<size_t>> ready = Ready(port_ready);
      if (IsFinal(ready, deadline, arena.port().Now())) {
        lease->parker().Park(kAtOnce).IgnoreError();  // listens no more
        if (!absl::IsDeadlineExceeded(ready.status())) return ready;
        // Nobody else may look for what the dead had, if all only ask now and then.
        arena.SweepIfDue(self, arena.port().Now());
        return Ready(port_ready);
      }
      if (chosen) continue;
      next_look = arena.SweepIfDue(self, arena.port().Now()) ? (std::min)(2 * next_look, LastLook())
                                                             : FirstLook();
    }
  }

  std::vector<WaitSource*> sources_;
  bool has_hidden_news_ = false;
  std::vector<SharedWaitSource*> shared_;
  std::vector<port::Waitable*> port_objects_;
  std::vector<size_t> port_places_;  // of these among the sources
  std::vector<std::shared_ptr<port::Waitable>> held_;
};

}  // namespace
}  // namespace internal

absl::StatusOr<std::vector<size_t>> Wait(absl::Span<const Waitable> objects,
                                         absl::Duration timeout) {
  internal::Waiting waiting;
  for (const Waitable& object : objects) {
    if (object.source_ == nullptr) {
      return absl::FailedPreconditionError("a Waitable that was moved from refers to nothing");
    }
    const absl::Status added = waiting.Add(*object.source_);
    if (!added.ok()) return added;
  }
  return waiting.Run(internal::Runtime::Get().DeadlineAfter(timeout));
}

}  // namespace isoproc
