// Ports put between the library and the system.
#ifndef ISOPROC_CONFORMANCE_API_REPLACED_PORT_H_
#define ISOPROC_CONFORMANCE_API_REPLACED_PORT_H_

#include "platform/core/fork_server.h"
#include "platform/core/runtime.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

// While an object of it lives, the library asks `port`. Children that were started meanwhile must
// be gone before the object is.
class ReplacedPort {
 public:
  explicit ReplacedPort(port::Port& port) {
    internal::Runtime::Get().fork_server().Stop();
    internal::Runtime::Get().SetPortForTesting(&port);
  }
  ReplacedPort(const ReplacedPort&) = delete;
  ReplacedPort& operator=(const ReplacedPort&) = delete;
  ~ReplacedPort() {
    internal::Runtime::Get().fork_server().Stop();
    internal::Runtime::Get().SetPortForTesting(&port::HostPort());
  }
};

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_REPLACED_PORT_H_
