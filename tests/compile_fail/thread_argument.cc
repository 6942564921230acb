#include <thread>

#include "isoproc/isoproc.h"

namespace {
void Worker(std::thread) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(std::thread()).ok(); }
