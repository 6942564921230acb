// What all cases of a run share. Set up by Main before the first case, constant while cases run.
#ifndef ISOPROC_CONFORMANCE_HARNESS_ENVIRONMENT_H_
#define ISOPROC_CONFORMANCE_HARNESS_ENVIRONMENT_H_

#include <string>

#include "absl/time/time.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

// The longest that a case may take; a watchdog ends the program then.
inline constexpr absl::Duration kCaseTimeout = absl::Seconds(60);

struct Environment {
  // The port that the cases of conformance/port judge. Not HostPort() when the suite tests itself.
  port::Port* port = nullptr;
  // How long a case waits for an event that must come. No measure of anything: an event that is
  // late on a busy machine is no failure. Well below the case timeout, so that a failure has a
  // line.
  absl::Duration patience = absl::Seconds(30);
  absl::Duration case_timeout = kCaseTimeout;
  // Stress cases run at their full size. Without, at a size that suits every run.
  bool stress = false;
  // argv[0] of this program.
  std::string program;
};
Environment& GetEnvironment();

// The port under test.
port::Port& TestPort();

// Deadlines of the port's clock: one that must not be reached, and one that passes soon.
port::Deadline Patiently();
port::Deadline In(absl::Duration timeout);

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_ENVIRONMENT_H_
