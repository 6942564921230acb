// CTX: how a child comes to be, and what it receives.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("CTX-01",
         "kSpawn works on every port; kForkServer and kFork work where their capability is "
         "declared and are kUnimplemented elsewhere, with no child."),
    Core("CTX-02", "The default start method is kSpawn on every port."),
    LeftOut("CTX-03", "The global start method can be set once.",
            "There is no global start method; it is an option of each Start."),
    Core("CTX-04",
         "A start method that does not exist is kUnimplemented, as one that the platform lacks, "
         "with "
         "no child."),
    LeftOut("CTX-05", "The global start method can be reset to unset.",
            "There is no global start method."),
    LeftOut("CTX-06", "A concrete context refuses to change its method.",
            "ProcessOptions is a plain value that each Start reads once."),
    Core("CTX-07", "Starting with one method does not change the method of later starts."),
    Core("CTX-08", "CurrentProcess in a child tells the method that it was started with."),
    LeftOut("CTX-09", "A context has all constructors of the module.",
            "Only starting depends on the method; objects do not."),
    HeldBy("CTX-10", "Handles of shared objects travel to children of every start method.",
           "conformance/api/shared_object_cases.cc: the cases of SHR-02."),
    HeldBy("CTX-11", "A child passes the handles it received on to its own children.",
           "conformance/api/shared_object_cases.cc: the cases of SHR-02."),
    HeldBy("CTX-12", "Handles of shared objects travel over connections, and in items of queues.",
           "conformance/api/object_in_message_cases.cc: the cases of CONN-58 and QUE-52."),
    Core("CTX-13",
         "Connections, shared memory, lists and queues travel at any time: as arguments, and in "
         "messages from anybody to anybody in the family."),
    Core("CTX-14",
         "A spawned child has the three standard streams and what it was given, and no other "
         "handle of its parent, also when a handle of the parent is inheritable."),
    Optional(
        "CTX-15", "fork",
        "kFork copies the process with its handles, writes what C streams have buffered before, "
        "and is kFailedPrecondition while the program has a second thread of its own. The copy "
        "holds no end of the streams of its parent's children; its own children are joined or "
        "killed when its target returns."),
    Core("CTX-16",
         "A child has its name, its start method, the working directory, the environment and the "
         "arguments of the program that the options or the parent's state at Start say."),
    LeftOut("CTX-17", "Interpreter flags of the parent are passed on.",
            "A compiled program has none, and isoproc has no process-wide options; the arguments "
            "of the program are passed on by CTX-16."),
    Core("CTX-18", "Globals that the parent changed have their initial values in a spawned child."),
    Core("CTX-19",
         "Static initialisers, and what main does before Init, run again in a spawned child; what "
         "main does after Init does not."),
    Core("CTX-20",
         "A start from a child's static initialisers or before its Init is kFailedPrecondition, "
         "after SetExecutable too, so that no program multiplies without end."),
    LeftOut("CTX-21", "With fork, a program without the main guard works.",
            "Init is required with every method, so that a program that works here works "
            "everywhere."),
    Core("CTX-22",
         "Init has no effect in a process that is no child, and never returns in one that is."),
    Core("CTX-23", "Init fixes no start method."),
    Core("CTX-24",
         "ProgramArguments in a child are those of the program that the user started; what isoproc "
         "adds to the command line of a child is not among them."),
    Core("CTX-25",
         "A child runs the image of its parent, found through the system or, where that does not "
         "tell, by the argv[0] that Init got, wherever the program went since; SetExecutable "
         "selects another program, and one that is missing is kNotFound, with no "
         "child."),
    Core(
        "CTX-26",
        "A target (a function, a lambda without captures, a callable object) is found in the child "
        "by a stable name; one that is unknown there is kNotFound, and the message names it."),
    Core("CTX-27",
         "A start that fails leaves neither child nor handle behind. An argument that cannot be "
         "encoded, or does not fit its parameter, is kInvalidArgument before anything is asked of "
         "the system."),
    Core("CTX-28",
         "Arguments are encoded before the child exists, on every port, and arrive equal to what "
         "was "
         "given, converted to the parameters' types."),
    Core("CTX-29",
         "If the child dies while its arguments are sent, Start returns an error and does not "
         "hang, however large they are."),
    Core("CTX-30",
         "If the child fails before its target runs, Start returns the reason: kDataLoss if it "
         "cannot decode its arguments, kNotFound if it lacks the target, kFailedPrecondition if it "
         "exits and kAborted if it dies otherwise, both with ExitStatusOf."),
    Optional(
        "CTX-31", "fork_server",
        "kForkServer starts children from a fork server with one thread, which is started when "
        "needed and started again when it died, at most once for a start, of which never two "
        "children run the target."),
    LeftOut("CTX-32", "The fork server's socket needs a key.",
            "The server has no address: only the process that started it holds its stream."),
    LeftOut("CTX-33", "If the fork server dies, exit codes of running children are lost.",
            "An accident of the model's design; PROC-65 says what is reported instead."),
    LeftOut("CTX-34", "Modules can be preloaded in the fork server.",
            "C++ has no import; the program image is what is loaded."),
    LeftOut("CTX-35", "A fork-server child can be given at most 252 descriptors.",
            "Handles do not travel as arguments in this version."),
    LeftOut("CTX-36", "A thread object made in the parent can be started in a forked child.",
            "Threads do not travel."),
    LeftOut("CTX-37", "fork with several threads warns.", "It is refused: CTX-15."),
    LeftOut("CTX-38", "Registered objects are reinitialised in a forked child.",
            "No objects are registered; a forked child has what it had."),
    Core("CTX-39", "Children start children to any depth with the same options."),
    Core("CTX-40",
         "In a child no signal is blocked and all dispositions are the defaults, whatever the "
         "parent had set."),
    Optional("CTX-41", "fork_server",
             "A fork server that does not answer does not keep Start longer than start_timeout "
             "(kDeadlineExceeded, and the target never runs), nor the end of the program; after "
             "10 seconds it is replaced."),
    Optional("CTX-42", "fork_server",
             "SetExecutable holds for kForkServer from the next start on; children that were "
             "started before it are not affected."),
};

}  // namespace

absl::Span<const Clause> StartClauses() { return kClauses; }

}  // namespace isoproc::conformance
