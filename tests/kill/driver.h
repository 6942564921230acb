// The main program of the kill tests: plays scenarios, with the victim killed at one point after
// another.
#ifndef ISOPROC_TESTS_KILL_DRIVER_H_
#define ISOPROC_TESTS_KILL_DRIVER_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/kill/play.h"

namespace isoproc::kill {

// The changes after which survivors of `scenario` must hang if nobody looks.
struct Control {
  std::string scenario;
  std::set<int64_t> hangs_after;
};

struct Program {
  StartVictim start;
  // From then on nobody looks whether somebody is dead; null: the library was not built for that.
  std::function<void()> look_away = nullptr;
  std::vector<Control> controls = {};
};

// Gives the exit code. What it takes as arguments: docs/kill-tests.md.
int RunKillTests(int argc, char** argv, const Program& program);

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_DRIVER_H_
