#include <string>

#include "isoproc/isoproc.h"

namespace {
struct Part {
  const int number;
  std::string name;
};
void Worker(const Part&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(Part{1, "name"}).ok(); }
