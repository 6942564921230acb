// PROC: one process, from start to end. MISC: what is known of all of them.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("PROC-01",
         "A Process that stands for no process (default-made or moved from) is not alive, has no "
         "exit status and is not in ActiveChildren."),
    Core("PROC-02",
         "After Start the process has a pid, is alive, has no exit status and is in "
         "ActiveChildren."),
    Core("PROC-03",
         "Start returns when the child has taken over its target and arguments, before the target "
         "has ended, however long that runs."),
    LeftOut("PROC-04", "A second start of the same object is refused.",
            "Start makes a new Process each time, so a second start cannot be written."),
    LeftOut("PROC-05", "Only the creator may start a process object.",
            "A Process is move-only and does not travel, so it cannot be written."),
    Core("PROC-06",
         "A child with at_exit = kKill may start children of its own; they end when it ends."),
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
         "of process-N; numbers count the starts of one parent."),
    Core("PROC-14",
         "A given name is any UTF-8 string without a NUL, need not be unique, is seen by parent "
         "and child alike and has no other meaning."),
    Core("PROC-15",
         "Join blocks until the child has ended; later calls return the same status at once."),
    Core("PROC-16",
         "Join with a timeout returns kDeadlineExceeded when the child still runs, and the exit "
         "status when it has ended."),
    Core("PROC-17", "Join with a zero or negative timeout returns at once."),
    Core("PROC-18", "Join of a Process that stands for no process is kFailedPrecondition."),
    Core("PROC-19",
         "Joining oneself, or a process that is no child of the caller (as a forked child may try "
         "with its parent's objects), is kFailedPrecondition and does not hang."),
    HeldBy("PROC-20", "A signal that interrupts the wait in Join is not seen by the caller.",
           "posix/tests: other systems have no interruptions."),
    Core("PROC-21",
         "IsAlive is true from Start until the child ends and false ever after; asking reaps no "
         "other child."),
    LeftOut("PROC-22", "is_alive from a process that is not the creator is refused.",
            "A Process does not travel; ParentProcess().IsAlive() is the one way to ask about "
            "another process."),
    Core("PROC-23",
         "A target that returns void ends as Exited(0), one that returns n ends as Exited(n)."),
    Core("PROC-24",
         "An exception that leaves the target is reported as Threw with type name and what(), its "
         "code is 1, and the child's standard error gets it under the process's name."),
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
         "of the child runs, and what it had started ends with it."),
    Core("PROC-33",
         "Stop(grace) asks, waits for up to `grace`, then kills; it returns the exit status."),
    Core("PROC-34", "Kill gives Signalled(9) on every port."),
    Core("PROC-35",
         "A child that is asked to stop learns of it through the stop request that its target can "
         "look at and wait for, on every port."),
    Core("PROC-36",
         "Terminate and Kill of a child that has ended are OK, do nothing and may be repeated."),
    Core("PROC-37",
         "Terminate and Kill of a Process that stands for no process are kFailedPrecondition."),
    Core("PROC-38",
         "A Process that was moved from behaves as one that stands for no process; the one it was "
         "moved into goes on as before."),
    LeftOut("PROC-39", "close() may be called twice and before start.",
            "Destructor and move take the place of close()."),
    Core("PROC-40",
         "Destroying a running Process joins it (at_exit kJoin) or kills and reaps it (kKill); it "
         "never ends the program and leaves no zombie."),
    Core("PROC-41",
         "at_exit is kJoin unless the options say kKill, and cannot change after Start."),
    Core("PROC-42",
         "When a program returns from main or calls std::exit, its kKill children are killed and "
         "its kJoin children are joined."),
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
           "compile_fail: process_argument"),
    Core("PROC-50",
         "CurrentProcess in the first process is named main, has the pid that its children see as "
         "their parent's, and offers neither Join nor a way to end it."),
    Core("PROC-51",
         "ParentProcess is empty in the first process; in a child it has the parent's pid and "
         "name, and its IsAlive and waitable notice the parent's death in any manner."),
    Core("PROC-52", "A callable object is a target; its members travel to the child."),
    LeftOut("PROC-53", "run() of a process object may be called in the parent.",
            "Calling the function itself does that."),
    Core("PROC-54", "Children start children; each is joined by its own parent."),
    Core("PROC-55",
         "Many children at once all end as they should: those that return as Exited(0), those that "
         "are terminated as Signalled(15)."),
    Core("PROC-56",
         "The number of handles in a child does not grow with the number of its siblings."),
    LeftOut("PROC-57", "A child waits for its own threads before it ends.",
            "Threads of the standard library cannot be counted; a target joins what it started."),
    Core("PROC-58",
         "When the target returns, std::atexit handlers and static destructors of the child run."),
    Core("PROC-59",
         "Output buffers of the child are flushed when the target returns; a parent that has "
         "closed its standard streams can start children, which get the null device."),
    Core("PROC-60", "The child's standard input is the null device unless the options say else."),
    LeftOut("PROC-61", "The child's main thread has its own native id.",
            "True by construction on a spawned process; isoproc has no call that tells it."),
    Core("PROC-62",
         "A Process can be printed: name, pid, parent's pid, state (none, running, ended) and exit "
         "status with the name of the signal."),
    HeldBy("PROC-63", "A wrong number of arguments for the target does not compile.",
           "compile_fail: argument_count"),
    Core("PROC-64",
         "Once Join has returned a status, IsAlive is false and exit_status is set, for all "
         "threads; joining from several threads gives all of them the same status."),
    Optional("PROC-65", "foreign_fork",
             "A child that somebody else reaped is reported as ended with unknown status; nothing "
             "hangs."),
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
         "parent has as many handles and children as before."),
    Core("LIFE-02", "Processes can be started from any number of threads at once."),
};

}  // namespace

absl::Span<const Clause> ProcessClauses() { return kClauses; }

}  // namespace isoproc::conformance
