// With a library in which nobody looks whether somebody is dead, if it is told so.
#include "platform/testing/test_patience.h"
#include "tests/kill/at_every_instruction.h"

int main(int argc, char** argv) {
  return isoproc::kill::KillAtEveryInstruction(
      argc, argv,
      {.look_away = [] { isoproc::internal::nobody_looks = true; },
       // lock.free: between taking a lock and releasing it. lock.release_to_sleepers: before it is
       // released; and from the choice of a sleeper until the system was asked to wake it. (Between
       // the release and that choice, the next owner's release wakes.)
       .controls = {{"lock.free", {1}}, {"lock.release_to_sleepers", {0, 2, 3, 4}}}});
}
