#include "platform/core/shared/slots.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/shared/atomic.h"

namespace isoproc::internal {
namespace {

using Word = Atomic<uint64_t>;

// The memory: kMagic, the number of slots, for each the place of its first word, and the slots. A
// slot: its capacity, its head, two buffers.
constexpr uint64_t kMagic = 0x3173746F6C736F73;
constexpr uint64_t kFirstPlace = 2;
constexpr uint64_t kSlotWords = 2;
// What no system has; sums of two such do not overflow.
constexpr uint64_t kTooMuch = uint64_t{1} << 48;

// A head: attempt << 2 | valid buffer << 1 | whether the attempt is under way.
struct Head {
  uint64_t attempt;
  uint64_t buffer;
  bool writing;

  static Head Of(uint64_t word) { return {word >> 2, word >> 1 & 1, (word & 1) != 0}; }
  uint64_t word() const { return attempt << 2 | buffer << 1 | (writing ? 1 : 0); }
};

// A cell: attempt << 16 | two bytes. 2^48 attempts take years.
constexpr uint64_t kLastAttempt = (uint64_t{1} << 48) - 1;
uint64_t CellOf(uint64_t attempt, uint64_t bytes) { return attempt << 16 | bytes; }
uint64_t AttemptOf(uint64_t cell) { return cell >> 16; }
uint64_t BytesOf(uint64_t cell) { return cell & 0xFFFF; }

// Two cells for the length, and the bytes.
constexpr uint64_t kLengthCells = 2;
uint64_t CellsFor(uint64_t length) { return kLengthCells + (length + 1) / 2; }

uint64_t ByteAt(std::string_view bytes, size_t index) {
  return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0;
}
// The content of a cell.
uint64_t BytesFor(std::string_view bytes, uint64_t cell) {
  if (cell < kLengthCells) return bytes.size() >> 16 * cell & 0xFFFF;
  const auto index = static_cast<size_t>(2 * (cell - kLengthCells));
  return ByteAt(bytes, index) | ByteAt(bytes, index + 1) << 8;
}

// Stores it unless a later attempt has been there.
bool StoreCell(Word& cell, uint64_t attempt, uint64_t bytes) {
  uint64_t seen = cell.load();
  while (AttemptOf(seen) < attempt) {
    if (cell.compare_exchange_strong(seen, CellOf(attempt, bytes))) return true;
  }
  return false;
}

// Lets who writes finish, if he lives and is awake.
void GiveWay(const Word& head, uint64_t seen) {
  constexpr int kPatience = 50;
  for (int i = 0; i < kPatience && head.load() == seen; ++i) std::this_thread::yield();
}

absl::Status Overwritten() {
  return absl::DataLossError("the memory of the list holds something else");
}

}  // namespace

Word* Slot::Buffer(uint64_t number) const { return head_ + 1 + number * CellsFor(capacity_); }

absl::StatusOr<std::string> Slot::Read() const {
  while (true) {
    const uint64_t seen = head_->load();
    const Head head = Head::Of(seen);
    const Word* const cells = Buffer(head.buffer);
    const uint64_t attempt = AttemptOf(cells[0].load());
    bool whole = attempt <= head.attempt;
    const auto take = [&](uint64_t index) {
      const uint64_t cell = cells[index].load();
      whole = whole && AttemptOf(cell) == attempt;
      return BytesOf(cell);
    };
    const uint64_t low = take(0);
    const uint64_t length = low | take(1) << 16;
    if (whole && length > capacity_) return Overwritten();
    std::string bytes;
    for (uint64_t i = 0; whole && i < length; i += 2) {
      const uint64_t two = take(kLengthCells + i / 2);
      bytes.push_back(static_cast<char>(two & 0xFF));
      if (i + 1 < length) bytes.push_back(static_cast<char>(two >> 8));
    }
    if (whole) return bytes;
    // A later attempt has moved the head.
    if (head_->load() == seen) return Overwritten();
  }
}

absl::Status Slot::Write(std::string_view bytes) const {
  while (true) {
    uint64_t seen = head_->load();
    if (Head::Of(seen).writing) {
      GiveWay(*head_, seen);
      seen = head_->load();
    }
    Head head = Head::Of(seen);
    ++head.attempt;
    if (head.attempt > kLastAttempt) return Overwritten();
    head.writing = true;
    // From here on all earlier attempts are vain.
    if (!head_->compare_exchange_strong(seen, head.word())) continue;
    Word* const cells = Buffer(1 - head.buffer);
    const uint64_t count = CellsFor(bytes.size());
    uint64_t stored = 0;
    while (stored < count && StoreCell(cells[stored], head.attempt, BytesFor(bytes, stored))) {
      ++stored;
    }
    if (stored < count) {
      // Only who has moved the head since may have been there.
      if (head_->load() == head.word()) return Overwritten();
      continue;
    }
    uint64_t mine = head.word();
    head.buffer = 1 - head.buffer;
    head.writing = false;
    if (head_->compare_exchange_strong(mine, head.word())) return absl::OkStatus();  // commits
  }
}

std::optional<uint64_t> Slots::SizeOf(absl::Span<const uint64_t> capacities) {
  uint64_t words = kFirstPlace + capacities.size();
  for (const uint64_t capacity : capacities) {
    if (capacity > (std::numeric_limits<uint32_t>::max)()) return std::nullopt;
    words += kSlotWords + 2 * CellsFor(capacity);
    if (words > kTooMuch) return std::nullopt;
  }
  return words * sizeof(Word);
}

Slots Slots::Make(absl::Span<std::byte> memory, absl::Span<const uint64_t> capacities) {
  Word* const words = reinterpret_cast<Word*>(memory.data());
  words[1].store(capacities.size());
  uint64_t place = kFirstPlace + capacities.size();
  for (size_t i = 0; i < capacities.size(); ++i) {
    words[kFirstPlace + i].store(place);
    words[place].store(capacities[i]);
    place += kSlotWords + 2 * CellsFor(capacities[i]);
  }
  return Slots(words, memory.size() / sizeof(Word), capacities.size());
}

void Slots::Commit() { words_[0].store(kMagic); }

absl::StatusOr<Slots> Slots::Open(absl::Span<const std::byte> memory) {
  const uint64_t size = memory.size() / sizeof(Word);
  if (size < kFirstPlace) return Overwritten();
  // Loading does not write, whatever the type says.
  Word* const words = reinterpret_cast<Word*>(const_cast<std::byte*>(memory.data()));
  const uint64_t magic = words[0].load();
  if (magic == 0) return absl::NotFoundError("the list is not there yet");
  const uint64_t count = words[1].load();
  if (magic != kMagic || count > size - kFirstPlace) return Overwritten();
  return Slots(words, size, count);
}

absl::StatusOr<Slot> Slots::At(uint64_t index) const {
  const uint64_t place = words_[kFirstPlace + index].load();
  if (place > size_ || size_ - place < kSlotWords) return Overwritten();
  const uint64_t capacity = words_[place].load();
  if (capacity > kTooMuch || 2 * CellsFor(capacity) > size_ - place - kSlotWords) {
    return Overwritten();
  }
  return Slot(&words_[place + 1], capacity);
}

}  // namespace isoproc::internal
