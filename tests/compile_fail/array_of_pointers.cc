#include "isoproc/isoproc.h"

namespace {
void Worker(const isoproc::Array<int*>&) {}
}  // namespace

bool Start(const isoproc::Array<int*>& array) {
  return isoproc::Process::Start<Worker>(array).ok();
}
