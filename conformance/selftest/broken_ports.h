// Ports with one fault each, and the cases that must find it.
#ifndef ISOPROC_CONFORMANCE_SELFTEST_BROKEN_PORTS_H_
#define ISOPROC_CONFORMANCE_SELFTEST_BROKEN_PORTS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

struct BrokenPort {
  std::string name;                // "drops-a-byte"
  std::string sentence;            // what it does wrong
  std::vector<std::string> cases;  // ids of the cases which must all fail
  std::unique_ptr<port::Port> (*make)(port::Port& real);
};
const std::vector<BrokenPort>& BrokenPorts();

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_SELFTEST_BROKEN_PORTS_H_
