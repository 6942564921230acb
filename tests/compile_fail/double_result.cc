#include "isoproc/isoproc.h"

namespace {
double Worker() { return 0.5; }
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>().ok(); }
