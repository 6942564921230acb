#include "platform/core/shared/parking.h"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

constexpr uint32_t WordOf(uint32_t index) { return index / 64; }
constexpr uint64_t BitOf(uint32_t index) { return uint64_t{1} << (index % 64); }
constexpr uint32_t SummaryBit(uint32_t word) { return uint32_t{1} << word; }

// Parkers that a process keeps though no thread of it sleeps.
constexpr size_t kKept = 16;

// The first one at `from` or after it, or else the first.
uint32_t PickBit(uint64_t bits, uint32_t from) {
  const uint64_t later = bits & (~uint64_t{0} << from);
  return static_cast<uint32_t>(std::countr_zero(later != 0 ? later : bits));
}

}  // namespace

struct Parking::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Lease::Place>> places;
};

Parking::~Parking() {
  const std::unique_ptr<Pool> pool(pool_.load());
  if (pool == nullptr) return;
  for (const std::unique_ptr<Lease::Place>& place : pool->places) End(*place);
}

Parking::Pool& Parking::GetPool() {
  Pool* pool = pool_.load(std::memory_order_acquire);
  if (pool != nullptr) return *pool;
  auto fresh = std::make_unique<Pool>();
  return pool_.compare_exchange_strong(pool, fresh.get()) ? *fresh.release() : *pool;
}

absl::StatusOr<Parking::Lease> Parking::Borrow(Stamp self) {
  Pool& pool = GetPool();
  {
    const std::lock_guard lock(pool.mutex);
    if (!pool.places.empty()) {
      std::unique_ptr<Lease::Place> place = std::move(pool.places.back());
      pool.places.pop_back();
      return Lease(this, std::move(place));
    }
  }
  absl::StatusOr<std::unique_ptr<Lease::Place>> place = Make(self);
  if (!place.ok()) return place.status();
  return Lease(this, *std::move(place));
}

absl::StatusOr<std::unique_ptr<Parking::Lease::Place>> Parking::Make(Stamp self) {
  for (uint32_t index = 0; index < kMaxParkers; ++index) {
    uint64_t owner = 0;
    if (memory_.parker_owners[index].load(std::memory_order_relaxed) != 0 ||
        !memory_.parker_owners[index].compare_exchange_strong(owner, self.process().word())) {
      continue;
    }
    absl::StatusOr<std::unique_ptr<port::Parker>> parker =
        port_.CreateParker(memory_.parkers[index]);
    if (!parker.ok()) {
      memory_.parker_owners[index].store(0);
      return parker.status();
    }
    return std::make_unique<Lease::Place>(Lease::Place{index, *std::move(parker)});
  }
  return absl::ResourceExhaustedError("too many threads sleep");
}

void Parking::GiveBack(std::unique_ptr<Lease::Place> place) {
  {
    Pool& pool = GetPool();
    const std::lock_guard lock(pool.mutex);
    if (pool.places.size() < kKept) {
      pool.places.push_back(std::move(place));
      return;
    }
  }
  End(*place);
}

void Parking::End(Lease::Place& place) {
  place.parker.reset();
  memory_.parker_owners[place.index].store(0);
}

void Parking::Arm(Waiters& waiters, uint32_t index) {
  waiters.bits[WordOf(index)].fetch_or(BitOf(index));
  // After the bit, so that the summary never lacks one for long; see WakeOne.
  waiters.summary.fetch_or(SummaryBit(WordOf(index)));
}

bool Parking::IsArmed(const Waiters& waiters, uint32_t index) {
  return (waiters.bits[WordOf(index)].load() & BitOf(index)) != 0;
}

bool Parking::Disarm(Waiters& waiters, uint32_t index) {
  // The summary is left as it is: a bit too many costs the next waker one look.
  return (waiters.bits[WordOf(index)].fetch_and(~BitOf(index)) & BitOf(index)) == 0;
}

bool Parking::WakeOne(Waiters& waiters) {
  const uint32_t from = waiters.next.load(std::memory_order_relaxed) % kMaxParkers;
  // Once around, and the first word twice: its lower bits come last.
  for (uint32_t step = 0; step <= Waiters::kWords; ++step) {
    const uint32_t word = (WordOf(from) + step) % Waiters::kWords;
    while ((waiters.summary.load() & SummaryBit(word)) != 0) {
      const uint64_t bits = waiters.bits[word].load();
      if (bits == 0) {
        // Whoever arms in between sets the summary after us, or its bit is seen now.
        waiters.summary.fetch_and(~SummaryBit(word));
        if (waiters.bits[word].load() == 0) break;
        waiters.summary.fetch_or(SummaryBit(word));
        // While the bit was off others have passed by: whom they would have woken is not known.
        if (WakeWord(waiters, word)) return true;
        continue;
      }
      const uint32_t picked = PickBit(bits, step == 0 ? from % 64 : 0);
      const uint32_t index = word * 64 + picked;
      if ((waiters.bits[word].fetch_and(~BitOf(index)) & BitOf(index)) == 0) continue;
      waiters.next.store(index + 1, std::memory_order_relaxed);
      port_.Unpark(memory_.parkers[index]);
      return true;
    }
  }
  return false;
}

bool Parking::WakeWord(Waiters& waiters, uint32_t word) {
  if (waiters.bits[word].load() == 0) return false;
  uint64_t bits = waiters.bits[word].exchange(0);
  if (bits == 0) return false;
  for (; bits != 0; bits &= bits - 1) {
    port_.Unpark(memory_.parkers[word * 64 + static_cast<uint32_t>(std::countr_zero(bits))]);
  }
  return true;
}

// Leaves the summary as it is: who took a bit off it and died before he could put it back would
// hide those who sleep until they are chosen and do not arm again.
void Parking::WakeAll(Waiters& waiters) {
  const uint32_t summary = waiters.summary.load();
  for (uint32_t word = 0; word < Waiters::kWords; ++word) {
    if ((summary & SummaryBit(word)) != 0) WakeWord(waiters, word);
  }
}

void Parking::RouseEverybody() {
  for (uint32_t index = 0; index < kMaxParkers; ++index) {
    if (memory_.parker_owners[index].load() != 0) port_.Unpark(memory_.parkers[index]);
  }
}

Parking::Set Parking::OwnedBy(Stamp process) const {
  Set set;
  for (uint32_t index = 0; index < kMaxParkers; ++index) {
    const Stamp owner(memory_.parker_owners[index].load());
    if (owner.word() == 0 || !(owner.process() == process)) continue;
    set.bits[WordOf(index)] |= BitOf(index);
    set.empty = false;
  }
  return set;
}

void Parking::Remove(const Set& set, Waiters& waiters) {
  if (set.empty) return;
  for (uint32_t word = 0; word < Waiters::kWords; ++word) {
    if (set.bits[word] != 0) waiters.bits[word].fetch_and(~set.bits[word]);
  }
}

void Parking::Free(const Set& set) {
  for (uint32_t index = 0; index < kMaxParkers; ++index) {
    if ((set.bits[WordOf(index)] & BitOf(index)) != 0) memory_.parker_owners[index].store(0);
  }
}

}  // namespace isoproc::internal
