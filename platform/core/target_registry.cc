#include "platform/core/target_registry.h"

#include <atomic>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "isoproc/internal/target.h"

namespace isoproc::internal {
namespace {

// Constant-initialised, so that it is there before the first static initialiser registers;
// lock-free, since libraries may be loaded while threads run.
constinit std::atomic<const Target*> head = nullptr;

template <class Predicate>
uint32_t Count(const Target* from, Predicate predicate) {
  uint32_t count = 0;
  for (const Target* target = from; target != nullptr; target = target->next()) {
    if (predicate(*target)) ++count;
  }
  return count;
}

}  // namespace

Target::Target(const char* name, uint64_t file, Binder binder)
    : name_(name), file_(file), bind_(binder), next_(head.load(std::memory_order_relaxed)) {
  while (!head.compare_exchange_weak(next_, this, std::memory_order_release,
                                     std::memory_order_relaxed)) {
  }
}

TargetName NameOf(const Target& target) {
  const std::string_view name = target.name();
  const auto is_namesake = [name](const Target& other) { return name == other.name(); };
  const auto is_twin = [&](const Target& other) {
    return is_namesake(other) && other.file() == target.file();
  };
  return TargetName{std::string(name), target.file(), Count(target.next(), is_twin),
                    Count(head.load(std::memory_order_acquire), is_namesake)};
}

absl::StatusOr<const Target*> FindTarget(const TargetName& wanted) {
  const Target* last = nullptr;
  const uint32_t namesakes = Count(head.load(std::memory_order_acquire), [&](const Target& target) {
    const bool same = wanted.name == target.name();
    if (same) last = &target;
    return same;
  });
  if (namesakes == 0) {
    return absl::NotFoundError(
        absl::StrCat("the child's program has no target ", wanted.name,
                     ": is it the same program, built from the same sources?"));
  }
  if (namesakes == 1 && wanted.namesakes == 1) return last;
  for (const Target* target = head.load(std::memory_order_acquire); target != nullptr;
       target = target->next()) {
    const TargetName name = NameOf(*target);
    if (name.name == wanted.name && name.file == wanted.file && name.ordinal == wanted.ordinal) {
      return target;
    }
  }
  return absl::NotFoundError(absl::StrCat("the child's program has ", namesakes, " targets ",
                                          wanted.name,
                                          ", and none from the source file that the parent means"));
}

}  // namespace isoproc::internal
