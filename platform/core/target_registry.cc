#include "platform/core/target_registry.h"

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "isoproc/internal/target.h"

namespace isoproc::internal {

// Rows are never freed, so that nobody needs a lock to walk along them while libraries are loaded
// and unloaded: in a fork of the process the lock could be held for ever. Nor do they refer to
// anything else in a library than the target, which is null after its end.
struct TargetRow {
  const std::string name;
  const uint64_t file;
  std::atomic<const Target*> target;
  TargetRow* next;
};

namespace {

// Constant-initialised, so that it is there before the first static initialiser registers.
constinit std::atomic<TargetRow*> head = nullptr;

template <class Visit>
void ForEachTarget(Visit visit) {
  for (const TargetRow* row = head.load(std::memory_order_acquire); row != nullptr;
       row = row->next) {
    if (const Target* target = row->target.load(std::memory_order_acquire)) visit(*row, *target);
  }
}

TargetName NameOf(const TargetRow& wanted) {
  TargetName name{wanted.name, wanted.file, 0, 1};
  ForEachTarget([&](const TargetRow& row, const Target&) {
    if (&row == &wanted) {
      name.ordinal = 0;  // counts those which were registered before it, and come after it here
    } else if (row.name == wanted.name) {
      ++name.namesakes;
      if (row.file == wanted.file) ++name.ordinal;
    }
  });
  return name;
}

}  // namespace

Target::Target(const char* name, uint64_t file, Binder binder)
    : bind_(binder), row_(new TargetRow{name, file, this, head.load(std::memory_order_relaxed)}) {
  while (!head.compare_exchange_weak(row_->next, row_, std::memory_order_release,
                                     std::memory_order_relaxed)) {
  }
}

Target::~Target() { row_->target.store(nullptr, std::memory_order_release); }

// At the end of the program the target may have been destroyed, and only those before it be left.
TargetName NameOf(const Target& target) { return NameOf(target.row()); }

absl::StatusOr<const Target*> FindTarget(const TargetName& wanted) {
  const Target* last = nullptr;
  const Target* exact = nullptr;
  uint32_t namesakes = 0;
  ForEachTarget([&](const TargetRow& row, const Target& target) {
    if (row.name != wanted.name) return;
    ++namesakes;
    last = &target;
    if (row.file == wanted.file && NameOf(row).ordinal == wanted.ordinal) exact = &target;
  });
  if (namesakes == 0) {
    return absl::NotFoundError(
        absl::StrCat("the child's program has no target ", wanted.name,
                     ": is it the same program, built from the same sources?"));
  }
  if (namesakes == 1 && wanted.namesakes == 1) return last;
  if (exact != nullptr) return exact;
  return absl::NotFoundError(absl::StrCat("the child's program has ", namesakes, " targets ",
                                          wanted.name,
                                          ", and none from the source file that the parent means"));
}

}  // namespace isoproc::internal
