#include "platform/core/pool/desk.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/core/shared/shared_block.h"

namespace isoproc::internal {
namespace {

// Behind the words. Entries begin at multiples of kUnit, and go on at the beginning when they come
// to the end.
constexpr uint64_t kRing = uint64_t{64} << 10;
constexpr uint64_t kUnit = 8;

struct Entry {
  uint64_t ordinal;
  uint32_t flags;
  uint32_t size;
};

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

DeskWriter::DeskWriter(std::shared_ptr<SharedBlock> desk)
    : desk_(std::move(desk)), words_(WordsOf(*desk_)) {}

bool DeskWriter::Put(uint32_t flags, std::string_view result) {
  const uint64_t size = sizeof(Entry) + Rounded(result.size());
  const uint64_t used = written_ - words_->taken.load(std::memory_order_acquire);
  if (result.size() > kMostOnDesk || used > kRing || size > kRing - used) return false;
  const Entry entry = {begun_ - 1, flags, static_cast<uint32_t>(result.size())};
  CopyIn(words_, written_, &entry, sizeof(entry));
  CopyIn(words_, written_ + sizeof(entry), result.data(), result.size());
  written_ += size;
  words_->written.store(written_, std::memory_order_release);
  return true;
}

DeskReader::DeskReader(std::shared_ptr<SharedBlock> desk)
    : desk_(std::move(desk)), words_(WordsOf(*desk_)) {}

std::optional<DeskReader::Result> DeskReader::Take(uint64_t ordinal) {
  const uint64_t there = words_->written.load(std::memory_order_acquire) - taken_;
  if (there == 0 || is_broken_) return std::nullopt;
  Entry entry = {};
  if (there <= kRing && there >= sizeof(entry)) CopyOut(words_, taken_, &entry, sizeof(entry));
  is_broken_ = there > kRing || there < sizeof(entry) || entry.size > kMostOnDesk ||
               sizeof(entry) + Rounded(entry.size) > there || entry.ordinal < ordinal;
  // One that is to come through the stream comes first.
  if (is_broken_ || entry.ordinal > ordinal) return std::nullopt;
  Result result = {entry.flags, std::string(entry.size, '\0')};
  CopyOut(words_, taken_ + sizeof(entry), result.bytes.data(), entry.size);
  taken_ += sizeof(entry) + Rounded(entry.size);
  words_->taken.store(taken_, std::memory_order_release);
  return result;
}

}  // namespace isoproc::internal
