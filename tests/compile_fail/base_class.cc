#include <string>

#include "isoproc/isoproc.h"

namespace {
struct Base {
  std::string name;
};
struct Part : Base {
  int number;
};
void Worker(const Part&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(Part{{"name"}, 1}).ok(); }
