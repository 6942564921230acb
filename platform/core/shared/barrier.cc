#include "platform/core/shared/barrier.h"

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

constexpr uint64_t kArrivedMask = 0xFFFF;
constexpr uint64_t kBroken = uint64_t{1} << 16;
constexpr int kHistoryShift = 17;
constexpr uint32_t kHistoryLength = 15;
constexpr uint64_t kHistoryMask = (uint64_t{1} << kHistoryLength) - 1;

uint64_t ArrivedOf(uint64_t word) { return word & kArrivedMask; }
uint32_t GenerationOf(uint64_t word) { return static_cast<uint32_t>(word >> 32); }

uint64_t NextGeneration(uint64_t word, bool given_up) {
  const uint64_t history = ((word >> kHistoryShift << 1) | (given_up ? 1 : 0)) & kHistoryMask;
  return uint64_t{GenerationOf(word) + 1} << 32 | history << kHistoryShift;
}

// How `generation`, which `word` is past, ended.
bool WasGivenUp(uint64_t word, uint32_t generation) {
  const uint32_t ago = GenerationOf(word) - generation - 1;
  const uint64_t history = word >> kHistoryShift & kHistoryMask;
  // Longer ago than is known: most likely as all that is known.
  return ago < kHistoryLength ? (history >> ago & 1) != 0 : history == kHistoryMask;
}

absl::Status BrokenError() { return absl::AbortedError("the barrier is broken"); }

// Lets everybody go on.
bool Complete(Arena& arena, ObjectSlot& slot, uint64_t word) {
  Atomic<uint64_t>& state = PayloadOf<BarrierPayload>(slot).word;
  if (!state.compare_exchange_strong(word, NextGeneration(word, /*given_up=*/false))) return false;
  arena.parking().WakeAll(slot.waiters);
  return true;
}

// Waits until `word`, which is read again, is of another generation or broken.
// Errors: as Arena::Await.
absl::Status AwaitNextGeneration(Arena& arena, ObjectSlot& slot, Stamp self,
                                 port::Deadline deadline, uint64_t& word) {
  Atomic<uint64_t>& state = PayloadOf<BarrierPayload>(slot).word;
  const uint32_t generation = GenerationOf(word);
  return arena.Await(slot.waiters, self, deadline, [&](bool) {
    word = state.load();
    return GenerationOf(word) != generation || (word & kBroken) != 0;
  });
}

// As the last to arrive. Nobody can arrive any more in this generation: `word` counts all parties.
absl::Status RunAction(Arena& arena, ObjectSlot& slot, uint64_t word,
                       const absl::FunctionRef<void()>& action) {
  try {
    action();
  } catch (...) {
    BreakBarrier(arena, slot);
    throw;
  }
  return Complete(arena, slot, word) ? absl::OkStatus() : BrokenError();
}

}  // namespace

BarrierState StateOfBarrier(ObjectSlot& slot) {
  BarrierPayload& payload = PayloadOf<BarrierPayload>(slot);
  const uint64_t word = payload.word.load();
  const uint64_t arrived = ArrivedOf(word);
  const bool waits = (word & kBroken) == 0 && arrived < payload.parties.load();
  return {.generation = GenerationOf(word),
          .waiting = waits ? static_cast<uint32_t>(arrived) : 0,
          .broken = (word & kBroken) != 0};
}

absl::StatusOr<uint32_t> Arrive(Arena& arena, ObjectSlot& slot, Stamp self, absl::Duration timeout,
                                const absl::FunctionRef<void()>* action) {
  BarrierPayload& payload = PayloadOf<BarrierPayload>(slot);
  Atomic<uint64_t>& state = payload.word;
  const uint64_t parties = payload.parties.load();
  const port::Deadline deadline = port::Deadline::After(arena.port().Now(), timeout);
  uint64_t word = state.load();
  while (true) {
    if ((word & kBroken) != 0) return BrokenError();
    const uint64_t index = ArrivedOf(word);
    if (index >= parties) {
      // All have come, and the last one runs its action: this arrival belongs to the next
      // generation.
      const absl::Status passed = AwaitNextGeneration(arena, slot, self, deadline, word);
      if (!passed.ok()) {
        BreakBarrier(arena, slot);
        return absl::IsDeadlineExceeded(passed) ? BrokenError() : passed;
      }
      continue;
    }
    const bool is_last = index + 1 == parties;
    if (is_last && action == nullptr) {
      if (Complete(arena, slot, word)) return static_cast<uint32_t>(index);
      word = state.load();
      continue;
    }
    if (!state.compare_exchange_strong(word, word + 1)) continue;
    if (is_last) {
      const absl::Status done = RunAction(arena, slot, word + 1, *action);
      if (!done.ok()) return done;
      return static_cast<uint32_t>(index);
    }
    const uint32_t generation = GenerationOf(word);
    const absl::Status passed = AwaitNextGeneration(arena, slot, self, deadline, word);
    if (!passed.ok()) {
      // It may have been completed in the last moment.
      word = state.load();
      while (GenerationOf(word) == generation && (word & kBroken) == 0) {
        if (state.compare_exchange_strong(word, word | kBroken)) {
          arena.parking().WakeAll(slot.waiters);
          return absl::IsDeadlineExceeded(passed) ? BrokenError() : passed;
        }
      }
    }
    if (GenerationOf(word) == generation || WasGivenUp(word, generation)) return BrokenError();
    return static_cast<uint32_t>(index);
  }
}

void BreakBarrier(Arena& arena, ObjectSlot& slot) {
  PayloadOf<BarrierPayload>(slot).word.fetch_or(kBroken);
  arena.parking().WakeAll(slot.waiters);
}

void ResetBarrier(Arena& arena, ObjectSlot& slot) {
  Atomic<uint64_t>& state = PayloadOf<BarrierPayload>(slot).word;
  uint64_t word = state.load();
  do {
    // New already: nobody is to be told, and the history is short.
    if (ArrivedOf(word) == 0 && (word & kBroken) == 0) return;
  } while (!state.compare_exchange_strong(word, NextGeneration(word, /*given_up=*/true)));
  arena.parking().WakeAll(slot.waiters);
}

}  // namespace isoproc::internal
