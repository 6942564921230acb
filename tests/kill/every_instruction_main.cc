// With the library as it is shipped.
#include "tests/kill/at_every_instruction.h"

int main(int argc, char** argv) { return isoproc::kill::KillAtEveryInstruction(argc, argv, {}); }
