// What orders the work of several processes.
//
// All of these are handles of objects in memory that the processes of a family share: this process,
// the children that it starts from then on, and theirs.                                 [SHR-01]
//   copies         are cheap and refer to the same object. A handle made by default refers to none;
//                  its functions then fail with kFailedPrecondition.
//   travel         as arguments of Process::Start, alone or inside other values, and from there to
//                  the receiver's own children. The receiver has its handle when Start returns.
//                                                                                       [SHR-02]
//   lifetime       the object lives until its last handle is gone, in whatever process; a process
//                  that ends, in whatever way, has no handles any more.         [SHR-03, SHR-04]
//   thread safety  all functions from any thread of any process. While one thread assigns to a
//                  handle or destroys it, no other may use it: let it use a copy.   [SHR-08]
//   timeouts       zero and negative try once.                          [GEN-01, GEN-02, GEN-05]
//   death          any process may be killed at any time; the others go on. They look
//                  whether somebody is dead after 0.25 s of waiting, if nothing tells them before.
//   errors of all  FailedPrecondition: no object.
//                  ResourceExhausted: more than kMaxSharingProcesses share.
//
// Create() of each:
//   Errors:    ResourceExhausted: no memory, or kMaxSharedObjects live in the family already.
//                                                                                       [SHR-05]
#ifndef ISOPROC_SYNC_H_
#define ISOPROC_SYNC_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cereal/access.hpp"
#include "isoproc/internal/object_handle.h"

namespace isoproc {

// Of one family, at the same time. More threads may wait, but those look again and again.
inline constexpr int kMaxSharedObjects = 4096;
inline constexpr int kMaxSharingProcesses = 1024;
inline constexpr int kMaxSleepingThreads = 1024;

// How a lock was taken.
enum class LockStatus {
  kOk,
  // The process of its last owner ended, or was killed, while it had the lock: what the lock guards
  // may be half changed. Told once, to the next owner, who has the lock all the same. (A thread
  // that ends in a process that goes on takes its locks along: nobody else gets them.)
  kOwnerDied,
};

// A lock that one thread of one process has at a time. Not recursive, and not fair.    [LOCK-12]
//
// Meets the standard's Lockable requirements: std::lock_guard, std::unique_lock and
// std::scoped_lock work with it.                                                         [LOCK-07]
class Lock : public internal::ObjectHandle<internal::ObjectKind::kLock> {
 public:
  Lock() = default;
  static absl::StatusOr<Lock> Create();

  // Blocks:    until the lock is taken, or `timeout`.
  // On OK:     the calling thread has the lock.                                         [LOCK-01]
  //            kOwnerDied: see there; the same on every port.                           [LOCK-09]
  // Errors:    DeadlineExceeded: somebody else has it.                          [LOCK-02, LOCK-03]
  //            FailedPrecondition: the thread has it already, and would wait for itself.  [LOCK-13]
  absl::StatusOr<LockStatus> Acquire(absl::Duration timeout = absl::InfiniteDuration()) const;
  absl::StatusOr<LockStatus> TryAcquire() const { return Acquire(absl::ZeroDuration()); }

  // Gives the lock to whoever comes next.
  // Blocks:    never.
  // Errors:    FailedPrecondition: the calling thread does not have it; nothing changed.
  //                                                                            [LOCK-04, LOCK-05]
  absl::Status Release() const;

  // Whether somebody has it who lives: true of a moment that is over when it is known.   [LOCK-06]
  bool IsLocked() const;

  // For the standard's guards. lock() takes the lock of a dead owner without a word: use Acquire to
  // learn of it. It throws std::system_error where Acquire fails.                        [LOCK-07]
  void lock() const;
  bool try_lock() const { return TryAcquire().ok(); }
  void unlock() const { Release().IgnoreError(); }

 private:
  friend class Condition;
  using ObjectHandle::ObjectHandle;
};

// As Lock, but the thread that has it may take it again, and must release it as often.
//                                                                 [RLK-01, RLK-02, RLK-03, RLK-05]
class RLock : public internal::ObjectHandle<internal::ObjectKind::kRLock> {
 public:
  RLock() = default;
  static absl::StatusOr<RLock> Create();

  // As Lock::Acquire, without its FailedPrecondition.                                   [RLK-07]
  // On OK:     the thread has the lock once more. kOwnerDied: the dead one's times are forgotten.
  //                                                                                     [RLK-06]
  absl::StatusOr<LockStatus> Acquire(absl::Duration timeout = absl::InfiniteDuration()) const;
  absl::StatusOr<LockStatus> TryAcquire() const { return Acquire(absl::ZeroDuration()); }

  // As Lock::Release; the lock is free after as many of these as of Acquire.
  absl::Status Release() const;

  // As Lock::IsLocked; true until the last Release.                                     [RLK-04]
  bool IsLocked() const;

  // As those of Lock.                                                                   [RLK-07]
  void lock() const;
  bool try_lock() const { return TryAcquire().ok(); }
  void unlock() const { Release().IgnoreError(); }

 private:
  friend class Condition;
  using ObjectHandle::ObjectHandle;
};

// A count that processes take from and add to, as a signal: who adds need not be who took, and a
// process that dies has taken along what it took.                                [SEM-01, SEM-10]
class Semaphore : public internal::ObjectHandle<internal::ObjectKind::kSemaphore> {
 public:
  // The largest count, on every port.                                                   [SEM-03]
  static constexpr int64_t kMaxValue = 0x7FFFFFFF;

  Semaphore() = default;
  // Errors:    also InvalidArgument: `value` is below 0 or above kMaxValue.             [SEM-06]
  static absl::StatusOr<Semaphore> Create(int64_t value = 1);

  // Takes one.
  // Blocks:    until the count is above 0, or `timeout`.
  // Errors:    DeadlineExceeded: it is 0; nothing was taken.                            [SEM-09]
  absl::Status Acquire(absl::Duration timeout = absl::InfiniteDuration()) const;
  absl::Status TryAcquire() const { return Acquire(absl::ZeroDuration()); }

  // Adds `count`, also beyond the value at the start.                           [SEM-02, SEM-07]
  // Blocks:    never, whatever became of those who waited.                              [SEM-12]
  // Errors:    InvalidArgument: `count` is below 1. FailedPrecondition: the count would be above
  //            kMaxValue. Nothing changed.
  absl::Status Release(int64_t count = 1) const;

  // The count, at a moment that is over when it is known; 0 without an object.          [SEM-08]
  int64_t Value() const;

 private:
  using ObjectHandle::ObjectHandle;
};

// A number of permits. Those of a process that ends, in whatever way, come back.        [SEM-13]
class BoundedSemaphore : public internal::ObjectHandle<internal::ObjectKind::kBoundedSemaphore> {
 public:
  BoundedSemaphore() = default;
  // Errors:    also InvalidArgument: `value` is below 0. ResourceExhausted: a permit takes 8 bytes
  //            of a MiB that the family has.
  static absl::StatusOr<BoundedSemaphore> Create(int64_t value = 1);

  // Takes a permit, for this process.
  // Blocks:    until there is one, or `timeout`.
  // Errors:    DeadlineExceeded: there is none.                                         [SEM-09]
  absl::Status Acquire(absl::Duration timeout = absl::InfiniteDuration()) const;
  absl::Status TryAcquire() const { return Acquire(absl::ZeroDuration()); }

  // Gives back a permit that this process has; if it has none, one of another's.
  // Blocks:    never.
  // Errors:    FailedPrecondition: nobody has a permit; nothing changed.       [SEM-04, SEM-05]
  absl::Status Release() const;

  // The permits that nobody has, at a moment that is over when it is known; 0 without an object.
  int64_t Value() const;

 private:
  using ObjectHandle::ObjectHandle;
};

// Something that has happened, or not yet. Made unset.                          [EVT-01, EVT-07]
class Event : public internal::ObjectHandle<internal::ObjectKind::kEvent> {
 public:
  Event() = default;
  static absl::StatusOr<Event> Create();

  // Lets all who wait go on, and who comes later; again has no effect.                  [EVT-03]
  // Blocks:    never, whatever became of those who waited.                              [EVT-05]
  absl::Status Set() const;
  absl::Status Clear() const;

  // Blocks:    until the event is set, or `timeout`.
  // On OK:     it is set, or was since the call began: who waited is let go even if Clear follows
  //            at once.                                                        [EVT-02, EVT-04]
  // Errors:    DeadlineExceeded: it was not set.
  absl::Status Wait(absl::Duration timeout = absl::InfiniteDuration()) const;

  // False without an object.
  bool IsSet() const;

 private:
  using ObjectHandle::ObjectHandle;
};

// Waiting, with a lock that is given up meanwhile, until somebody says that something has changed.
// What it is must be looked at again after each wait: a death wakes all who wait.       [COND-14]
//
// The lock is the condition's own RLock, or the Lock or RLock that it was made with; a handle of
// the condition is one of the lock as well.                                             [COND-01]
class Condition {
 public:
  static constexpr internal::ObjectKind kObjectKind = internal::ObjectKind::kCondition;

  Condition() = default;
  static absl::StatusOr<Condition> Create();
  static absl::StatusOr<Condition> Create(const Lock& lock);
  static absl::StatusOr<Condition> Create(const RLock& lock);

  // Those of the lock.
  absl::StatusOr<LockStatus> Acquire(absl::Duration timeout = absl::InfiniteDuration()) const;
  absl::StatusOr<LockStatus> TryAcquire() const { return Acquire(absl::ZeroDuration()); }
  absl::Status Release() const;
  void lock() const;
  bool try_lock() const { return TryAcquire().ok(); }
  void unlock() const { Release().IgnoreError(); }

  // Releases the lock, however often the thread has it; waits; takes it again as often.  [COND-04]
  // Blocks:    until notified, or `timeout`; and then until the lock can be taken.
  // On OK:     notified, or somebody has died. The thread has the lock.
  //            kOwnerDied: as Lock::Acquire.
  // Errors:    DeadlineExceeded: not notified; the thread has the lock.        [COND-05, COND-11]
  //            FailedPrecondition: the thread does not have the lock; nothing changed.  [COND-02]
  //            ResourceExhausted: more than kMaxSleepingThreads sleep; nothing changed.
  absl::StatusOr<LockStatus> Wait(absl::Duration timeout = absl::InfiniteDuration()) const;

  // Waits until `predicate`, which is called with the lock taken, gives true.           [COND-12]
  // Does not tell of an owner of the lock who died meanwhile: if what the lock guards may be half
  // changed then, call Wait.
  // Errors:    DeadlineExceeded: it gave false when the time was over. As Wait. What it throws
  //            comes through, with the lock taken.
  template <class Predicate>
  absl::Status WaitFor(Predicate predicate,
                       absl::Duration timeout = absl::InfiniteDuration()) const {
    return WaitUntilTrue([&] { return static_cast<bool>(predicate()); }, timeout);
  }

  // Wakes at most `count` of those who wait now. Below 1: nobody.              [COND-07, COND-08]
  // Requires:  the calling thread has the lock.
  // Blocks:    never, whatever became of those who waited.                     [COND-09, COND-10]
  // Errors:    FailedPrecondition: it does not have the lock.                           [COND-03]
  absl::Status Notify(int64_t count = 1) const;
  absl::Status NotifyAll() const;

  // Whether it refers to a condition.
  explicit operator bool() const { return static_cast<bool>(core_); }

 private:
  struct Core : internal::ObjectHandle<internal::ObjectKind::kCondition> {
    Core() = default;
    explicit Core(std::shared_ptr<internal::SharedObject> object)
        : ObjectHandle(std::move(object)) {}
    using ObjectHandle::object;
  };

  Condition(Core core, Lock lock, RLock rlock)
      : core_(std::move(core)), lock_(std::move(lock)), rlock_(std::move(rlock)) {}
  static absl::StatusOr<Core> CreateCore();
  absl::Status WaitUntilTrue(absl::FunctionRef<bool()> predicate, absl::Duration timeout) const;

  friend class cereal::access;
  template <class Archive>
  void save(Archive& archive) const {
    archive(core_, lock_, rlock_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(core_, lock_, rlock_);
  }

  Core core_;
  Lock lock_;  // one of the two is empty
  RLock rlock_;
};

// Where a number of parties wait for each other, again and again.               [BAR-01, BAR-15]
//
// It breaks, and all who wait get kAborted and all who come, when one of them has waited too long,
// when an action throws, by Abort, and when a process dies that has a handle: it could be the one
// which the others wait for. (One that ends with its handles destroyed has let go of them.) Reset
// mends it.                                                                     [BAR-07, BAR-14]
class Barrier : public internal::ObjectHandle<internal::ObjectKind::kBarrier> {
 public:
  static constexpr int64_t kMaxParties = 65534;

  Barrier() = default;
  // `timeout` is that of Wait without one.                                              [BAR-06]
  // Errors:    also InvalidArgument: `parties` is below 1 or above kMaxParties.         [BAR-13]
  static absl::StatusOr<Barrier> Create(int64_t parties,
                                        absl::Duration timeout = absl::InfiniteDuration());

  // Arrives, and waits for the others.
  // Blocks:    until all have arrived, the barrier breaks, or `timeout`, which breaks it.  [BAR-05]
  // On OK:     the number of those who had arrived before, from 0.             [BAR-02, BAR-12]
  // Errors:    Aborted: it is broken, or was reset meanwhile.
  absl::StatusOr<int64_t> Wait() const;
  absl::StatusOr<int64_t> Wait(absl::Duration timeout) const;

  // As Wait; the last to arrive calls `action`, and only then all go on. Each party should give the
  // same. If it throws, the barrier breaks, and the exception comes out of the call.
  //                                                                                [BAR-03, BAR-04]
  absl::StatusOr<int64_t> WaitAnd(absl::FunctionRef<void()> action) const;
  absl::StatusOr<int64_t> WaitAnd(absl::FunctionRef<void()> action, absl::Duration timeout) const;

  // Breaks it.                                                                          [BAR-08]
  // Blocks:    never.
  absl::Status Abort() const;
  // Makes it new: those who wait get kAborted.                                 [BAR-09, BAR-10]
  absl::Status Reset() const;

  // At a moment that is over when it is known; 0 and true without an object.            [BAR-11]
  int64_t parties() const;
  int64_t waiting() const;
  bool IsBroken() const;

 private:
  using ObjectHandle::ObjectHandle;
  absl::StatusOr<int64_t> Arrive(const absl::FunctionRef<void()>* action,
                                 std::optional<absl::Duration> timeout) const;
};

}  // namespace isoproc

#endif  // ISOPROC_SYNC_H_
