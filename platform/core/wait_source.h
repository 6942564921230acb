// What a Waitable refers to.
#ifndef ISOPROC_PLATFORM_CORE_WAIT_SOURCE_H_
#define ISOPROC_PLATFORM_CORE_WAIT_SOURCE_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/shared_object.h"
#include "platform/port/waitable.h"

namespace isoproc::internal {

class SharedWaitSource;

class WaitSource {
 public:
  virtual ~WaitSource() = default;

  // What the port waits for; null: there is no such thing.
  // Errors: FailedPrecondition: this process may not wait for it.
  virtual absl::StatusOr<std::shared_ptr<port::Waitable>> PortWaitable() = 0;

  // Whether it is ready whatever the port says.
  virtual bool HasNews() { return false; }

  // Whether that changes although the port has nothing to tell.
  virtual bool HasHiddenNews() { return false; }

  // This, if it is an object in shared memory.
  virtual SharedWaitSource* shared() { return nullptr; }

  // Whether it is still there to be waited for.
  // Errors: FailedPrecondition.
  virtual absl::Status Check() { return absl::OkStatus(); }
};

// An object in shared memory that becomes ready by what processes do to it. They wake one of
// `waiters` then, or all: who waits here is one of those, and passes on what he was woken for.
class SharedWaitSource : public WaitSource {
 public:
  // `waiters` are in the slot of `object`, or in its room.
  SharedWaitSource(std::shared_ptr<SharedObject> object, Waiters& waiters)
      : object_(std::move(object)), waiters_(waiters) {}

  absl::StatusOr<std::shared_ptr<port::Waitable>> PortWaitable() override {
    return std::shared_ptr<port::Waitable>();
  }
  // Requires: the calling thread has entered the object.
  bool HasNews() override = 0;
  SharedWaitSource* shared() override { return this; }

  SharedObject& object() { return *object_; }
  Waiters& waiters() { return waiters_; }

 private:
  const std::shared_ptr<SharedObject> object_;
  Waiters& waiters_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_WAIT_SOURCE_H_
