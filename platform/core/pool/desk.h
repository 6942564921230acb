// Where a worker lays what it has done: memory that its pool has too, so that a task costs no call
// of the system.
//
// A worker stamps each item before it begins it, and commits each result by one store. So whoever
// dies at whatever instruction, the pool sees of each item whether it was begun, and whether it is
// done. It believes no word that could lead it astray: workers run users' code.
//
// Items have ordinals: 0 for the first that the worker was ever given, and so on. A result that is
// too large, or finds no room, goes through the stream; the ordinals say in which order.
#ifndef ISOPROC_PLATFORM_CORE_POOL_DESK_H_
#define ISOPROC_PLATFORM_CORE_POOL_DESK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {

struct DeskWords {
  Atomic<uint64_t> begun;    // items, by the worker
  Atomic<uint64_t> written;  // bytes of results, by the worker
  Atomic<uint64_t> taken;    // bytes of results, by the pool, which keeps the count for itself
};

// What is larger goes through the stream.
inline constexpr size_t kMostOnDesk = 2048;

absl::StatusOr<std::shared_ptr<SharedBlock>> MakeDesk();

// The worker's side. Thread safety: one thread at a time.
class DeskWriter {
 public:
  explicit DeskWriter(std::shared_ptr<SharedBlock> desk);

  // The next item is begun.
  void Begin() { words_->begun.store(++begun_, std::memory_order_release); }
  // The result of the item that was begun last. False: there is no room, and nothing was written.
  bool Put(uint32_t flags, std::string_view result);

 private:
  const std::shared_ptr<SharedBlock> desk_;
  DeskWords* const words_;
  uint64_t begun_ = 0;
  uint64_t written_ = 0;
};

// The pool's side. Thread safety: one thread at a time.
class DeskReader {
 public:
  explicit DeskReader(std::shared_ptr<SharedBlock> desk);

  // How many items the worker has begun.
  uint64_t begun() const { return words_->begun.load(std::memory_order_acquire); }
  struct Result {
    uint32_t flags;
    std::string bytes;
  };
  // The next result, if it is that of the item with this ordinal.
  std::optional<Result> Take(uint64_t ordinal);
  // What is on it makes no sense: the worker has written all over it.
  bool is_broken() const { return is_broken_; }

 private:
  const std::shared_ptr<SharedBlock> desk_;
  DeskWords* const words_;
  uint64_t taken_ = 0;
  bool is_broken_ = false;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_DESK_H_
