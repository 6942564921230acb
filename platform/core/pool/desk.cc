#include "platform/core/pool/desk.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "isoproc/internal/call_state.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {
namespace {

// Behind the words. Entries begin at multiples of kUnit, and go on at the beginning when they come
// to the end.
constexpr uint64_t kRing = uint64_t{256} << 10;
constexpr uint64_t kUnit = 8;

struct Entry {
  uint32_t ordinal;  // the lower half
  uint16_t flags;
  uint16_t size;
};
static_assert(sizeof(Entry) == kUnit && kRing % kUnit == 0);
static_assert(kMostOnDesk <= (std::numeric_limits<uint16_t>::max)());

// Of the ring, by the pool at once.
constexpr uint64_t kMostFetched = uint64_t{16} << 10;
static_assert(sizeof(Entry) + kMostOnDesk <= kMostFetched && kMostOnDesk % kUnit == 0);

uint64_t Rounded(uint64_t size) { return (size + kUnit - 1) / kUnit * kUnit; }

DeskWords* WordsOf(SharedBlock& desk) { return reinterpret_cast<DeskWords*>(desk.bytes().data()); }
std::byte* RingOf(DeskWords* words) { return reinterpret_cast<std::byte*>(words + 1); }

void CopyIn(DeskWords* words, uint64_t at, const void* from, uint64_t size) {
  const uint64_t place = at % kRing;
  const auto first = static_cast<size_t>((std::min)(size, kRing - place));
  const auto* const bytes = static_cast<const std::byte*>(from);
  if (first > 0) std::memcpy(RingOf(words) + place, bytes, first);
  if (first < size) std::memcpy(RingOf(words), bytes + first, static_cast<size_t>(size) - first);
}
void CopyOut(DeskWords* words, uint64_t at, void* into, uint64_t size) {
  const uint64_t place = at % kRing;
  const auto first = static_cast<size_t>((std::min)(size, kRing - place));
  auto* const bytes = static_cast<std::byte*>(into);
  if (first > 0) std::memcpy(bytes, RingOf(words) + place, first);
  if (first < size) std::memcpy(bytes + first, RingOf(words), static_cast<size_t>(size) - first);
}

}  // namespace

absl::StatusOr<std::shared_ptr<SharedBlock>> MakeDesk() {
  return SharedBlock::Create(sizeof(DeskWords) + kRing);
}

// ---- the worker's side --------------------------------------------------------------------------

DeskOfWorker::DeskOfWorker(std::shared_ptr<SharedBlock> desk)
    : desk_(std::move(desk)), words_(WordsOf(*desk_)) {}

ChunkNote DeskOfWorker::TakeChunk() {
  ++given_;
  return words_->chunk;
}

absl::Span<const std::byte> DeskOfWorker::items(uint64_t size) const {
  return absl::MakeConstSpan(words_->items).subspan(0, static_cast<size_t>(size));
}

bool DeskOfWorker::FallAsleep() {
  words_->worker_sleeps.store(1);
  if (words_->given.load() == given_) return true;
  WakeUp();
  return false;
}

bool DeskOfWorker::Put(uint32_t flags, std::string_view result) {
  const uint64_t size = sizeof(Entry) + Rounded(result.size());
  if (result.size() > kMostOnDesk) return false;
  if (size > kRing - (written_ - taken_)) {
    taken_ = words_->taken.load(std::memory_order_acquire);
    const uint64_t used = written_ - taken_;
    if (used > kRing || size > kRing - used) return false;
  }
  const Entry entry = {static_cast<uint32_t>(begun_ - 1), static_cast<uint16_t>(flags),
                       static_cast<uint16_t>(result.size())};
  CopyIn(words_, written_, &entry, sizeof(entry));
  CopyIn(words_, written_ + sizeof(entry), result.data(), result.size());
  written_ += size;
  words_->written.store(written_, std::memory_order_release);
  return true;
}

bool DeskOfWorker::MustRing() {
  // Again, and before the other word is read, in the eyes of all: either the pool, which writes
  // them in the other order, sees the result, or it is seen to sleep.
  words_->written.store(written_);
  return words_->pool_sleeps.load() != 0 && words_->pool_sleeps.exchange(0) != 0;
}

bool DeskOfWorker::IsLost(uint32_t place) {
  if (block(place) != kLost) return false;
  words_->blocks[place].store(kFree, std::memory_order_relaxed);
  return true;
}

// ---- the pool's side ----------------------------------------------------------------------------

DeskOfPool::DeskOfPool(std::shared_ptr<SharedBlock> desk)
    : desk_(std::move(desk)), words_(WordsOf(*desk_)) {}

bool DeskOfPool::Give(ChunkNote chunk, absl::FunctionRef<void(std::byte* into)> fill) {
  if (chunk.place == ChunkNote::Place::kDesk) fill(words_->items.data());
  words_->chunk = chunk;
  words_->given.store(++given_);
  return words_->worker_sleeps.load() != 0 && words_->worker_sleeps.exchange(0) != 0;
}

void DeskOfPool::Fetch() {
  const uint64_t there = words_->written.load(std::memory_order_acquire) - taken_;
  is_broken_ |= there > kRing;
  parsed_ = 0;
  fetched_.resize(is_broken_ ? 0 : static_cast<size_t>((std::min)(there, kMostFetched)));
  CopyOut(words_, taken_, fetched_.data(), fetched_.size());
}

std::optional<DeskOfPool::Result> DeskOfPool::Take(uint64_t ordinal) {
  if (is_broken_) return std::nullopt;
  Entry entry = {};
  const auto is_whole = [&] {
    const size_t there = fetched_.size() - parsed_;
    if (there < sizeof(entry)) return false;
    std::memcpy(&entry, fetched_.data() + parsed_, sizeof(entry));
    return sizeof(entry) + Rounded(entry.size) <= there;
  };
  if (!is_whole()) {
    Fetch();
    if (fetched_.empty()) return std::nullopt;
    is_broken_ = !is_whole();
  }
  const uint32_t ahead = entry.ordinal - static_cast<uint32_t>(ordinal);
  is_broken_ |= entry.size > kMostOnDesk || ahead > (std::numeric_limits<uint32_t>::max)() / 2;
  // One that is to come through the stream comes first.
  if (is_broken_ || ahead > 0) return std::nullopt;
  std::optional<Result> result(
      Result{entry.flags, std::string(fetched_.data() + parsed_ + sizeof(entry), entry.size)});
  const uint64_t size = sizeof(entry) + Rounded(entry.size);
  parsed_ += static_cast<size_t>(size);
  taken_ += size;
  return result;
}

void DeskOfPool::ReturnBlock(uint32_t place) {
  words_->blocks[place].store(DeskOfWorker::kFree, std::memory_order_release);
}

void DeskOfPool::LoseBlock(uint32_t place) {
  words_->blocks[place].store(DeskOfWorker::kLost, std::memory_order_release);
}

std::shared_ptr<SharedBlock> DeskOfPool::ReturnedLater(uint32_t place,
                                                       std::shared_ptr<SharedBlock> mapped) {
  SharedBlock* const block = mapped.get();
  return std::shared_ptr<SharedBlock>(
      block, [mapped = std::move(mapped), desk = desk_, place, pool = ThisProcess()](SharedBlock*) {
        // A fork has the result as well, and the owner needs what is in it after the fork let go.
        if (ThisProcess() == pool) DeskOfPool(desk).ReturnBlock(place);
      });
}

}  // namespace isoproc::internal
