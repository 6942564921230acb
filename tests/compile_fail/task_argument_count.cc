#include "isoproc/isoproc.h"

namespace {
int Worker(int a, int b) { return a + b; }
}  // namespace

bool Apply(isoproc::Pool& pool) { return pool.Apply<Worker>(1).ok(); }
