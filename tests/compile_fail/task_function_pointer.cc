#include <vector>

#include "isoproc/isoproc.h"

bool Map(isoproc::Pool& pool, int (*worker)(int), const std::vector<int>& numbers) {
  return pool.Map(worker, numbers).ok();
}
