#include "platform/core/shared/family.h"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/core/shared/arena.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// Never destroyed: handles in static objects and threads use it to the end. Its port is the build's
// own, as it outlives whatever a test puts between.
struct Family {
  // Set once, and then only read.
  std::atomic<Arena*> arena{nullptr};
  std::shared_ptr<Arena> keeper;
  std::optional<port::Handle> inherited;
  // Held while the others change. Not a mutex: a forked copy must be able to open it.
  std::atomic<bool> busy{false};
};
constinit std::atomic<Family*> current{nullptr};

void ForgetAfterFork() {
  Family* family = current.load();
  family->busy.store(false);
  if (Arena* arena = family->arena.load()) arena->ForgetAfterFork();
}

Family& Get() {
  static Family* const family = [] {
    current.store(new Family);
    port::HostPort().RunInForkedCopies(&ForgetAfterFork);
    return current.load();
  }();
  return *family;
}

class BusyGuard {
 public:
  explicit BusyGuard(Family& family) : family_(family) {
    while (family_.busy.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  BusyGuard(const BusyGuard&) = delete;
  BusyGuard& operator=(const BusyGuard&) = delete;
  ~BusyGuard() { family_.busy.store(false, std::memory_order_release); }

 private:
  Family& family_;
};

absl::StatusOr<std::shared_ptr<Arena>> ArenaLocked(Family& family) {
  if (family.keeper != nullptr) return family.keeper;
  port::Port& port = port::HostPort();
  absl::StatusOr<std::shared_ptr<Arena>> arena;
  if (family.inherited.has_value()) {
    arena = Arena::Attach(port, *std::move(family.inherited));
    // The handle is used up. Another arena would be that of another family.
    if (arena.ok()) family.inherited.reset();
  } else {
    arena = Arena::Create(port);
  }
  if (!arena.ok()) return arena.status();
  family.keeper = *std::move(arena);
  family.arena.store(family.keeper.get());
  return family.keeper;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Arena>> FamilyArena() {
  Family& family = Get();
  const BusyGuard guard(family);
  return ArenaLocked(family);
}

void InheritArena(port::Handle handle) {
  Family& family = Get();
  const BusyGuard guard(family);
  // A child that is a copy of its parent has the arena already.
  if (family.keeper == nullptr) family.inherited = std::move(handle);
}

absl::StatusOr<std::optional<port::Handle>> ArenaForChild() {
  Family& family = Get();
  const BusyGuard guard(family);
  if (family.keeper == nullptr && !family.inherited.has_value()) return std::nullopt;
  const absl::StatusOr<std::shared_ptr<Arena>> arena = ArenaLocked(family);
  if (!arena.ok()) return arena.status();
  absl::StatusOr<port::Handle> handle = (*arena)->Share();
  if (!handle.ok()) return handle.status();
  return *std::move(handle);
}

void NoticeDeathInFamily() {
  if (Arena* arena = Get().arena.load(std::memory_order_acquire)) arena->NoticeDeath();
}

}  // namespace isoproc::internal
