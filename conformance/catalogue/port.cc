// What a port owes to the core: the numbers in the comments of platform/port/*.h.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    // handle.h
    Core("HNDL-01",
         "A Handle closes what it holds exactly once: when destroyed, reset or assigned to; moving "
         "from it, also to itself, and release do not close."),
    Core("HNDL-02", "A handle is not inherited by a child unless the request lists it."),
    // port.h
    Core("PORT-01", "A call that fails changes nothing and leaks nothing; it may be made again."),
    Core("PORT-02",
         "When the system is out of handles, processes or memory the code is kResourceExhausted."),
    Core("PORT-03",
         "An operation whose capability is not declared is kUnimplemented and does nothing."),
    Core("PORT-04",
         "No handle made by a port is inherited by a child, started by isoproc or by others."),
    // process.h and Port::Spawn
    Core("SPWN-01",
         "A spawned child leads its own family, so that a key press or group signal meant for the "
         "parent does not reach it."),
    Core("SPWN-02", "Members of a child's family end when the child calls EndFamily."),
    HeldBy("SPWN-03", "The time that Spawn takes does not grow with the memory of the caller.",
           "bench/run: a suite that must not fail on a busy machine measures no "
           "times."),
    Core("SPWN-04",
         "A Spawn that fails leaves no child: a missing program, working directory or file is "
         "kNotFound; a NUL in a string, an empty name in the environment or one with = is "
         "kInvalidArgument."),
    Core("SPWN-05",
         "A child receives its arguments byte for byte, its environment, its working directory and "
         "its standard streams as the request says."),
    Core("CHLD-01", "All calls of Wait, from all threads, give the same Termination."),
    Core("CHLD-02",
         "Kill gives kSignalled with its signal; of several the first counts; on a child that has "
         "ended it does nothing."),
    Core("CHLD-03", "KillTree also ends what the child has started, in its family."),
    // stream.h
    Core("STRM-01", "Bytes that were written stay readable after the writer is destroyed."),
    Core("STRM-02",
         "A stream is ready when there are bytes or the end of the stream, and only then."),
    Core("STRM-03", "Read gives at least one byte in order, or 0 at the end, and then 0 for ever."),
    Core("STRM-04", "All bytes that were written before the peer died come before the end."),
    Core("STRM-05", "A Read that ends in kDeadlineExceeded has consumed nothing."),
    Core("STRM-06", "Write of OK(n) has put exactly the first n bytes on their way."),
    Core("STRM-07", "A Write that ends in kDeadlineExceeded has written nothing."),
    Core("STRM-08",
         "Write to a peer that is gone is kUnavailable; no signal is raised and the program's "
         "signal settings are as before."),
    Core("STRM-09",
         "SendHandle gives the receiver its own handle to the same object; the sender keeps its "
         "own; one that is never received is closed with the stream."),
    Core("STRM-10", "A received handle is not inherited by children."),
    Core("STRM-11",
         "ReceiveHandle at the end of the stream is kOutOfRange; where there is no handle it is "
         "kDataLoss."),
    Core("STRM-12",
         "A stream that was detached and adopted goes on where it was; AdoptStream of what is no "
         "stream is kInvalidArgument and closes the handle."),
    Core("STRM-13", "native is the number of the handle that Detach would give up."),
    Core("STRM-14",
         "Interrupt ends all waiting for a stream, for good: reads end with 0, writes with "
         "kUnavailable, and the stream is ready; what was written stays readable."),
    Core("STRM-15", "An empty handle is sent, without a receiver, and received as such."),
    HeldBy("STRM-16",
           "ReceiveHandle where the system is short of something, but the handle is not lost, is "
           "kAborted and consumes nothing.",
           "posix/tests/stream_test.cc StreamTest.ShortageLosesNoHandle, win32/tests/fault_test.cc "
           "FaultTest.PassingHandles: the suite cannot make the system short of memory."),
    // waiting
    Core("WAIT-01",
         "WaitAny gives the indices of all that are ready, ascending; objects may repeat; a null "
         "object is kInvalidArgument; none ready by the deadline is kDeadlineExceeded."),
    // liveness.h
    Core("LIVE-01", "IsAlive is true while a process lives; a zombie is dead."),
    Core("LIVE-02", "IsAlive is soon false after a death, also when the process id is reused."),
    Core("LIVE-03",
         "WatchDeath is ready when the process is dead, not before, stays ready, and is ready at "
         "once for one that was dead."),
    Core("LIVE-04",
         "IsAlive of a process id without a birth tells whether any living process has the id."),
    Optional("LIVE-05", "foreign_fork",
             "What was given to RunInForkedCopies has run in a copy when fork returns there."),
    Optional("LIVE-06", "foreign_fork",
             "ProcessId gives the calling process's id, in a copy that fork made as well."),
    // memory.h
    Core("MEM-01", "A segment lives until its last mapping and handle, in whatever process."),
    Core("MEM-02",
         "A segment has as many bytes as asked for, page-aligned, all zero; all mappings see the "
         "same bytes."),
    Core("MEM-03",
         "CreateSegment of 0 bytes is kInvalidArgument, of more than the system can give is "
         "kResourceExhausted; what was created can be written without a signal."),
    Core("MEM-04",
         "MapSegment of what is no segment is kInvalidArgument; the handle is closed in any case."),
    Core("MEM-05",
         "A named segment is found by its name, in its exact size; a name that is in use is "
         "kAlreadyExists, one that is not kNotFound; case matters."),
    Core("MEM-06", "A name lives as long as its segment, in whatever process that is held."),
    Core("MEM-07",
         "UnlinkSegment takes a name at once: its segment goes on, another may get the name; a "
         "second time is kNotFound."),
    Core("MEM-08", "Who opened a segment for reading, or got it from such, cannot write to it."),
    Core("MEM-09",
         "A name whose holders were killed is free, and nothing is left of it and of other such "
         "names after the next CreateNamedSegment."),
    // sync.h
    Core("PARK-01",
         "Park returns when Unpark was called since its last OK, before or during; two Unparks "
         "before one Park wake once."),
    Core("PARK-02", "What the waker wrote before Unpark is visible after Park."),
    Core("PARK-03", "Park that ends in kDeadlineExceeded has taken no token; it is never early."),
    Core("PARK-04",
         "Unpark of a dead owner's cell, or of one that holds anything at all, does nothing and "
         "does not block."),
    Core("PARK-05",
         "A parker that listens is ready for WaitAny while there is a token, which Park takes."),
    // the system
    Core("SYS-01", "Now does not go back, moves on by itself, and is the same in all processes."),
    Core("SYS-02", "RandomBytes fills all bytes, different each time."),
    Core("SYS-03",
         "A thread of StartThread runs its body; signals to the process do not reach it."),
    Core("SYS-04",
         "ProgramPath names a file with which Spawn starts this image, and FileIdentity is stable "
         "for a file, differs between files and is kNotFound for a missing one."),
    Core("SYS-05", "ProcessId is stable, and differs between processes that live at once."),
    Core("SYS-06",
         "PeakMemory is not less than what the process has written to, and does not go back when "
         "that is let go."),
};

}  // namespace

absl::Span<const Clause> PortClauses() { return kClauses; }

}  // namespace isoproc::conformance
