#include "isoproc/isoproc.h"

namespace {
struct Part {
  int& number;
};
void Worker(const Part&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(Part{*new int}).ok(); }
