// PROC: one process, from start to end. MISC: what is known of all of them.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("PROC-01",
         "A Process without a child (default-made, moved from or closed) is not alive and has no "
         "pid, name or exit status."),
    Core("PROC-02",
         "After Start the process has a pid, is alive, has no exit status and is in "
         "ActiveChildren."),
    Core("PROC-03",
         "Start returns when the child has taken over its target and arguments, and does not wait "
         "for the target, however long that runs."),
    LeftOut("PROC-04", "A second start of the same object is refused.",
            "Start makes a new Process each time, so a second start cannot be written."),
    LeftOut("PROC-05", "Only the creator may start a process object.",
            "A Process is move-only and does not travel, so it cannot be written."),
    Core("PROC-06",
         "A child with at_exit = kKill may start children of its own; they end when it is killed."),
    LeftOut("PROC-07", "Start reaps all finished children of the caller.",
            "Hidden reaping takes exit statuses away from their owners; each Process is "
            "independent."),
    Core("PROC-08",
         "When Start returns, the caller's copies of the target's arguments are released: nothing "
         "of them is kept alive by the Process."),
    Core("PROC-09", "A target that does nothing gives an exit status of Exited(0)."),
    Core("PROC-10",
         "The target receives its arguments by value, in order and equal to what was given, for "
         "every kind of type that can travel."),
    Core("PROC-11", "Options of one Process are not seen by the next: each starts from defaults."),
    LeftOut("PROC-12", "A `group` argument other than None is refused.",
            "It exists in Python for parity with threads only."),
    Core("PROC-13",
         "Without a name, a process is called process-N, and process-N:M when it is the M-th child "
         "of process-N; numbers count the starts of one parent, also those that give a name and "
         "those "
         "that the system refuses."),
    Core(
        "PROC-14",
        "A given name is any UTF-8 string without a NUL (kInvalidArgument), need not be unique, is "
        "seen by parent and child alike and has no other meaning."),
    Core("PROC-15",
         "Join blocks until the child has ended; later calls return the same status at once."),
    Core("PROC-16",
         "Join with a timeout returns kDeadlineExceeded when the child still runs, and the exit "
         "status when it has ended."),
    Core("PROC-17", "Join with a zero or negative timeout looks once."),
    Core("PROC-18", "Join of a Process without a child is kFailedPrecondition."),
    Core("PROC-19",
         "Joining oneself through CurrentProcess is kFailedPrecondition and does not hang."),
    HeldBy(
        "PROC-20", "A signal that interrupts the wait in Join is not seen by the caller.",
        "posix/tests/fault_test.cc FaultTest.NoticeAndWait: other systems have no interruptions."),
    Core("PROC-21",
         "IsAlive is true from Start until the child ends and false ever after; asking reaps no "
         "other child."),
    Optional("PROC-22", "foreign_fork",
             "In a fork of the process that started a child, its Process is not alive, its calls "
             "are kFailedPrecondition and its destructor does nothing; the child is untouched."),
    Core("PROC-23",
         "A target that returns void ends as Exited(0), one that returns n ends as Exited(n), with "
         "true as 1 and false as 0."),
    Core("PROC-24",
         "An exception that leaves the target is reported as Threw with type name and the first 16 "
         "KiB of what(), one that is no std::exception as of type \"unknown\"; its code is 1, and "
         "the "
         "child's standard error gets it under the process's name."),
    Core("PROC-25",
         "An exit code is reported modulo 256 on every port: -1 as 255, 256 as 0, 300 as 44."),
    Core("PROC-26", "std::exit(0) in a target gives Exited(0), std::exit(1) gives Exited(1)."),
    LeftOut("PROC-27", "sys.exit(object) prints the object and gives 1.",
            "C++ exit codes are integers; a target that wants to say more throws."),
    Core("PROC-28",
         "std::_Exit(n) in a target ends the child with n; no handler and no destructor runs."),
    Core("PROC-29",
         "A child that ends by a signal is reported as Signalled(n): killed 9, terminated 15, "
         "aborted 6, crashed 11; code() is -n."),
    Core("PROC-30",
         "A child that was terminated is reported as terminated because the parent knows that it "
         "did so; no exit code of a child can be mistaken for it."),
    Core("PROC-31",
         "A crash or abort of the child is reported as the same Signalled(n) on every port and "
         "opens no dialog or debugger."),
    Core("PROC-32",
         "Terminate ends the child with the same effect on every port: code() is -15, no handler "
         "of the child runs, and the children that it had started end with it; TerminateTree also "
         "ends what it had started by other means."),
    Core("PROC-33",
         "Stop(grace) asks, waits for up to `grace`, then terminates (code -15); it returns the "
         "exit status."),
    Core("PROC-34", "Kill gives Signalled(9) on every port."),
    Core(
        "PROC-35",
        "A child that is asked to stop learns of it by StopRequested and WaitForStop, from then on "
        "for good; in the first process nobody asks, and WaitForStop without a timeout returns."),
    Core("PROC-36",
         "Terminate and Kill of a child that has ended are OK, do nothing and may be repeated; of "
         "several the first counts."),
    Core("PROC-37",
         "Terminate, Kill, Stop and AsWaitable of a Process without a child are "
         "kFailedPrecondition."),
    Core("PROC-38",
         "A Process that was moved from has no child; the one it was moved into goes on as before, "
         "after it did with its old child what its destructor does."),
    Core(
        "PROC-39",
        "Close while the child runs is kFailedPrecondition and changes nothing; afterwards it lets "
        "go of the child, and may be called again and without a child."),
    Core("PROC-40",
         "Destroying a running Process joins it (at_exit kJoin, for exit_timeout at most, then "
         "kills "
         "it) or kills and reaps it (kKill)."),
    Core(
        "PROC-41",
        "at_exit is kJoin without a limit unless the options say else; the child is not detached."),
    Core("PROC-42",
         "When a program returns from main, a target returns, or either calls std::exit, its kKill "
         "children are killed and its kJoin children are joined, for exit_timeout at most."),
    Core("PROC-43",
         "When a target ends by an exception, the children that it had started are joined or "
         "killed as their at_exit says."),
    Core("PROC-44",
         "When a process dies in any manner, its children and grandchildren end; those that were "
         "started detached go on."),
    Core("PROC-45",
         "The waitable of a Process becomes ready when the child ends, not before, and stays "
         "ready."),
    Core("PROC-46", "Waiting for the waitable of a Process does not take its exit status away."),
    Core("PROC-47",
         "The waitable of a Process becomes ready when the child ends although a grandchild lives "
         "on."),
    LeftOut("PROC-48", "Processes inherit an authentication key.",
            "Later milestone: comes with Listener and Client, the only users of the key."),
    HeldBy("PROC-49", "A Process cannot be copied, and cannot be an argument of a target.",
           "tests/compile_fail/process_argument.cc, tests/compile_fail/control.cc: it is the "
           "compiler that "
           "refuses."),
    Core("PROC-50",
         "CurrentProcess in the first process is alive, named main, has the pid that its children "
         "see as their parent's, and offers no way to end it."),
    Core("PROC-51",
         "ParentProcess is empty in the first process; in a child it has the parent's pid and "
         "name, and in a detached child its IsAlive and Join notice the parent's death."),
    Core("PROC-52",
         "A callable object is a target, and its members travel to the child; so is a lambda "
         "without captures."),
    LeftOut("PROC-53", "run() of a process object may be called in the parent.",
            "Calling the function itself does that."),
    Core("PROC-54", "Children start children; each is joined by its own parent."),
    Core("PROC-55",
         "Many children at once all end as they should: those that return as Exited(0), those that "
         "are terminated as Signalled(15)."),
    Core("PROC-56",
         "The number of handles in a child does not grow with the number of its siblings."),
    Core("PROC-57",
         "A child ends when its target returns, whatever other threads it has; a target joins what "
         "it started."),
    Core("PROC-58",
         "When the target returns, std::atexit handlers and static destructors of the child run."),
    Core("PROC-59",
         "Output buffers of the child are flushed when the target returns; a parent that has "
         "closed its standard streams can start children, which get the null device; a child that "
         "closes whatever it has is still reported."),
    Core("PROC-60", "The child's standard input is the null device unless the options say else."),
    LeftOut("PROC-61", "The child's main thread has its own native id.",
            "True by construction on a spawned process; isoproc has no call that tells it."),
    Core("PROC-62",
         "A Process can be printed: name, pid, and \"running\" or its exit status with the name of "
         "the signal; \"no process\" without a child. ProcessInfo: name and pid."),
    HeldBy(
        "PROC-63", "A wrong number of arguments for the target does not compile.",
        "tests/compile_fail/argument_count.cc, tests/compile_fail/too_many_arguments.cc: it is the "
        "compiler that refuses."),
    Core("PROC-64",
         "Once Join has returned a status, IsAlive is false and exit_status is set, for all "
         "threads; joining from several threads gives all of them the same status."),
    Optional(
        "PROC-65", "foreign_fork",
        "A child that somebody else reaped has ended: Join is kUnknown, there is no exit status, "
        "all else does nothing, and nothing hangs."),
    Core(
        "PROC-66",
        "Standard output and error are the parent's unless the options say the null device, a file "
        "(emptied or appended to) or a handle, which the caller keeps."),
    Core("PROC-67",
         "The environment of a child is exactly the one that the options give, or its parent's at "
         "that time; its working directory likewise. Paths of standard streams begin at the "
         "caller's directory."),
    Core(
        "PROC-68",
        "A working directory or file that does not exist is kNotFound; a NUL in a text, and a name "
        "of a variable that is empty or has '=', is kInvalidArgument. No child is left, and the "
        "next start works."),
    Core("PROC-69",
         "A directory where a standard stream wants a file, to read or to write, is "
         "kPermissionDenied, with no child."),
    Core("PROC-70",
         "StandardStream::FromHandle of a number that is no open handle is kInvalidArgument, with "
         "the number in the message and no child."),
    Core("MISC-01",
         "ActiveChildren lists exactly the live children that this process started, and reaps "
         "nothing."),
    Core("MISC-02",
         "CpuCount is at least 1; UsableCpuCount is at least 1 and at most CpuCount; both are "
         "stable while nobody changes the affinity."),
    LeftOut("MISC-03", "The same interface over threads (dummy).",
            "A mock or fault port serves tests; threads have the standard library."),
    LeftOut("MISC-04", "A hierarchy of exceptions.", "Errors are absl::Status with one table."),
    LeftOut("MISC-05", "Empty and Full are exceptions of another module.",
            "Later milestone: queues, where try-operations return a status."),
    LeftOut("MISC-06", "Finalisers run in the order of their priority at exit.",
            "Destructors and std::atexit do that in C++; PROC-42 holds what is left of it."),
    LeftOut("MISC-07", "Large messages are copied several times.",
            "A cost, not a behaviour; the benchmarks watch it."),
    LeftOut("MISC-08", "Everything exported resolves.",
            "Each public header is compiled alone by the build."),
    LeftOut("MISC-09", "No test class leaves a process, thread, semaphore or file behind.",
            "A promise of isoproc: LIFE-01."),
    Core("LIFE-01",
         "After any number of children that ended by themselves or were killed at any moment, the "
         "parent has as many handles and children as before, and no temporary file is left."),
    Core("LIFE-02", "Processes can be started from any number of threads at once."),
};

}  // namespace

absl::Span<const Clause> ProcessClauses() { return kClauses; }

}  // namespace isoproc::conformance
