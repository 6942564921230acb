#include "isoproc/isoproc.h"

namespace {
isoproc::Lock Worker() { return {}; }
}  // namespace

bool Apply(isoproc::Pool& pool) { return pool.Apply<Worker>().ok(); }
