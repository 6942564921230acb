#include <vector>

#include "isoproc/isoproc.h"

bool Send(const isoproc::Connection& end, const std::vector<isoproc::AsyncResult<int>>& results) {
  return end.Send(results).ok();
}
