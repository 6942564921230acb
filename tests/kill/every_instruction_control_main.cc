// With a library in which nobody looks whether somebody is dead, if it is told so.
#include "platform/testing/test_patience.h"
#include "tests/kill/at_every_instruction.h"

int main(int argc, char** argv) {
  return isoproc::kill::KillAtEveryInstruction(
      argc, argv,
      {.look_away = [] { isoproc::internal::nobody_looks = true; },
       // From the choice of a sleeper until the system was asked to wake it. (Before, whoever comes
       // next finds the owner dead and takes the lock, and its release wakes.)
       .controls = {{"lock.free", {}}, {"lock.release_to_sleepers", {2, 3, 4}}}});
}
