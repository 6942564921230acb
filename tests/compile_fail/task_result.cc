#include "isoproc/isoproc.h"

namespace {
const char* Worker() { return ""; }
}  // namespace

bool Apply(isoproc::Pool& pool) { return pool.Apply<Worker>().ok(); }
