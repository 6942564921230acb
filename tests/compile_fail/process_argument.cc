#include "isoproc/isoproc.h"

namespace {
void Worker(const isoproc::Process&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(isoproc::Process()).ok(); }
