// The processes that use an arena, and which of them are dead.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_PARTICIPANTS_H_
#define ISOPROC_PLATFORM_CORE_SHARED_PARTICIPANTS_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// The number of the calling thread: from 1, again after 2^28 others; 0: it has none yet.
extern constinit thread_local uint32_t own_thread_number;
// Gives it one.
void NumberThisThread();

// Thread safety: any thread.
class Participants {
 public:
  Participants(port::Port& port, Participant (&table)[kMaxParticipants + 1])
      : port_(port), table_(table) {}

  // The calling thread, if its process is registered; otherwise nobody.
  Stamp self() const {
    if (own_thread_number == 0) NumberThisThread();
    return KnownSelf(self_);
  }

  // The same for the fast path, which looks at the registration itself and calls nothing: nobody
  // also if the thread has no number yet.
  const std::atomic<uint64_t>& registration() const { return self_; }
  static Stamp KnownSelf(const std::atomic<uint64_t>& registration) {
    // Whoever reads the stamp in shared memory finds the registration there as well.
    const uint64_t process = registration.load(std::memory_order_acquire);
    const uint32_t thread = own_thread_number;
    return process <= kRegistering || thread == 0 ? Stamp() : Stamp(process | thread);
  }

  // Registers the process, unless it is.
  // Errors: ResourceExhausted: the table is full of the living, and of the dead that nobody has
  // swept; as port::Port::Self.
  absl::Status Register();

  // For a process that Register has refused: the calling thread's stamp, with which it may take the
  // lock of the arena to sweep, until LeaveByTheDoor.
  // Blocks:    while another visitor is there, 1 s at most.
  // Errors:    ResourceExhausted: it did not leave; as port::Port::Self.
  absl::StatusOr<Stamp> EnterByTheDoor();
  void LeaveByTheDoor();

  // In a forked copy, which is another process.
  void Forget() { self_.store(kUnregistered, std::memory_order_relaxed); }

  // Whether no instruction of that process can ever run again. Asks the system, so it is not for
  // the fast path. When in doubt: no.
  // Requires: `stamp` was read in shared memory, with acquire or more.
  bool IsDead(Stamp stamp) const;

  // The process that a stamp names; nullopt if it is dead, as far as the table tells.
  // Requires: as IsDead.
  std::optional<port::ProcessIdentity> IdentityOf(Stamp stamp) const;

  // ---- for the sweep, under the lock of the arena -----------------------------------------------

  // Frees the slot if who claimed it died before its name was complete.
  void DropHalfClaim(uint32_t slot);
  // Who has the slot, dead or alive; nobody if none has.
  Stamp Holder(uint32_t slot) const;
  // All stamps of `dead`, which holds the slot, are dead from now on without a question, and the
  // slot is free.
  void Bury(Stamp dead);

 private:
  // What self_ is before it is a stamp. No stamp of a thread's process is so small, as incarnations
  // begin at 1.
  static constexpr uint64_t kUnregistered = 0;
  static constexpr uint64_t kRegistering = 1;

  absl::Status Claim();
  bool IsHolderDead(uint64_t claim, uint64_t birth) const;
  uint32_t IncarnationOf(uint32_t slot) const;

  port::Port& port_;
  Participant (&table_)[kMaxParticipants + 1];
  std::atomic<uint64_t> self_ = kUnregistered;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_PARTICIPANTS_H_
