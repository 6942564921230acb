// The main program of the kill tests: plays scenarios, with the victim killed at one point after
// another.
#ifndef ISOPROC_TESTS_KILL_DRIVER_H_
#define ISOPROC_TESTS_KILL_DRIVER_H_

#include "tests/kill/play.h"

namespace isoproc::kill {

// Gives the exit code. What it takes as arguments: docs/kill-tests.md.
int RunKillTests(int argc, char** argv, const StartVictim& start);

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_DRIVER_H_
