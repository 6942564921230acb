#include "bench/bare_ring.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {

struct BareRing::Words {
  alignas(64) std::atomic<uint64_t> put;
  alignas(64) std::atomic<uint64_t> got;
};

namespace {

// Where there are more processes than processors, the other one has to run.
template <class Holds>
void SpinUntil(Holds holds) {
  for (int i = 1; !holds(); ++i) {
    if (i % 1024 == 0) std::this_thread::yield();
  }
}

}  // namespace

absl::StatusOr<SharedMemory> BareRing::MakeMemory(uint64_t slots, size_t size) {
  return SharedMemory::Create(sizeof(Words) + slots * size);
}

BareRing::BareRing(SharedMemory memory, uint64_t slots, size_t size)
    : memory_(std::move(memory)),
      words_(*reinterpret_cast<Words*>(memory_.bytes().data())),
      slots_(slots),
      item_(size) {}

std::byte* BareRing::slot(uint64_t ticket) const {
  return memory_.bytes().data() + sizeof(Words) + (ticket & (slots_ - 1)) * item_.size();
}

bool BareRing::Put() {
  const uint64_t ticket = words_.put.load(std::memory_order_relaxed);
  if (ticket - seen_ >= slots_) {
    SpinUntil([&] {
      seen_ = words_.got.load(std::memory_order_acquire);
      return ticket - seen_ < slots_;
    });
  }
  std::memcpy(slot(ticket), item_.data(), item_.size());
  words_.put.store(ticket + 1, std::memory_order_release);
  return true;
}

bool BareRing::Get() {
  const uint64_t ticket = words_.got.load(std::memory_order_relaxed);
  if (seen_ <= ticket) {
    SpinUntil([&] {
      seen_ = words_.put.load(std::memory_order_acquire);
      return seen_ > ticket;
    });
  }
  std::memcpy(item_.data(), slot(ticket), item_.size());
  words_.got.store(ticket + 1, std::memory_order_release);
  return true;
}

}  // namespace isoproc::bench
