#include "isoproc/isoproc.h"

namespace {
void Task(const isoproc::Pool&) {}
}  // namespace

bool Apply(isoproc::Pool& pool) { return pool.Apply<Task>(pool).ok(); }
