#include "isoproc/isoproc.h"

namespace {
void Worker(int) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(1, 2).ok(); }
