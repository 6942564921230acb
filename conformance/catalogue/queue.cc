// QUE: Queue.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("QUE-01", "A queue of capacity 0 takes as many items as its bytes would hold."),
    Core("QUE-02",
         "More than 2^24 items or 2^40 bytes, or 0 of both, are kInvalidArgument, on every port "
         "alike."),
    Core("QUE-03",
         "Items are got in the order in which they were put, by one thread or by several "
         "processes."),
    Core("QUE-04", "Items are of any type that travels, empty and nested ones too."),
    Core("QUE-05", "Put waits while the queue is full; TryPut is kDeadlineExceeded at once."),
    Core("QUE-06", "Put with a timeout is kDeadlineExceeded after it, not before."),
    Core("QUE-07", "Get waits while the queue is empty; its timeout is as that of Put."),
    Core("QUE-08",
         "The timeout of Get covers all that Get does: an item of any size that is there is got "
         "without waiting."),
    Core("QUE-09",
         "Put serialises the item before it returns; what becomes of it later is not "
         "seen."),
    Core("QUE-10", "An item can be got as soon as its Put has returned, in any process."),
    Core("QUE-11", "An item whose serialisation throws is kInvalidArgument of Put; others go on."),
    LeftOut("QUE-12", "Errors of a feeder thread have a hook.", "There is no feeder thread."),
    LeftOut("QUE-13", "A change of the item after Put may be seen.", "It is serialised in Put."),
    Core("QUE-14", "Size is the number of items that can be got, on every port."),
    Core("QUE-15", "Empty and Full agree with Size."),
    Core(
        "QUE-16",
        "Close is for all handles of all processes, and not for one of them as in Python; again is "
        "fine."),
    Core("QUE-17",
         "After Close, Put is kUnavailable; Get gives what is left and is kOutOfRange then."),
    Core("QUE-18",
         "A closed queue still answers Size, Empty and Full, other than in Python: it is still "
         "read."),
    LeftOut("QUE-19", "The feeder thread is joined.", "There is none."),
    Core("QUE-20", "A process that has put a large item ends without waiting for its reader."),
    LeftOut("QUE-21", "A process may end without sending what it has put.",
            "What was put is in the queue."),
    Core("QUE-22", "Several processes get from a queue; each item goes to one of them."),
    Core("QUE-23", "A consumer that is killed while it waits holds up nobody."),
    Core("QUE-24", "Of a producer that is killed at any moment, whole items arrive, in order."),
    Core("QUE-25",
         "Get tells the end of a closed queue. Other than in Python, handles that are gone are no "
         "end: whoever gets has one, and could put; who must notice waits for the putter, too."),
    HeldBy("QUE-26", "An item counts until it was taken as a whole.",
           "platform/core/tests/shared/queue_crash_test.cc QueueCrash.GettingALargeItem: whoever "
           "dies before the commit leaves it there, and Size counts it."),
    Core("QUE-27", "A queue that travels to a child works in both directions, and is handed on."),
    LeftOut("QUE-28", "A child gets a feeder of its own.", "There is none."),
    LeftOut("QUE-29", "A queue can be made while modules are loaded.",
            "In a child, what runs before Init is not yet one of the family."),
    Core("QUE-30",
         "Join waits until as many items are done as were put; at once if there are "
         "none."),
    Core("QUE-31", "Put counts up, TaskDone down, Get not at all."),
    Core("QUE-32", "TaskDone more often than Put is kFailedPrecondition."),
    Core("QUE-33", "Join has a timeout."),
    Core("QUE-34",
         "An item that a killed process had on a lease comes back, says so, and Join waits for "
         "it."),
    Core("QUE-35", "Whoever never says TaskDone has no harm of it but in Join."),
    LeftOut("QUE-36", "There is a simple queue beside it.", "Queue is as simple to use."),
    LeftOut("QUE-37", "The simple queue closes both of its ends.", "See QUE-16."),
    LeftOut("QUE-38", "The simple queue has no timeout.", "See QUE-07."),
    LeftOut("QUE-39", "Windows needs no lock for writing.", "It is the same ring on all ports."),
    Core("QUE-40", "Close wakes all who wait in Put and Get, with kUnavailable and kOutOfRange."),
    HeldBy("QUE-41", "A pair of Put and Get that need not wait calls nothing of the system.",
           "platform/core/tests/shared/queue_test.cc Queue.PutAndGetCallNothing, "
           "posix/tests/linux/quiet_test.cc Quiet.PutAndGetCallNothing"),
    Core("QUE-42",
         "Large items wait for each other's bytes; one larger than all of them is "
         "kResourceExhausted."),
    Core("QUE-43",
         "A lease that is dropped, or assigned to, gives its item back, before all others."),
    Core("QUE-44", "A loan is written in place and put without a copy, or dropped."),
    Core("QUE-45", "An empty handle is kFailedPrecondition everywhere, and arrives empty."),
    Core("QUE-46",
         "An item that cannot be made again is kDataLoss and gone; the next one is not. GetLease "
         "counts it as done, Get does not."),
    Core("QUE-47", "A range-for over a queue ends when the queue is closed and empty."),
    Core("QUE-48", "A queue that arrives as one of another type is refused."),
    Core("QUE-49",
         "A queue is ready for Wait while Get need not wait: there is an item, or it is closed and "
         "nothing will come any more."),
    Core("QUE-50", "An item that a killed process had on a lease wakes who waits for the queue."),
    Core("QUE-51", "Who waits for a queue and takes nothing holds up nobody who gets."),
    Core("QUE-52", "Shared objects in an item live as long as it, also when who put it is gone."),
    Core("QUE-53", "An item that comes back from a lease comes with its objects."),
    Core("QUE-54", "What has memory of its own is kInvalidArgument; the queue goes on."),
    Core("QUE-55",
         "Objects of items that are not put, are taken, or go with the queue are dropped."),
    Core("QUE-56",
         "An item for whose value there is no memory is kResourceExhausted; taken by GetLease it "
         "comes back."),
};

}  // namespace

absl::Span<const Clause> QueueClauses() { return kClauses; }

}  // namespace isoproc::conformance
