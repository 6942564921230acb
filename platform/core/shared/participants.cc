#include "platform/core/shared/participants.h"

#include <atomic>
#include <cstdint>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// A claim is process id << 2 | stage. A slot is claimed by the process id alone, since that fits
// into the word; then the birth is written, and only then the claim is complete. Who dies in
// between is judged by its process id.
constexpr uint64_t kFree = 0;
constexpr uint64_t kHalf = 1;
constexpr uint64_t kComplete = 2;
constexpr uint64_t kStageMask = 3;

constexpr uint64_t ClaimOf(int64_t pid, uint64_t stage) {
  return static_cast<uint64_t>(pid) << 2 | stage;
}
constexpr int64_t PidOf(uint64_t claim) { return static_cast<int64_t>(claim >> 2); }
constexpr uint64_t StageOf(uint64_t claim) { return claim & kStageMask; }

}  // namespace

constinit thread_local uint32_t own_thread_number = 0;

void NumberThisThread() {
  static constinit std::atomic<uint32_t> last{0};
  while (own_thread_number == 0) {
    own_thread_number = (last.fetch_add(1, std::memory_order_relaxed) + 1) & Stamp::kThreadMask;
  }
}

uint32_t Participants::IncarnationOf(uint32_t slot) const {
  // From 1 to the largest that a stamp holds, over and over.
  return table_[slot].incarnation.load(std::memory_order_acquire) % Stamp::kIncarnationMask + 1;
}

absl::Status Participants::Register() {
  while (true) {
    uint64_t state = kUnregistered;
    if (self_.compare_exchange_strong(state, kRegistering)) return Claim();
    if (state != kRegistering) return absl::OkStatus();
    std::this_thread::yield();
  }
}

absl::Status Participants::Claim() {
  const absl::StatusOr<port::ProcessIdentity> identity = port_.Self();
  if (!identity.ok()) {
    self_.store(kUnregistered);
    return identity.status();
  }
  for (uint32_t slot = 0; slot < kMaxParticipants; ++slot) {
    Participant& place = table_[slot];
    uint64_t claim = kFree;
    if (!place.claim.compare_exchange_strong(claim, ClaimOf(identity->pid, kHalf))) continue;
    place.birth.store(identity->birth, std::memory_order_relaxed);
    place.claim.store(ClaimOf(identity->pid, kComplete), std::memory_order_release);
    self_.store(Stamp(slot, IncarnationOf(slot), 0).word(), std::memory_order_release);
    return absl::OkStatus();
  }
  self_.store(kUnregistered);
  return absl::ResourceExhaustedError("too many processes share one family's objects");
}

bool Participants::IsDead(Stamp stamp) const {
  if (stamp.slot() >= kMaxParticipants) return true;
  if (stamp.process().word() == self_.load(std::memory_order_relaxed)) return false;
  const Participant& place = table_[stamp.slot()];
  const uint64_t claim = place.claim.load(std::memory_order_acquire);
  const port::ProcessIdentity identity = {.pid = PidOf(claim),
                                          .birth = place.birth.load(std::memory_order_relaxed)};
  // Read last: as long as it is the stamp's, what was read before belongs to the stamp's process.
  if (IncarnationOf(stamp.slot()) != stamp.incarnation()) return true;
  if (StageOf(claim) == kFree) return true;  // nobody ever had that stamp
  if (StageOf(claim) != kComplete) return false;
  const absl::StatusOr<bool> alive = port_.IsAlive(identity);
  return alive.ok() && !*alive;
}

void Participants::DropHalfClaim(uint32_t slot) {
  uint64_t claim = table_[slot].claim.load(std::memory_order_acquire);
  if (StageOf(claim) != kHalf) return;
  const absl::StatusOr<bool> alive = port_.IsAlive({.pid = PidOf(claim), .birth = 0});
  if (alive.ok() && !*alive) table_[slot].claim.compare_exchange_strong(claim, kFree);
}

Stamp Participants::Holder(uint32_t slot) const {
  if (StageOf(table_[slot].claim.load(std::memory_order_acquire)) != kComplete) return Stamp();
  return Stamp(slot, IncarnationOf(slot), 0);
}

void Participants::Bury(Stamp dead) {
  Participant& place = table_[dead.slot()];
  place.incarnation.fetch_add(1, std::memory_order_release);
  place.claim.store(kFree, std::memory_order_release);
}

}  // namespace isoproc::internal
