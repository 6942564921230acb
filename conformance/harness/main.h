// The program around the cases.
#ifndef ISOPROC_CONFORMANCE_HARNESS_MAIN_H_
#define ISOPROC_CONFORMANCE_HARNESS_MAIN_H_

#include <functional>

#include "conformance/harness/case.h"

namespace isoproc::conformance {

// Runs what the arguments say and returns the exit code: 0 for success, 1 if something failed or
// differs, 2 for wrong usage. Call isoproc::Init first. In a process that was started by a case of
// conformance/port it runs that case's other half, and does not return.
int Main(int argc, char** argv);

// The middle of it, for the suite's test of itself: runs the cases that `wanted` names, or those of
// --gtest_filter among them. What came of them is in the session. Once a process.
void RunCases(const std::function<bool(const RegisteredCase& a_case)>& wanted);

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_MAIN_H_
