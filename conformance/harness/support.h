// Whether a case can run on a port, by what the port declares.
#ifndef ISOPROC_CONFORMANCE_HARNESS_SUPPORT_H_
#define ISOPROC_CONFORMANCE_HARNESS_SUPPORT_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/catalogue/catalogue.h"
#include "platform/port/capabilities.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

// The names of all capabilities, and whether they are declared, in the order of capabilities.h.
std::vector<std::pair<std::string, bool>> NamedCapabilities(const port::Capabilities& declared);

struct Support {
  bool supported = true;
  // If it is not:
  std::string capability;  // which one lacks
  std::string reason;      // what the port says, or that it is a fact of the system
  std::string problem;     // the port did not refuse cleanly what it does not declare; else empty
};

// A case of `clause` that needs `capabilities` (comma-separated) besides.
//
// A port without `processes` is unfinished: there, every operation may still be refused, and the
// cases of one whose first call is kUnimplemented are not supported. Such a port turns green
// operation by operation (platform/PORTING.md). A port that declares `processes` has no such
// excuse: the core of the contract has no capabilities.
Support SupportOf(const Clause& clause, std::string_view capabilities, port::Port& port);

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_SUPPORT_H_
