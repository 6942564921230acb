// Kills a process at every instruction of what it does with shared objects.
#ifndef ISOPROC_TESTS_KILL_AT_EVERY_INSTRUCTION_H_
#define ISOPROC_TESTS_KILL_AT_EVERY_INSTRUCTION_H_

#include "tests/kill/driver.h"

namespace isoproc::kill {

// The exit code where no program can trace another.
inline constexpr int kSkipped = 77;

// As RunKillTests; the victims are its own.
int KillAtEveryInstruction(int argc, char** argv, Program program);

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_AT_EVERY_INSTRUCTION_H_
