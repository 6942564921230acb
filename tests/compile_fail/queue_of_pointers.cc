#include "isoproc/isoproc.h"

bool Make() { return isoproc::Queue<int*>::Create().ok(); }
