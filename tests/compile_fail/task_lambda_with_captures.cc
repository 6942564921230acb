#include "isoproc/isoproc.h"

bool Apply(isoproc::Pool& pool, int x) {
  return pool.Apply([x] { return x; }).ok();
}
