// A program with a main() of its own starts a process.
#include "isoproc/isoproc.h"

int Answer() { return 42; }

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  auto process = isoproc::Process::Start<Answer>();
  if (!process.ok()) return 1;
  const auto status = process->Join();
  return status.ok() && status->code() == 42 ? 0 : 1;
}
