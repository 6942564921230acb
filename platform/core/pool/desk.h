// Where a pool lays what a worker is to do, and the worker what it has done: memory that both have,
// so that a task costs no call of the system while both are awake.
//
// A worker stamps each item before it begins it, and commits each result by one store. So whoever
// dies at whatever instruction, the pool sees of each item whether it was begun, and whether it is
// done. It believes no word that could lead it astray, nor any result of what it has not given:
// workers run users' code.
//
// Items have ordinals: 0 for the first that the worker was ever given, and so on. A result that is
// too large, or finds no room, goes through the stream; the ordinals say in which order.
//
// Who finds nothing to do says that it sleeps, looks once more, and sleeps on its end of the
// stream. Who has news for it takes that word away, and then rings: writes to the stream.
#ifndef ISOPROC_PLATFORM_CORE_POOL_DESK_H_
#define ISOPROC_PLATFORM_CORE_POOL_DESK_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/pool/blocks.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {

// A chunk of items for a worker, which has no other.
struct ChunkNote {
  enum class Place : uint32_t { kDesk, kBlock, kStream };
  // Of `flags`: the worker says kLook when it begins an item.
  static constexpr uint32_t kSaysBegun = 1;

  uint64_t messages;  // of the stream, which come before it
  uint64_t size;      // of the items
  Place place;        // where they are
  uint32_t block;     // if in a block: of the pool, in this place
  uint32_t flags;
};

// What is larger goes elsewhere.
inline constexpr size_t kMostOnDesk = 2048;

// Who writes a word stands at its group. The two that say who sleeps are set by who goes to sleep,
// and cleared by the other, who then rings, or by himself.
struct DeskWords {
  // The worker.
  Atomic<uint64_t> begun;    // items
  Atomic<uint64_t> written;  // bytes of results
  // The pool.
  alignas(64) Atomic<uint64_t> taken;  // bytes of results; it keeps the count for itself
  Atomic<uint64_t> given;              // chunks
  ChunkNote chunk;
  // Both.
  alignas(64) Atomic<uint32_t> worker_sleeps;
  alignas(64) Atomic<uint32_t> pool_sleeps;
  // The worker's blocks. It lends one with a result; the pool gives it back.
  alignas(64) std::array<Atomic<uint32_t>, BlockShelf::kPlaces> blocks;
  // The pool.
  alignas(64) std::array<std::byte, kMostOnDesk> items;
};

absl::StatusOr<std::shared_ptr<SharedBlock>> MakeDesk();

// Without a store where none is needed, which would take the word away from the other processor.
inline void Clear(Atomic<uint32_t>& word) {
  if (word.load(std::memory_order_relaxed) != 0) word.store(0, std::memory_order_relaxed);
}

// The worker's side. Thread safety: one thread at a time.
class DeskOfWorker {
 public:
  explicit DeskOfWorker(std::shared_ptr<SharedBlock> desk);

  bool has_chunk() const { return words_->given.load(std::memory_order_acquire) != given_; }
  // Requires: has_chunk(), and all of the last one is done.
  ChunkNote TakeChunk();
  // Of a chunk that is here, until all of it is done.
  absl::Span<const std::byte> items(uint64_t size) const;

  // False: there is a chunk, and the worker is awake.
  bool FallAsleep();
  void WakeUp() { Clear(words_->worker_sleeps); }

  // The next item is begun.
  void Begin() { words_->begun.store(++begun_, std::memory_order_release); }
  // The result of the item that was begun last. False: there is no room, and nothing was written.
  bool Put(uint32_t flags, std::string_view result);
  // To be called after that. True: the pool sleeps, and is to be woken.
  bool MustRing();

  bool has_block(uint32_t place) const { return block(place) != kLent; }
  // It goes to the pool, with a message.
  void LendBlock(uint32_t place) { words_->blocks[place].store(kLent, std::memory_order_relaxed); }
  // The pool could not take it. Once.
  bool IsLost(uint32_t place);

 private:
  friend class DeskOfPool;
  enum BlockState : uint32_t { kFree, kLent, kLost };
  uint32_t block(uint32_t place) const {
    return words_->blocks[place].load(std::memory_order_acquire);
  }

  const std::shared_ptr<SharedBlock> desk_;
  DeskWords* const words_;
  uint64_t given_ = 0;
  uint64_t begun_ = 0;
  uint64_t written_ = 0;
  uint64_t taken_ = 0;  // as last seen
};

// The pool's side. Thread safety: one thread at a time, but for what is said of blocks.
class DeskOfPool {
 public:
  explicit DeskOfPool(std::shared_ptr<SharedBlock> desk);

  // Requires: the worker has no chunk. True: it sleeps, and is to be woken.
  // `fill` writes the items, if they are here.
  bool Give(ChunkNote chunk, absl::FunctionRef<void(std::byte* into)> fill);

  // From now on the worker rings. News that came before are there to be seen: look once more.
  void FallAsleep() { words_->pool_sleeps.store(1); }
  void WakeUp() { internal::Clear(words_->pool_sleeps); }

  // How many items the worker has begun.
  uint64_t begun() const { return words_->begun.load(std::memory_order_acquire); }
  struct Result {
    uint32_t flags;
    std::string bytes;
  };
  // The next result, if it is that of the item with this ordinal.
  std::optional<Result> Take(uint64_t ordinal);
  // Makes room of what was taken.
  void Clear() { words_->taken.store(taken_, std::memory_order_release); }
  // There is something that was not taken.
  bool has_results() const { return words_->written.load() != taken_; }
  // What is on it makes no sense: the worker has written all over it.
  bool is_broken() const { return is_broken_; }

  // Gives a block back: what was in it is not needed any more, or could not be had. `mapped` of it
  // stays here; the result gives it back when it is dropped, in whatever thread of this process.
  void ReturnBlock(uint32_t place);
  void LoseBlock(uint32_t place);
  std::shared_ptr<SharedBlock> ReturnedLater(uint32_t place, std::shared_ptr<SharedBlock> mapped);

 private:
  void Fetch();

  const std::shared_ptr<SharedBlock> desk_;
  DeskWords* const words_;
  uint64_t given_ = 0;
  uint64_t taken_ = 0;
  // What was on the desk from taken_ on when it was fetched last: many lines of memory at once come
  // from the other processor sooner than one after the other.
  std::string fetched_;
  size_t parsed_ = 0;  // of that
  bool is_broken_ = false;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_DESK_H_
