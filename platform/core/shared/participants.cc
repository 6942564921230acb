#include "platform/core/shared/participants.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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

void Complete(Participant& place, const port::ProcessIdentity& identity) {
  place.birth.store(identity.birth, std::memory_order_release);
  place.claim.store(ClaimOf(identity.pid, kComplete), std::memory_order_release);
}

absl::Status TooManyError() {
  return absl::ResourceExhaustedError(
      absl::StrCat("more than ", kMaxParticipants, " processes share one family's objects"));
}

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
    Complete(place, *identity);
    self_.store(Stamp(slot, IncarnationOf(slot), 0).word(), std::memory_order_release);
    return absl::OkStatus();
  }
  self_.store(kUnregistered);
  return TooManyError();
}

absl::StatusOr<Stamp> Participants::EnterByTheDoor() {
  const absl::StatusOr<port::ProcessIdentity> identity = port_.Self();
  if (!identity.ok()) return identity.status();
  if (own_thread_number == 0) NumberThisThread();
  Participant& door = table_[kDoor];
  const port::Deadline deadline = port::Deadline::After(port_.Now(), absl::Seconds(1));
  while (true) {
    uint64_t claim = door.claim.load(std::memory_order_acquire);
    const uint64_t birth = door.birth.load(std::memory_order_acquire);
    // One that died there needs no sweep, as it has left nothing but perhaps a lock, in its name.
    if ((StageOf(claim) == kFree || IsHolderDead(claim, birth)) &&
        door.claim.compare_exchange_strong(claim, ClaimOf(identity->pid, kHalf))) {
      break;
    }
    if (deadline.Expired(port_.Now())) {
      return TooManyError();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // Before the claim is complete, so that it is never the stamp of the one before.
  door.incarnation.fetch_add(1, std::memory_order_release);
  Complete(door, *identity);
  return Stamp(kDoor, IncarnationOf(kDoor), own_thread_number);
}

void Participants::LeaveByTheDoor() { table_[kDoor].claim.store(kFree, std::memory_order_release); }

// A claim that is half is judged by the process id alone.
bool Participants::IsHolderDead(uint64_t claim, uint64_t birth) const {
  const absl::StatusOr<bool> alive =
      port_.IsAlive({.pid = PidOf(claim), .birth = StageOf(claim) == kComplete ? birth : 0});
  return alive.ok() && !*alive;
}

// The identity is read first and the incarnation last. As long as that is the stamp's, the slot had
// not been given to another when the identity was read: what the next one writes there comes after
// the incarnation was raised, and is stored with release.
std::optional<port::ProcessIdentity> Participants::IdentityOf(Stamp stamp) const {
  if (stamp.slot() > kDoor) return std::nullopt;
  const Participant& place = table_[stamp.slot()];
  const uint64_t claim = place.claim.load(std::memory_order_acquire);
  const uint64_t birth = place.birth.load(std::memory_order_acquire);
  if (IncarnationOf(stamp.slot()) != stamp.incarnation()) return std::nullopt;
  // A stamp comes after the complete claim: nobody who lives has this one.
  if (StageOf(claim) != kComplete) return std::nullopt;
  return port::ProcessIdentity{.pid = PidOf(claim), .birth = birth};
}

bool Participants::IsDead(Stamp stamp) const {
  if (stamp.process().word() == self_.load(std::memory_order_acquire)) return false;
  const std::optional<port::ProcessIdentity> holder = IdentityOf(stamp);
  if (!holder.has_value()) return true;
  const absl::StatusOr<bool> alive = port_.IsAlive(*holder);
  return alive.ok() && !*alive;
}

void Participants::DropHalfClaim(uint32_t slot) {
  uint64_t claim = table_[slot].claim.load(std::memory_order_acquire);
  if (StageOf(claim) != kHalf || !IsHolderDead(claim, 0)) return;
  table_[slot].claim.compare_exchange_strong(claim, kFree);
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
