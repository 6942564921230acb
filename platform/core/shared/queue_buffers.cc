#include "platform/core/shared/queue_buffers.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/queue_layout.h"
#include "platform/core/shared/stamp.h"

namespace isoproc::internal {
namespace {

constexpr uint64_t UnitsOf(uint64_t size) {
  return std::max<uint64_t>((size + QueueShape::kUnit - 1) / QueueShape::kUnit, 1);
}

}  // namespace

uint64_t QueueBuffers::EndOf(uint64_t block) const {
  const uint64_t length = UnitsOf(view_.unit(block).size.load(std::memory_order_acquire));
  return block + std::min(length, view_.shape.units - block);
}

bool QueueBuffers::IsFree(uint64_t block) const {
  return view_.unit(block).owner.load(std::memory_order_acquire) == 0;
}

// From the first unit on, so that memory that was used lately is used again. Nobody else begins a
// buffer meanwhile; one that is freed meanwhile counts as used.
std::optional<uint64_t> QueueBuffers::Allocate(Stamp self, uint64_t size) {
  const uint64_t needed = UnitsOf(size);
  for (uint64_t block = 0, end = 0; block < view_.shape.units; block = end) {
    end = EndOf(block);
    if (!IsFree(block)) continue;
    while (end - block < needed && end < view_.shape.units && IsFree(end)) end = EndOf(end);
    Atomic<uint64_t>& length = view_.unit(block).size;
    if (end - block < needed) {
      length.store((end - block) * QueueShape::kUnit, std::memory_order_release);
      continue;
    }
    // What is left is a block before this one ends there.
    const uint64_t left = end - block - needed;
    if (left > 0) {
      const uint64_t rest = block + needed;
      view_.unit(rest).size.store(left * QueueShape::kUnit, std::memory_order_relaxed);
    }
    length.store(size, std::memory_order_release);
    view_.unit(block).owner.store(self.process().word(), std::memory_order_release);  // commits
    return block;
  }
  return std::nullopt;
}

void QueueBuffers::Free(Stamp self, uint64_t unit) {
  if (unit >= view_.shape.units) return;  // read from where anybody may write
  uint64_t owner = self.process().word();
  if (view_.unit(unit).owner.compare_exchange_strong(owner, 0)) TellWaiters();
}

bool QueueBuffers::IsOwn(Stamp self, uint64_t unit) const {
  return view_.unit(unit).owner.load() == self.process().word();
}

bool QueueBuffers::TakeOver(Stamp self, uint64_t unit) {
  if (unit >= view_.shape.units) return false;
  view_.unit(unit).owner.store(self.process().word());
  return true;
}

absl::Span<std::byte> QueueBuffers::BytesOf(uint64_t unit) {
  const uint64_t room = (view_.shape.units - unit) * QueueShape::kUnit;
  const uint64_t size = std::min(view_.unit(unit).size.load(std::memory_order_relaxed), room);
  return absl::MakeSpan(view_.bytes(unit), static_cast<size_t>(size));
}

void QueueBuffers::TellWaiters() {
  view_.words.freed.fetch_add(1);
  if (view_.words.for_buffer.summary.load() != 0) {
    arena_.parking().WakeAll(view_.words.for_buffer);
  }
}

void QueueBuffers::Sweep() {
  std::vector<Left> left = FindLeft();
  if (left.empty()) return;
  EraseReferredTo(left);
  bool freed = false;
  for (Left& buffer : left) {
    // Only this very owner's: who takes the message over meanwhile has signed for it.
    freed |= view_.unit(buffer.unit).owner.compare_exchange_strong(buffer.owner, 0);
  }
  if (freed) TellWaiters();
}

std::vector<QueueBuffers::Left> QueueBuffers::FindLeft() const {
  std::vector<Left> left;
  // Each owner is asked for once; one that lives, lived a moment ago.
  std::map<uint64_t, bool> is_dead;
  for (uint64_t at = 0; at < view_.shape.units; ++at) {
    const uint64_t owner = view_.unit(at).owner.load();
    if (owner == 0) continue;
    const auto [asked, is_new] = is_dead.try_emplace(owner);
    if (is_new) asked->second = arena_.IsDead(Stamp(owner));
    if (asked->second) left.push_back({at, owner});
  }
  return left;
}

// Sequence, descriptor, sequence again: a slot that moves meanwhile was taken by somebody who has
// signed before.
void QueueBuffers::EraseReferredTo(std::vector<Left>& left) const {
  std::vector<uint64_t> wanted;
  const auto refer = [&wanted](uint64_t word) {
    if (Descriptor(word).is_buffer()) wanted.push_back(Descriptor(word).unit());
  };
  const uint64_t mask = view_.shape.slots - 1;
  for (uint64_t i = 0; i < view_.shape.slots; ++i) {
    QueueSlot& slot = view_.slot(i);
    const uint64_t sequence = slot.sequence.load();
    const bool committed = (sequence & mask) == ((i + 1) & mask);
    const uint64_t word = slot.descriptor.load();
    if (committed && slot.sequence.load() == sequence) refer(word);
  }
  for (uint64_t i = 0; i < std::min(view_.words.leases_used.load(), view_.shape.leases); ++i) {
    QueueLease& lease = view_.lease(i);
    if (lease.owner.load() != 0) refer(lease.descriptor.load());
  }
  std::sort(wanted.begin(), wanted.end());
  std::erase_if(left, [&wanted](const Left& buffer) {
    return std::binary_search(wanted.begin(), wanted.end(), buffer.unit);
  });
}

}  // namespace isoproc::internal
