#include <memory>

#include "isoproc/isoproc.h"

namespace {
void Worker(const std::unique_ptr<int[]>&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(std::make_unique<int[]>(3)).ok(); }
