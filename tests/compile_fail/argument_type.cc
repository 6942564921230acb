#include <string>

#include "isoproc/isoproc.h"

namespace {
void Worker(int) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(std::string("7")).ok(); }
