// Whether another process still lives. Asked of the system, never of a clock.
#ifndef ISOPROC_PLATFORM_PORT_LIVENESS_H_
#define ISOPROC_PLATFORM_PORT_LIVENESS_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "platform/port/waitable.h"

namespace isoproc::port {

// Names one process for ever: process ids are reused, this pair is not. Trivially copyable; may be
// kept in shared memory and in messages.
struct ProcessIdentity {
  int64_t pid = 0;
  uint64_t birth = 0;  // the port's own: start time, or a random number

  friend bool operator==(const ProcessIdentity& a, const ProcessIdentity& b) {
    return a.pid == b.pid && a.birth == b.birth;
  }
};

// Ready when the process that it was made for is dead, and stays ready.                 [LIVE-03]
class DeathNotice : public Waitable {};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_LIVENESS_H_
