#include <vector>

#include "isoproc/isoproc.h"

namespace {
int Worker(int x) { return x; }
}  // namespace

bool Map(isoproc::Pool& pool, const std::vector<int>& numbers) {
  return pool.StarMap<Worker>(numbers).ok();
}
