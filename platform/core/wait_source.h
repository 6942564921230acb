// What a Waitable refers to.
#ifndef ISOPROC_PLATFORM_CORE_WAIT_SOURCE_H_
#define ISOPROC_PLATFORM_CORE_WAIT_SOURCE_H_

#include "absl/status/statusor.h"
#include "platform/port/waitable.h"

namespace isoproc::internal {

class WaitSource {
 public:
  virtual ~WaitSource() = default;

  // What the port waits for; lives as long as this object.
  // Errors: FailedPrecondition: this process may not wait for it.
  virtual absl::StatusOr<port::Waitable*> PortWaitable() = 0;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_WAIT_SOURCE_H_
