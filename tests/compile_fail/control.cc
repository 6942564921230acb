// Compiles: what the others do wrong, done right.
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "isoproc/isoproc.h"

namespace {

static_assert(!std::is_copy_constructible_v<isoproc::Process>);
static_assert(!std::is_copy_assignable_v<isoproc::Process>);

struct Scene {
  std::string name;
  std::vector<int> numbers;
};
int Worker(const std::string& name, int count, Scene&& scene) {
  return static_cast<int>(name.size()) + count + static_cast<int>(scene.numbers.size());
}

struct Numbers {
  const int* begin() const { return nullptr; }
  std::unreachable_sentinel_t end() const { return {}; }
};
int Square(int x) { return x * x; }

}  // namespace

bool StreamEndlessRange(isoproc::Pool& pool) {
  const Numbers numbers;
  return pool.IMap<Square>(Numbers{}).ok() && pool.IMapUnordered<Square>(numbers).ok();
}

bool StartSome() {
  const bool function = isoproc::Process::Start<Worker>("name", 3, Scene{"scene", {1}}).ok();
  const bool lambda = isoproc::Process::Start([](int n) { return n; }, 7).ok();
  return function && lambda;
}
