#include <vector>

#include "isoproc/isoproc.h"

namespace {
void Worker(std::vector<int>::iterator) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(std::vector<int>::iterator{}).ok(); }
