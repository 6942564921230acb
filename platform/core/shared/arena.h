// The memory that the processes of a family share, as one process sees it.
//
// The first process to make a shared object makes the arena; the children that it starts from then
// on get it, and hand it on to theirs. An object is a slot in it: a handle holds the slot by the
// bit of its process in ObjectSlot::attached. The last process that clears its bit frees the slot;
// the bits of a dead process are cleared by the sweep. On its way to a child an object is held by
// its sender, who keeps the handle until the child has said that it has its own; on its way in a
// message it is held by a parcel: parcel.h.
//
// What a dead process leaves behind is put right by Sweep. Anybody may run it: who waits, who reaps
// a child, who finds no room. It can be killed anywhere and run again.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_ARENA_H_
#define ISOPROC_PLATFORM_CORE_SHARED_ARENA_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/parking.h"
#include "platform/core/shared/participants.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// What an object is called in messages.
struct ObjectName {
  uint64_t arena = 0;
  uint64_t state = 0;  // ObjectSlot::state while it lives
  uint64_t index = 0;

  uint64_t word() const { return WordFor(state, index); }
};

// Thread safety: any thread.
class Arena {
 public:
  // Errors: as port::Port::CreateSegment.
  static absl::StatusOr<std::shared_ptr<Arena>> Create(port::Port& port);
  // Errors: InvalidArgument: not an arena of this version; as port::Port::MapSegment.
  static absl::StatusOr<std::shared_ptr<Arena>> Attach(port::Port& port, port::Handle handle);

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  uint64_t id() const { return id_; }
  port::Port& port() { return port_; }
  const ArenaMemory& memory() const { return memory_; }
  absl::StatusOr<port::Handle> Share() const { return segment_->Share(); }

  // The calling thread. Registers the process at the first call, and in a forked copy once more:
  // the copy then holds what its original held, as far as that still exists.
  // Errors: as Participants::Register.
  absl::StatusOr<Stamp> Self() {
    const Stamp self = participants_.self();
    if (self.word() != 0) return self;
    return SelfSlowly();
  }
  // More than 1 while the process is registered, so that Self would not change anything.
  const std::atomic<uint64_t>& registration() const { return participants_.registration(); }
  void ForgetAfterFork() {
    participants_.Forget();
    parking_.ForgetAfterFork();
  }

  // ---- objects ----------------------------------------------------------------------------------

  // Makes an object, held by this process once, with `room` bytes in the heap, all zero. `prepare`
  // fills it before anybody else can see it.
  // Errors: ResourceExhausted: there are too many, or the heap is full; as Self.
  absl::StatusOr<ObjectName> NewObject(
      ObjectKind kind, uint64_t room = 0,
      absl::FunctionRef<void(ObjectSlot& slot)> prepare = [](ObjectSlot&) {});
  // Holds an object once more.
  // Errors: NotFound: it is gone; FailedPrecondition: of another arena, or another kind; as Self.
  absl::Status Hold(const ObjectName& name, ObjectKind kind);
  // Holds it once less.
  void LetGo(const ObjectName& name);
  ObjectSlot& object(uint64_t index) { return memory_.objects[index]; }
  // Its room in the heap.
  absl::Span<std::byte> RoomOf(const ObjectSlot& slot);

  // ---- waiting ----------------------------------------------------------------------------------

  // Waits until `attempt` is true. It is called again whenever the thread was woken; with `ask`
  // when nothing else would tell that somebody whom it waits for is dead.
  // Blocks:    until then, or `deadline`.
  // Errors:    DeadlineExceeded; as port::Parker::Park.
  absl::Status Await(Waiters& waiters, Stamp self, port::Deadline deadline,
                     absl::FunctionRef<bool(bool ask)> attempt);
  // Arms a parker. From then on it can be chosen, until SleepUntilChosen returns.
  // Errors: ResourceExhausted: too many threads sleep; nothing is armed.
  absl::StatusOr<Parking::Lease> Arm(Waiters& waiters, Stamp self);
  // Blocks: until a waker chose `lease`, or `deadline`. Gives whether one did.
  bool SleepUntilChosen(const Parking::Lease& lease, Waiters& waiters, Stamp self,
                        port::Deadline deadline);
  Parking& parking() { return parking_; }
  // As port::Port::UsableCpuCount when this was called first.
  int UsableCpuCount() {
    const int count = usable_cpus_.load(std::memory_order_relaxed);
    return count != 0 ? count : CountUsableCpus();
  }
  bool IsDead(Stamp stamp) const { return participants_.IsDead(stamp); }
  std::optional<port::ProcessIdentity> IdentityOf(Stamp stamp) const {
    return participants_.IdentityOf(stamp);
  }

  // ---- deaths -----------------------------------------------------------------------------------

  // Somebody has died. Puts right what dead processes have left, unless another thread is at it.
  void NoticeDeath();
  // For who waits: the same at most once in a while, from all processes together. False: it is due,
  // but the lock of the arena was not to be had.
  bool SweepIfDue(Stamp self, absl::Duration now);

 private:
  class Guard;
  struct HeldHere;

  Arena(port::Port& port, std::unique_ptr<port::Segment> segment, ArenaMemory& memory);

  absl::StatusOr<Stamp> SelfSlowly();
  int CountUsableCpus();
  // In a forked copy that was just registered.
  void HoldAgain(Stamp self);
  absl::StatusOr<ObjectName> TakeSlot(ObjectKind kind, uint32_t units, Stamp self,
                                      absl::FunctionRef<void(ObjectSlot& slot)> prepare);
  // The first of `units` units of the heap that nobody has; nullopt: there are not so many in a
  // row.
  std::optional<uint32_t> FindRoom(uint32_t units) const;

  bool TrySweep(Stamp self);
  // Of a process that finds no room among the participants.
  // Errors: as Participants::EnterByTheDoor.
  absl::Status SweepAsVisitor();
  void SweepLocked(Stamp self);
  void BuryLocked(Stamp dead);

  port::Port& port_;
  const std::unique_ptr<port::Segment> segment_;
  ArenaMemory& memory_;
  const uint64_t id_;
  Participants participants_;
  Parking parking_;
  std::atomic<int> usable_cpus_ = 0;
  // How often this process holds each object, and which one that is. Changed under the lock of the
  // arena only.
  const std::unique_ptr<HeldHere[]> held_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_ARENA_H_
