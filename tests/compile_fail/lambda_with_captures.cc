#include "isoproc/isoproc.h"

bool Start(int n) {
  return isoproc::Process::Start([n] { return n; }).ok();
}
