// CONN: Connection, Pipe and Wait.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("CONN-01",
         "Both ends of a Pipe send and receive; of a OneWayPipe the first receives and the second "
         "sends."),
    Core("CONN-02",
         "readable and writable say what an end can, also when it is closed; closed says that."),
    Core("CONN-03",
         "Receiving from an end that only sends, or sending to one that only receives, is "
         "kFailedPrecondition."),
    Core("CONN-04", "Messages keep their order and their boundaries."),
    Core("CONN-05", "Receive gives the value that Send was given."),
    LeftOut("CONN-06", "A slice of a buffer is sent by its offset and size.", "It is a span."),
    LeftOut("CONN-07", "Slices beyond the buffer are refused.", "Spans know their bounds."),
    LeftOut("CONN-08", "Items of several bytes are sent as bytes.",
            "SendBytes takes bytes; Send takes values of any type that travels."),
    Core("CONN-09", "A message of no bytes is a message."),
    Core("CONN-10",
         "A message that is no value of the type asked for is kDataLoss and is taken; the "
         "connection goes on."),
    Core("CONN-11", "Messages of any size arrive byte for byte while the other side reads."),
    Core("CONN-12", "A message may be larger than 4 GiB: sizes have 64 bits on every port."),
    LeftOut("CONN-13", "On Windows a message cannot be larger than one write.",
            "There is no such limit on any port: CONN-12."),
    LeftOut("CONN-14", "The bytes of a message begin with its length, and on Windows do not.",
            "They are the same on all ports, and private: platform/core/connection/message.h."),
    Core("CONN-15",
         "A message that Send could not place in time is not received, in no part; the connection "
         "goes on."),
    Core("CONN-16", "A Receive that ends in kDeadlineExceeded has lost nothing."),
    Core("CONN-17",
         "When the other end is closed and all is received, Receive is kOutOfRange, every time."),
    Core("CONN-18", "What was sent before the other end was closed, or killed, is received first."),
    Core("CONN-19",
         "When the other end is gone in the middle of a message, Receive is kDataLoss once, and "
         "kOutOfRange then."),
    Core("CONN-20",
         "Send to an end that is gone is kUnavailable, in the words in which Receive tells of the "
         "end of the stream; no signal is raised."),
    Core("CONN-21",
         "An end that is an argument of Start moves to the child and leaves no copy here: its end "
         "is seen when the child ends."),
    Core("CONN-22", "An end that could not move, because Start failed, is as it was before."),
    Core("CONN-23",
         "A message longer than the receiver asks for, or than there is memory for, is "
         "kResourceExhausted and stays; one of exactly that size is received."),
    LeftOut("CONN-24", "A negative limit is refused.", "Limits are unsigned."),
    Core("CONN-25", "ReceiveBytesInto of too few bytes leaves the message where it is."),
    LeftOut("CONN-26", "An offset into the buffer says where the message goes.", "It is a span."),
    Core("CONN-27",
         "ReceiveBytesInto gives the size of the message, and leaves the bytes beyond as they "
         "are."),
    Core("CONN-28", "Poll waits until there is something to receive, or for its timeout."),
    Core("CONN-29", "Poll is OK at the end of the stream, every time."),
    Core("CONN-30", "Poll takes nothing away."),
    Core("CONN-31",
         "Every call on a closed or empty Connection is kFailedPrecondition, but of a closed one "
         "AsWaitable, where Wait says so; closing twice is fine."),
    Core("CONN-32",
         "The last copy of a Connection closes the end, whatever Waitable there is of it."),
    Core("CONN-33",
         "native_handle is the system's handle of the end, which is open as long as that."),
    LeftOut("CONN-34", "A Connection made of a bad handle is refused.",
            "None can be made of a handle."),
    LeftOut("CONN-35", "Polling a bogus handle does not crash.", "As CONN-34."),
    Core("CONN-36",
         "Any number of threads send over one end and receive from one end; messages stay whole, "
         "none is lost or doubled."),
    HeldBy("CONN-37",
           "Whatever bytes come, the receiver gets a message that was sent, or an error, and takes "
           "no more memory than a small multiple of what came.",
           "platform/core/tests/message_test.cc MessageTest.AnyBytesAreMessagesOrErrors, "
           "tests/fuzz/message_fuzzer.cc: a case of the suite cannot write to the stream below."),
    Core("CONN-38",
         "A value that cannot be encoded is kInvalidArgument; nothing is sent, the connection goes "
         "on."),
    Core("CONN-39",
         "Connections are sent over connections, alone and inside other values; one that only "
         "receives, or sends, stays so."),
    LeftOut("CONN-40", "Sockets are sent over connections.", "Only what isoproc makes travels."),
    Core("CONN-41",
         "A connection that was sent is received also when its sender was killed after Send: "
         "nothing runs to hand it out."),
    LeftOut("CONN-42", "Raw handles are sent over connections.", "As CONN-40."),
    Core("CONN-43", "Wait gives the indices of all that are ready; none is kDeadlineExceeded."),
    Core("CONN-44", "Wait takes connections, processes, events and queues, mixed."),
    Core("CONN-45", "A connection is ready at its end as well as when there is a message."),
    Core("CONN-46",
         "Wait with no objects waits for the deadline; without one it is "
         "kInvalidArgument."),
    Core("CONN-47", "The same object may be there twice."),
    Core("CONN-48",
         "A closed connection, or a Waitable of nothing, among the objects is "
         "kFailedPrecondition."),
    Core("CONN-49", "All that are ready are reported by one call, in the order of the objects."),
    Core("CONN-50", "Wait takes any number of objects: 200 work as well as one."),
    Core("CONN-51", "Where a system counts milliseconds, a wait is rounded up: never early."),
    LeftOut("CONN-52", "Looking whether a pipe is readable can lose an empty message on Windows.",
            "No message is empty on its way: CONN-09."),
    Core("CONN-53", "NextSize gives the size of the next message, which stays."),
    Core("CONN-54", "An end that moves takes along what is half sent and half received."),
    Optional("CONN-55", "foreign_fork",
             "A fork of the process may not use its ends, but has pipes of its own, whatever other "
             "threads did just then."),
    Optional("CONN-56", "fork", "A child of kFork has no copies of the ends that stay."),
    LeftOut("CONN-57", "Listeners and clients connect processes that are not related.",
            "They come with a later version, and with authentication."),
    Core(
        "CONN-58",
        "Shared objects in a message arrive, also when their sender has dropped its handles or was "
        "killed after Send."),
    Core("CONN-59",
         "Objects in a message that is given up, received as something else, or never received, "
         "are dropped, at the latest with the pipe."),
    LeftOut("CONN-60", "Connections, and what has memory of its own, are refused in messages.",
            "They travel: CONN-39 and CONN-67."),
    Core("CONN-61",
         "An end does not move while another thread uses it, polls it or waits for it: Start is "
         "kFailedPrecondition."),
    Core("CONN-62",
         "An end that is closed, or has moved, does not move: Start is kFailedPrecondition. A "
         "Connection without an end arrives as such."),
    Core("CONN-63",
         "A message that is discarded is not received; the next one is, and little memory is "
         "taken, however long it was. If the rest of it never comes, that is kDataLoss of the call "
         "that receives next, or of this one if Connections or memory are in the message."),
    Core("CONN-64", "Poll and Wait see a message also if another thread looks at it first."),
    Core("CONN-65",
         "Close wakes all calls that are under way on the end, and who waits for it, with "
         "kFailedPrecondition; the other end sees its end."),
    Core("CONN-66",
         "When Send returns, all copies of an end in the message are closed here; if it fails, "
         "they are as before."),
    Core("CONN-67",
         "SharedMemory, lists, queues, and values and arrays of any size are shared by messages, "
         "also when their sender was killed after Send."),
    Core("CONN-68",
         "A connection in a message that is given up, discarded, received as something else or as "
         "bytes, or never received, is closed, at the latest with the receiving end."),
    Core("CONN-69",
         "An end does not move while messages with connections or memory wait for it: Start and "
         "Send are kFailedPrecondition. When they are received, it does."),
    Core("CONN-70", "An end in a message of its own pipe is kInvalidArgument."),
    Core("CONN-71",
         "Connections and memory that are sent to an end on its way wait until it has arrived; "
         "kUnavailable if it was closed on its way."),
    Core("CONN-72", "A hundred connections go in one message."),
    Core("CONN-73",
         "When any call of the system fails, what was sent arrives, or is as it was, or is closed; "
         "nothing hangs and nothing is left open."),
};

}  // namespace

absl::Span<const Clause> ConnectionClauses() { return kClauses; }

}  // namespace isoproc::conformance
