#include <string>

#include "isoproc/isoproc.h"

namespace {
void Worker(std::string& result) { result = "never seen by the parent"; }
}  // namespace

bool Start() {
  std::string result;
  return isoproc::Process::Start<Worker>(result).ok();
}
