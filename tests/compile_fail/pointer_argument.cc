#include "isoproc/isoproc.h"

namespace {
void Worker(int*) {}
}  // namespace

bool Start(int* pointer) { return isoproc::Process::Start<Worker>(pointer).ok(); }
