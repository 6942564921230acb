#include <string>
#include <vector>

#include "conformance/children/outcome.h"
#include "conformance/children/twin.h"
#include "isoproc/isoproc.h"

namespace isoproc::conformance {
namespace {
constexpr int kTens = 1;
}
}  // namespace isoproc::conformance
#include "conformance/children/twin_targets.inc"

std::vector<std::string> isoproc::conformance::StartLeft() { return StartAll(); }
