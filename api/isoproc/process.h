// Processes: starting, awaiting and ending them.
#ifndef ISOPROC_PROCESS_H_
#define ISOPROC_PROCESS_H_

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/exit_status.h"
#include "isoproc/internal/must_travel.h"
#include "isoproc/internal/target.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "isoproc/wait.h"

namespace isoproc {

class Process;
template <>
inline constexpr bool internal::kStaysHere<Process> = true;

namespace internal {
class Child;
absl::StatusOr<std::shared_ptr<Child>> StartChild(const ProcessOptions& options,
                                                  const Target& target, const Arguments& arguments);
}  // namespace internal

// A child process. Move-only; cannot travel to another process.              [PROC-05, PROC-49]
//
// The destructor does what ProcessOptions::at_exit says: it joins the child, or kills and joins it;
// a detached child is left alone. A moved-from or default-constructed object has no child: its
// functions return kFailedPrecondition and its values are empty.                        [PROC-01]
//
// Thread safety: all const functions, Join, Terminate, TerminateTree, Kill and Stop may be called
// from any number of threads at once; moving, Close and destruction may not overlap with other
// calls. In a process that is a fork of the one which started the child, all calls fail with
// kFailedPrecondition and the destructor does nothing.                                 [PROC-22]
class Process {
 public:
  Process() = default;
  Process(Process&& other) noexcept = default;
  // Does first with its child what the destructor would do.
  Process& operator=(Process&& other) noexcept;
  ~Process();

  // Starts a child that calls a function:      Process::Start<Worker>("Worker-1")
  // a lambda without captures:                 Process::Start([](int n) { … }, 7)
  // or a callable object, which travels along: Process::Start(Render{scene, 25})
  // each with ProcessOptions as an optional first argument.
  //
  // Requires:  isoproc::Init was called, or SetExecutable.
  // Arguments are converted to the parameters' types here, and travel by value (codec.h). A target
  // returns void (exit code 0), bool or int, whose low eight bits are the exit code. It runs on the
  // child's main thread; when it returns, the child exits as by std::exit, whatever other threads
  // do.                                                 [PROC-10, PROC-23, PROC-57, PROC-58]
  // An exception that leaves the target ends the child with the status Threw and the line "Process
  // NAME: uncaught exception TYPE: WHAT" on its standard error.                         [PROC-24]
  // Blocks:    until the child is ready to call the target, or ProcessOptions::start_timeout.
  // On OK:     the child is about to run the target; it may have ended already.         [PROC-03]
  // Errors:    no child is left behind.                                                 [CTX-27]
  //   FailedPrecondition  neither Init nor SetExecutable was called [ENTRY-01]; the child exited
  //                       before it reached Init [ENTRY-09], or gave it other arguments than those
  //                       of main [ENTRY-17]; the caller is a child before its Init [CTX-20]; the
  //                       program file was replaced and the system cannot start the old one any
  //                       more [ENTRY-06]; kFork in a process with several threads
  //   InvalidArgument     a number does not fit its parameter; an option is not valid; a
  //                       serialisation hook threw
  //   NotFound            no such program, working directory or file; the child does not have
  //                       the target [ENTRY-16]
  //   PermissionDenied    the program or a file may not be used
  //   Aborted             the child died before it was ready; ExitStatusOf(status) says how
  //                       [CTX-30]. Two fork servers died, of which there is no exit status
  //   DataLoss            the child could not decode the arguments
  //   DeadlineExceeded    the child was not ready in time, and was killed
  //   ResourceExhausted   the system is out of processes, handles or memory
  //   Unimplemented       this platform lacks the start method                         [CTX-04]
  template <auto kFunction, class... Args>
    requires(!internal::kStartsWithOptions<Args...>)
  static absl::StatusOr<Process> Start(const Args&... args) {
    return Launch(ProcessOptions{}, internal::PrepareFunction<kFunction>(args...));
  }
  template <auto kFunction, class... Args>
  static absl::StatusOr<Process> Start(const ProcessOptions& options, const Args&... args) {
    return Launch(options, internal::PrepareFunction<kFunction>(args...));
  }
  template <class Callable, class... Args>
    requires(!std::same_as<Callable, ProcessOptions>)
  static absl::StatusOr<Process> Start(const Callable& callable, const Args&... args) {
    return Launch(ProcessOptions{}, internal::PrepareObject(callable, args...));
  }
  template <class Callable, class... Args>
  static absl::StatusOr<Process> Start(const ProcessOptions& options, const Callable& callable,
                                       const Args&... args) {
    return Launch(options, internal::PrepareObject(callable, args...));
  }

  // Waits for the child's end. May be called any number of times, from several threads; all get the
  // same status.                                                              [PROC-15, PROC-64]
  // Blocks:    until the child has ended or `timeout`; zero and negative: looks once.  [PROC-17]
  // Errors:    DeadlineExceeded: it still runs [PROC-16]. FailedPrecondition: no child [PROC-18].
  //            Unknown: it has ended, but somebody else took its exit status by waiting for it.
  //                                                                                     [PROC-65]
  absl::StatusOr<ExitStatus> Join(absl::Duration timeout = absl::InfiniteDuration());

  // Whether the child runs. False without a child. Never blocks.             [PROC-02, PROC-21]
  bool IsAlive() const;

  // Ends the child at once. It cannot refuse, and none of its handlers run; its status will be
  // Signalled(15), on every platform, unless it ended before. Does nothing to a child that has
  // ended. The children that it started end with it.               [PROC-30, PROC-32, PROC-36]
  // Blocks:    never; Join waits for the end.
  // Errors:    FailedPrecondition: no child [PROC-37].
  //            PermissionDenied: the child changed its user.
  absl::Status Terminate();

  // As Terminate, and also ends the processes that the child started by other means than isoproc,
  // unless they left its process group (POSIX) or job (Windows) on purpose.             [PROC-32]
  absl::Status TerminateTree();

  // As Terminate, with the status Signalled(9).                              [PROC-33, PROC-34]
  absl::Status Kill();

  // Asks the child to stop, which its target sees by StopRequested or WaitForStop; after `grace` it
  // is terminated.                                                              [PROC-33, PROC-35]
  // Blocks:    until the child has ended: `grace`, and the time that the system takes to end it.
  // Errors:    as Join, without DeadlineExceeded.
  absl::StatusOr<ExitStatus> Stop(absl::Duration grace);

  // Lets go of a child that has ended; the object is then without a child. Twice is fine.
  // Errors:    FailedPrecondition: the child runs, or is that of another process; nothing changed.
  //                                                                          [PROC-38, PROC-39]
  absl::Status Close();

  // What becomes ready when the child ends, also when what the child started lives on; it stays
  // ready.
  // Errors:    FailedPrecondition: no child.                         [PROC-45, PROC-46, PROC-47]
  absl::StatusOr<Waitable> AsWaitable() const;

  // The system's process id; nullopt without a child.                                   [PROC-01]
  std::optional<int64_t> pid() const;
  // ProcessOptions::name, or "process-N" for the N-th start of its parent ("process-2:1" if that is
  // itself the second); empty without a child. Starts that give a name count too, and so do those
  // that the system refuses.                                                    [PROC-13, PROC-14]
  const std::string& name() const;
  // nullopt while it runs, and without a child. Never blocks.                [PROC-01, PROC-02]
  std::optional<ExitStatus> exit_status() const;

  // "process 'process-1' pid 4711 running", "… exited 3", "no process".                 [PROC-62]
  std::string ToString() const;
  friend std::ostream& operator<<(std::ostream& out, const Process& process) {
    return out << process.ToString();
  }

 private:
  explicit Process(std::shared_ptr<internal::Child> child) : child_(std::move(child)) {}

  static absl::StatusOr<Process> Launch(
      const ProcessOptions& options,
      absl::StatusOr<std::pair<const internal::Target*, internal::Arguments>> prepared) {
    if (!prepared.ok()) return prepared.status();
    absl::StatusOr<std::shared_ptr<internal::Child>> child =
        internal::StartChild(options, *prepared->first, prepared->second);
    if (!child.ok()) return child.status();
    return Process(*std::move(child));
  }

  std::shared_ptr<internal::Child> child_;
};

// The children of this process that run, as information about each, in the order of their start.
// Ended ones that nobody has joined keep their exit status.                              [MISC-01]
// Thread safety: any thread.
std::vector<ProcessInfo> ActiveChildren();

}  // namespace isoproc

#endif  // ISOPROC_PROCESS_H_
