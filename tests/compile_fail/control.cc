// Compiles: what the others do wrong, done right.
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

}  // namespace

bool StartSome() {
  const bool function = isoproc::Process::Start<Worker>("name", 3, Scene{"scene", {1}}).ok();
  const bool lambda = isoproc::Process::Start([](int n) { return n; }, 7).ok();
  return function && lambda;
}
