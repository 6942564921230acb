#include "isoproc/isoproc.h"

namespace {
void Worker(int, int) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(1).ok(); }
