#include <iterator>

#include "isoproc/isoproc.h"

namespace {
struct Numbers {
  const int* begin() const { return nullptr; }
  std::unreachable_sentinel_t end() const { return {}; }
};
int Square(int x) { return x * x; }
}  // namespace

bool Map(isoproc::Pool& pool) { return pool.Map<Square>(Numbers{}).ok(); }
