// SHR: what all shared objects have in common. LOCK: Lock. RLK: RLock. SEM: Semaphore and
// BoundedSemaphore. EVT: Event. COND: Condition. BAR: Barrier.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("SHR-01",
         "Copies of a handle refer to one object; a handle made by default refers to none, and its "
         "functions fail with kFailedPrecondition."),
    Core(
        "SHR-02",
        "A handle of any kind travels as an argument of Process::Start, alone or inside other "
        "values, by every start method, and the receiver hands it on to its own children; an empty "
        "one arrives empty."),
    Core("SHR-03",
         "An object lives until its last handle is gone, in whatever process; then its place is "
         "free."),
    Core("SHR-04", "The handles of a process that was killed are gone."),
    Core(
        "SHR-05",
        "4096 objects live in a family at the same time; one more is kResourceExhausted, until one "
        "is gone."),
    HeldBy("SHR-06", "An object that is named to a process of another family is refused.",
           "platform/core/tests/shared/arena_test.cc Arena.RefusesNamesOfNothing: a handle reaches "
           "only the family of its object."),
    Optional("SHR-07", "foreign_fork",
             "A copy of a process that the program forks uses the handles that it has, and is not "
             "taken for its original: it does not have the locks of the original."),
    Core("SHR-08",
         "An object that somebody waits for stays as it is while other threads and processes drop "
         "their handles."),
    Core("LOCK-01",
         "Acquire takes a free lock, and waits for one that any thread of any process has until "
         "that one releases it."),
    Core("LOCK-02", "Acquire without time fails at once with kDeadlineExceeded if it is taken."),
    Core("LOCK-03",
         "Acquire with a timeout fails with kDeadlineExceeded when it is over, not before; a "
         "negative one is none."),
    Core("LOCK-04",
         "Only the thread that has the lock releases it; others get kFailedPrecondition, and "
         "nothing changes."),
    Core("LOCK-05",
         "Releasing a lock that nobody has is kFailedPrecondition, and nothing changes."),
    Core("LOCK-06", "IsLocked tells whether somebody who lives has the lock, in any process."),
    Core("LOCK-07",
         "std::lock_guard, std::unique_lock and std::scoped_lock work; lock() throws "
         "std::system_error where it would wait for itself."),
    LeftOut("LOCK-08", "The text of a lock tells who has it.",
            "A handle has no text; the owner may change while it is read."),
    Core("LOCK-09",
         "If the owner ends or is killed, the next Acquire gets the lock with kOwnerDied, once; "
         "also one that waits already."),
    LeftOut("LOCK-10", "Anybody may force a lock open.",
            "A living owner keeps it; that of a dead one is taken by Acquire."),
    LeftOut("LOCK-11", "Locks are named objects of the system.",
            "They have no name, so nothing is left behind."),
    LeftOut("LOCK-12", "The order in which waiters get the lock is that of their coming.",
            "Not promised: whoever comes first when it is free takes it."),
    Core("LOCK-13", "A thread that has the lock gets kFailedPrecondition if it asks once more."),
    Core("RLK-01", "The thread that has an RLock may take it again, and releases it as often."),
    Core("RLK-02",
         "Release by a thread that does not have the lock, or when nobody has it, is "
         "kFailedPrecondition."),
    Core("RLK-03", "Other threads are kept out until the last release."),
    HeldBy("RLK-04", "IsLocked is true until the last release.",
           "conformance/api/rlock_cases.cc: the case of RLK-01."),
    Core("RLK-05", "All handles of one lock in a process know its owner."),
    Core("RLK-06",
         "The next owner after a death gets kOwnerDied and has the lock once, however often the "
         "dead one had it."),
    Core("RLK-07", "Timeouts, and the guards of the standard, are those of Lock."),
    Core("SEM-01",
         "A semaphore starts at its value; Acquire takes one or waits; Release adds one."),
    Core("SEM-02", "A Semaphore counts beyond its start; Release adds any number from 1."),
    Core("SEM-03",
         "The largest count is 2^31 - 1 on every port; going beyond is kFailedPrecondition, and "
         "nothing changes."),
    Core("SEM-04",
         "A BoundedSemaphore has as many permits as its value, 0 included; Release when nobody has "
         "one is kFailedPrecondition."),
    Core("SEM-05", "Of two releases at once of one permit just one succeeds."),
    Core(
        "SEM-06",
        "A start below 0 or above the maximum is kInvalidArgument, more permits than there is room "
        "for are kResourceExhausted."),
    HeldBy("SEM-07", "Release(n) adds n at once.",
           "conformance/api/semaphore_cases.cc: the case of SEM-02."),
    HeldBy("SEM-08", "Value tells the count and disturbs nobody.",
           "conformance/api/semaphore_cases.cc: the cases of SEM-01 and SEM-04."),
    HeldBy("SEM-09", "Timeouts are those of Lock.",
           "conformance/api/lock_cases.cc: the cases of LOCK-03, as it is the same wait."),
    Core("SEM-10", "A process may release what another has acquired."),
    LeftOut("SEM-11", "The system limits the number of semaphores.",
            "They are in the family's memory: SHR-05."),
    Core("SEM-12", "A process that was killed while it waited takes no permit."),
    Core("SEM-13", "The permits of a BoundedSemaphore that a killed process had come back."),
    Core("EVT-01", "An event is made unset; Set and Clear may be repeated."),
    Core("EVT-02", "Wait returns when the event is set, or fails with kDeadlineExceeded."),
    Core("EVT-03", "Set lets go all who wait, in all processes."),
    Core("EVT-04", "Who waits is let go by a Set even if Clear follows at once."),
    Core("EVT-05", "Set does not wait for those who wait, dead or alive."),
    LeftOut("EVT-06", "Set may be called from a signal handler.",
            "Not promised: some ports allocate memory to wake another process."),
    LeftOut("EVT-07", "The text of an event tells whether it is set.", "A handle has no text."),
    Core("COND-01",
         "A condition works with its own RLock, or with the Lock or RLock that it was given."),
    Core("COND-02", "Wait, WaitFor and Notify without the lock are kFailedPrecondition."),
    HeldBy("COND-03", "Notify without the lock is kFailedPrecondition.",
           "conformance/api/condition_cases.cc: the case of COND-02."),
    Core("COND-04", "Wait releases all levels of an RLock and takes as many again."),
    Core("COND-05",
         "Wait is OK when notified and kDeadlineExceeded when not, with the lock taken in both "
         "cases; if its last owner died with it, that is kOwnerDied."),
    LeftOut("COND-06", "A signal handler that throws ends a wait.",
            "Handlers cannot throw in C++."),
    Core("COND-07",
         "Notify wakes at most as many as it says, of those who wait; what nobody waits for is not "
         "kept."),
    Core("COND-08", "NotifyAll wakes all who wait, threads and processes alike."),
    LeftOut("COND-09", "Notify returns when the woken have woken.",
            "It would wait for them, and so for the dead."),
    Core("COND-10", "Notify does not wait for those who wait, dead or alive."),
    Core("COND-11", "A wait whose time is over takes no notification from others."),
    Core("COND-12",
         "WaitFor returns when its predicate is true, at once if it is; kDeadlineExceeded if it is "
         "false when the time is over."),
    LeftOut("COND-13", "The text of a condition tells the number of waiters.",
            "A handle has no text."),
    LeftOut("COND-14", "A death wakes nobody who waits at a condition.",
            "It may wake all of them: the dead one may have been notified in place of another."),
    Core("BAR-01", "A barrier lets all parties go on when all have come, again and again."),
    Core("BAR-02", "Wait gives each party another number from 0."),
    Core("BAR-03", "The action runs once, in the last party to come, before anybody goes on."),
    Core("BAR-04",
         "An action that throws breaks the barrier; its exception comes out of that Wait, all "
         "others get kAborted."),
    Core("BAR-05",
         "A wait whose time is over breaks the barrier, and gets kAborted like all others."),
    Core("BAR-06", "The barrier's own timeout holds for a Wait without one."),
    HeldBy("BAR-07", "Wait at a broken barrier is kAborted at once.",
           "conformance/api/barrier_cases.cc: the case of BAR-05."),
    Core("BAR-08", "Abort breaks the barrier: all who wait get kAborted."),
    Core("BAR-09", "Reset sends those who wait away with kAborted; then the barrier is as new."),
    Core("BAR-10", "Reset mends a broken barrier."),
    HeldBy("BAR-11", "parties, waiting and IsBroken can be read.",
           "conformance/api/barrier_cases.cc: the other cases, which read them."),
    Core("BAR-12", "A barrier for one party never waits."),
    Core("BAR-13", "Fewer parties than 1, or more than 65534, are kInvalidArgument."),
    Core("BAR-14",
         "A process that dies with a handle breaks the barrier; one that has destroyed its handles "
         "does not."),
    HeldBy("BAR-15", "Who comes while the others still leave waits for the next generation.",
           "conformance/api/barrier_cases.cc: the case of BAR-01."),
    Core("LOCK-14",
         "A process that is killed while it waits does not keep the others from the lock."),
};

}  // namespace

absl::Span<const Clause> SyncClauses() { return kClauses; }

}  // namespace isoproc::conformance
