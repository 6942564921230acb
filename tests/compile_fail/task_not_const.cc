#include "isoproc/isoproc.h"

namespace {
struct Counter {
  int calls = 0;
  int operator()(int x) { return x + ++calls; }
};
}  // namespace

bool Apply(isoproc::Pool& pool) { return pool.Apply(Counter{}, 1).ok(); }
