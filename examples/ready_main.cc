// A program without a main of its own: isoproc::main, which it links, calls Init, then IsoprocMain.
#include <cstdio>

#include "isoproc/isoproc.h"

int Answer() { return 42; }

int IsoprocMain(int /*argc*/, char** /*argv*/) {
  std::printf("exit code %d\n", isoproc::Process::Start<Answer>().value().Join().value().code());
  return 0;
}
