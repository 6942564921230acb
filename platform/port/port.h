// The contract that a port implements. Everything else of isoproc is written once, above it.
//
// A port is one object that lives until the end of the program. HostPort() is defined by exactly
// one library, which CMake picks (cmake/SelectPort.cmake). Numbers in brackets name the clauses of
// the conformance catalogue that hold a sentence to its word.
//
// Rules for all operations, unless they say otherwise:
//   errors         an absl::Status whose code is the same on every port, with the native code as a
//                  payload (platform/base/native_error.h). Nothing was changed and nothing is
//                  leaked when a call fails.                                              [PORT-01]
//                  ResourceExhausted: the system is out of handles, processes or memory.  [PORT-02]
//                  Unimplemented: the capability is not declared.                         [PORT-03]
//   time           deadlines are on the monotonic clock; a call never returns DeadlineExceeded
//                  early, and an expired deadline still tries once. EINTR is never seen.
//                                                                                 [GEN-03, GEN-06]
//   inheritance    no handle made by a port is inherited by a child, started by isoproc or not,
//                  unless the request lists it.                                           [PORT-04]
//   thread safety  all functions of Port may be called from any thread at any time.
//   text           UTF-8.
#ifndef ISOPROC_PLATFORM_PORT_PORT_H_
#define ISOPROC_PLATFORM_PORT_PORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/capabilities.h"
#include "platform/port/handle.h"
#include "platform/port/liveness.h"
#include "platform/port/memory.h"
#include "platform/port/process.h"
#include "platform/port/stream.h"
#include "platform/port/sync.h"
#include "platform/port/waitable.h"

namespace isoproc::port {

class Port {
 public:
  virtual ~Port() = default;

  virtual const Capabilities& capabilities() const = 0;

  // ---- processes (process.h) --------------------------------------------------------------------

  // Starts a program as a child of the calling process.
  // Blocks:    until the system has started the program, or refused.
  // On OK:     the child has the three standard streams and the bootstrap stream, and no other
  //            handle of this process.                                                  [CTX-14]
  //            Its signal mask is empty and its signal dispositions are the defaults.   [CTX-40]
  //            It leads its own family, so that a key press meant for the caller does not reach it;
  //            only a child that inherits a terminal as standard input stays with the caller.
  //                                                                                     [SPWN-01]
  //            Unless detached: the members of its family end when it is told to end by
  //            EndFamily, and on Windows also when the caller dies (job object).        [SPWN-02]
  //            The time does not grow with the memory of the caller.                    [SPWN-03]
  // Errors:    no child exists.                                                         [SPWN-04]
  //            NotFound: no such program, working directory or file.
  //            PermissionDenied: not executable; a directory as file of a standard stream.
  //            InvalidArgument: a NUL in a string; a standard stream of a handle that is not open;
  //            a name in `environment` that is empty or has '='; text that is not UTF-8 (Windows);
  //            a .bat or .cmd program (Windows).
  //            ResourceExhausted: process table, handles, memory, or arguments too long.
  virtual absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request) = 0;

  // In a new process: takes the bootstrap stream that `token` names, if it is one.
  // Requires:  `expected` not empty, at most 64 bytes.
  // Blocks:    never: the parent wrote `expected` before it started the child.
  // On OK:     the caller owns the stream; nothing was read from it.
  // Errors:    NotFound: `token` names no stream of which the first unread bytes are `expected`. No
  //            handle was touched: the arguments were the user's own.                  [ENTRY-08]
  virtual absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(
      std::string_view token, absl::Span<const std::byte> expected) = 0;

  // The token for AdoptBootstrap in a process that was itself started with a bootstrap stream, if
  // nobody has adopted it and its first unread bytes are `expected`, or begin with it; nullopt in
  // all others, also if such a process left them a copy of the stream. For programs that do not
  // hand on the arguments of main; may be called before main.
  // Requires:  as AdoptBootstrap.
  // Blocks:    never. Nothing is read.                                            [ENTRY-17]
  virtual std::optional<std::string> FindBootstrap(absl::Span<const std::byte> expected) = 0;

  // In a child that is about to end because its parent is dead: ends the other members of the
  // family that the child leads, and the child. How the child ends is nobody's to see. Never
  // returns; runs no handlers.                                                          [SPWN-02]
  [[noreturn]] virtual void EndFamily() = 0;

  // Ends the calling process at once with `code`; runs no handlers.
  [[noreturn]] virtual void ExitNow(int code) = 0;

  // In a child, before user code runs: arranges that a crash or abort ends it at once, without a
  // dialog or debugger, and that the parent sees the documented signal number.         [PROC-31]
  virtual void PrepareChild() = 0;

  // Serves requests made through `server` (the other end of which SpawnFromServer holds): each is a
  // fork of this process in which `entry` runs. Capability: fork_server.
  // Requires:  the process has one thread.
  // Blocks:    until the other end is gone.
  // Errors:    FailedPrecondition: the process has several threads.
  virtual absl::Status ServeForks(std::unique_ptr<Stream> server, const ForkedEntry& entry) = 0;

  // As Spawn, but forked by the process that runs ServeForks at the other end of `server`:
  // `program`, `arguments` and `bootstrap_prefix` are ignored; `environment` nullopt is the
  // caller's as it is now. The child runs the server's entry with the bootstrap stream.
  // Capability: fork_server.
  // Thread safety: one call at a time per server.
  // Blocks:    until the server has forked, or refused, or `deadline`.
  // Errors:    as Spawn; Unavailable: the server is gone, start a new one.              [CTX-31]
  //            DeadlineExceeded: it did not answer. It may be asked again; a child that it forks
  //            for the request after all finds its bootstrap stream at the end.         [CTX-41]
  virtual absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnFromServer(Stream& server,
                                                                        const SpawnRequest& request,
                                                                        Deadline deadline) = 0;

  // As Spawn, but the child is a copy of the calling process in which `entry` runs; it inherits all
  // handles, so also the caller's ends of streams, which `entry` closes. `program`, `arguments`,
  // `bootstrap_prefix` are ignored. Capability: fork.
  // Errors:    as Spawn; FailedPrecondition: the process has more threads than the caller and
  //            `own_threads` which the library started itself.                         [CTX-15]
  virtual absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest& request,
                                                             int own_threads,
                                                             const ForkedEntry& entry) = 0;

  // ---- streams (stream.h) -----------------------------------------------------------------------

  // Errors:    ResourceExhausted.
  virtual absl::StatusOr<StreamPair> CreateStreamPair() = 0;

  // Makes a stream of a handle that came from Stream::Detach, here or in another process.
  // Errors:    InvalidArgument: not a stream; the handle is closed.
  virtual absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle) = 0;

  // Blocks:    until at least one of `objects` is ready, or `deadline`.
  // On OK:     the indices of all that are ready, ascending; objects may repeat, null is an error.
  //            There is no limit on their number other than memory.         [WAIT-01, CONN-50]
  // Errors:    DeadlineExceeded; InvalidArgument: no objects and no deadline.           [CONN-46]
  virtual absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<Waitable* const> objects,
                                                      Deadline deadline) = 0;

  // ---- liveness (liveness.h) --------------------------------------------------------------------

  // The calling process. The same for its whole life; a fork of it is another process.
  virtual absl::StatusOr<ProcessIdentity> Self() = 0;

  // False only if no instruction of that process can ever run again; a zombie is dead.  [LIVE-01]
  // True at least while it lives; soon false after its death, also when its id is reused. [LIVE-02]
  // `birth` 0 stands for any: whether some living process has that id.                  [LIVE-04]
  // An error if the system does not tell.
  virtual absl::StatusOr<bool> IsAlive(const ProcessIdentity& process) = 0;

  // A notice for any process of the same user; ready at once if it is dead already.     [LIVE-03]
  // Errors:    ResourceExhausted; PermissionDenied.
  virtual absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(
      const ProcessIdentity& process) = 0;

  // Has `forget` run in every copy of this process that a fork makes, ours or the program's own,
  // before fork returns there: what names this process does not name the copy.          [LIVE-05]
  // `forget` runs in a copy of a process with threads, so it only stores to atomics. Several calls
  // add up. Does nothing where no process can be copied.
  virtual void RunInForkedCopies(void (*forget)()) = 0;

  // ---- memory (memory.h) ------------------------------------------------------------------------

  // Errors:    InvalidArgument: size 0. ResourceExhausted: more than the system can ever give.
  //            A later shortage of memory is an error of this call, not a signal: the pages are
  //            reserved.                                                                [MEM-03]
  virtual absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size) = 0;

  // Maps a segment that another process shared.
  // Errors:    InvalidArgument: not a segment. The handle is closed in every case; the mapping
  //            stays valid.
  virtual absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle) = 0;

  // Named segments. A name is 1 to 30 of A-Z, a-z, 0-9, '.', '_' and '-', which the caller has
  // checked; case matters. Whatever these functions come by that has no holder any more, since its
  // last one was killed, they take away, and count as not there.                        [MEM-09]

  // As CreateSegment. Nobody finds the segment before it is all there.                  [MEM-05]
  // Errors:    as CreateSegment; AlreadyExists: a segment that lives has the name;
  //            PermissionDenied: it is another user's; Unavailable: names have no place here.
  virtual absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name,
                                                                      uint64_t size) = 0;

  // Maps the segment that has the name.
  // Errors:    NotFound: there is none; PermissionDenied: it is another user's; ResourceExhausted.
  virtual absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                                    SegmentAccess access) = 0;

  // Takes the name from the segment that has it; its holders are not disturbed.         [MEM-07]
  // Errors:    NotFound: there is none; PermissionDenied: it is another user's.
  virtual absl::Status UnlinkSegment(const std::string& name) = 0;

  // ---- park and unpark (sync.h) -----------------------------------------------------------------

  // Makes the calling process the owner of `cell`, which outlives the parker and is nobody's.
  virtual absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) = 0;

  // Wakes the owner of `cell`, now or when it parks next. A hint: the owner may be dead, or the
  // cell hold anything at all; then nothing happens. Never blocks. [PARK-04]
  virtual void Unpark(ParkerCell& cell) = 0;

  // ---- the system -------------------------------------------------------------------------------

  // Monotonic time since an unspecified start, the same for all processes of one boot. It does not
  // go back. Resolution 1 ms or better.                                                 [SYS-01]
  virtual absl::Duration Now() = 0;

  // Fills `into` from the system's random source. Ends the process if there is none.    [SYS-02]
  virtual void RandomBytes(absl::Span<std::byte> into) = 0;

  // Logical processors that are online, at least 1.                                     [MISC-02]
  virtual int CpuCount() = 0;

  // Of these, how many the process may use: affinity and, where there are any, quotas of its
  // container, rounded up. At least 1, at most CpuCount().                              [MISC-02]
  virtual int UsableCpuCount() = 0;

  virtual int64_t ProcessId() = 0;

  // Runs `body` in a new thread which no signal is delivered to. The thread ends with `body`, or
  // with the process; nobody joins it. In a child made by Fork it does not exist.       [SYS-03]
  // Errors:    ResourceExhausted: `body` does not run.
  virtual absl::Status StartThread(std::function<void()> body) = 0;

  // A path under which Spawn starts the image that this process runs.                   [CTX-25]
  // `argv0` is a hint for systems that do not tell.
  // Errors:    NotFound.
  virtual absl::StatusOr<std::string> ProgramPath(std::string_view argv0) = 0;

  // The arguments of main in UTF-8 (on Windows main's own are in the code page of the system, which
  // lacks most characters).                                                             [CTX-16]
  virtual std::vector<std::string> ProgramArguments(int argc, char** argv) = 0;

  // What tells two versions of the file at `path` apart; only good for comparison.
  // Errors:    NotFound; PermissionDenied.
  virtual absl::StatusOr<std::string> FileIdentity(const std::string& path) = 0;
};

// The port of this build. Made at the first call, never destroyed.
Port& HostPort();

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_PORT_H_
