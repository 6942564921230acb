#include <string>
#include <system_error>

#include "isoproc/isoproc.h"

namespace {
struct Failure {
  std::error_code code;
  std::string what;
};
void Worker(const Failure&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(Failure{}).ok(); }
