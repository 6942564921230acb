// A program that takes main() from isoproc::main starts a process.
#include "isoproc/isoproc.h"

int Answer() { return 42; }

int IsoprocMain(int /*argc*/, char** /*argv*/) {
  auto process = isoproc::Process::Start<Answer>();
  if (!process.ok()) return 1;
  const auto status = process->Join();
  return status.ok() && status->code() == 42 ? 0 : 1;
}
