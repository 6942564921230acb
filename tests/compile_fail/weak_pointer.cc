#include <memory>

#include "isoproc/isoproc.h"

namespace {
void Worker(const std::weak_ptr<int>&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(std::weak_ptr<int>{}).ok(); }
