#include "platform/core/children.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "isoproc/process_options.h"
#include "platform/base/termination.h"
#include "platform/core/child.h"

namespace isoproc::internal {

void Children::Add(std::shared_ptr<Child> child) {
  const std::lock_guard lock(mutex_);
  children_.push_back(std::move(child));
}

void Children::Remove(const Child& child) {
  std::shared_ptr<Child> removed;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(children_.begin(), children_.end(),
                                  [&](const auto& other) { return other.get() == &child; });
  if (found == children_.end()) return;
  removed = std::move(*found);
  children_.erase(found);
}

std::vector<std::shared_ptr<Child>> Children::All() {
  const std::lock_guard lock(mutex_);
  return children_;
}

void Children::ReapAbandoned() {
  for (const std::shared_ptr<Child>& child : All()) {
    if (child->abandoned()) child->IsAlive();
  }
}

void Children::EndAll() {
  const std::vector<std::shared_ptr<Child>> children = All();
  for (const std::shared_ptr<Child>& child : children) {
    // All at once, before the first is awaited.
    if (!child->traits().detached && child->traits().at_exit == AtExit::kKill) {
      child->Kill(port::kSigKill).IgnoreError();
    }
  }
  for (const std::shared_ptr<Child>& child : children) {
    if (!child->traits().detached) child->EndAsOptionsSay();
  }
}

void Children::CloseControlsAfterFork() {
  for (const std::shared_ptr<Child>& child : All()) child->CloseControlAfterFork();
}

}  // namespace isoproc::internal
