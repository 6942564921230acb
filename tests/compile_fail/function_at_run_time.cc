#include "isoproc/isoproc.h"

bool Start(void (*worker)(int)) { return isoproc::Process::Start(worker, 1).ok(); }
