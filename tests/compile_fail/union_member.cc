#include <string>

#include "isoproc/isoproc.h"

namespace {
union Number {
  int integer;
  float real;
};
struct Labelled {
  Number number;
  std::string label;
};
void Worker(const Labelled&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(Labelled{{1}, "one"}).ok(); }
