// Cases as they must not be: each is a failure that the harness has to make of it.
#include "conformance/harness/case.h"
#include "gtest/gtest.h"

namespace isoproc::conformance {
namespace {

ISOPROC_CASE(Selftest, PORT_03_90, SkipsItself) { GTEST_SKIP() << "not today"; }

ISOPROC_CASE(Selftest, NOROW_01, HasNoRowInTheCatalogue) {}

ISOPROC_CASE_WITH(Selftest, PORT_03_91, NeedsACapabilityThatDoesNotExist, "wings") {}

}  // namespace
}  // namespace isoproc::conformance
