#include <string>

#include "isoproc/isoproc.h"

namespace {
struct Part {
  char code[4];
  std::string name;
};
void Worker(const Part&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(Part{"abc", "name"}).ok(); }
