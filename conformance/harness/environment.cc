#include "conformance/harness/environment.h"

#include "absl/time/time.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

Environment& GetEnvironment() {
  static Environment& environment = *[] {
    auto* made = new Environment;
    made->port = &port::HostPort();
    return made;
  }();
  return environment;
}

port::Port& TestPort() { return *GetEnvironment().port; }

port::Deadline In(absl::Duration timeout) {
  return port::Deadline::After(TestPort().Now(), timeout);
}

port::Deadline Patiently() { return In(GetEnvironment().patience); }

}  // namespace isoproc::conformance
