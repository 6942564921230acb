// POOL: Pool, its options, results and streams. FUT: what futures have beyond that.
#include "absl/types/span.h"
#include "conformance/catalogue/catalogue.h"

namespace isoproc::conformance {
namespace {

constexpr Clause kClauses[] = {
    Core("POOL-01", "By default a pool has a worker for each processor that the process may use."),
    Core("POOL-02", "A pool of fewer than one worker is kInvalidArgument."),
    Core("POOL-03",
         "When Create returns, the processes of all workers are there, unless they start on "
         "demand; they are called PoolWorker-1, PoolWorker-2 and so on."),
    Core("POOL-04", "If a worker cannot start, Create says why, and none is left."),
    Core("POOL-05", "There is no limit on the number of workers but that of the system."),
    Core("POOL-06",
         "The initializer runs once in each worker before its first task, also in those that "
         "replace others; arguments that do not fit are kInvalidArgument of Create."),
    Core("POOL-07",
         "An initializer that throws breaks the pool: all tasks that have not begun, and all that "
         "come later, fail with its exception. So do three processes in a row, or as many as the "
         "pool has, that end before they are ready, with kAborted and the last one's exit status, "
         "and as many that cannot be started for a second."),
    Core("POOL-08", "A max_tasks_per_child of less than 1 is kInvalidArgument."),
    Core("POOL-09", "A worker ends after max_tasks_per_child items, however they are chunked."),
    Core("POOL-10", "A pool of short-lived workers that is closed finishes all it has."),
    Core("POOL-11", "Apply gives what the function returns."),
    Core("POOL-12",
         "A task that throws is kUnknown; RemoteErrorOf has the exception's type and what(), and "
         "the worker's name and process id."),
    Core("POOL-13", "A worker survives the exception of a task."),
    Core("POOL-14", "A result that cannot be encoded is kInvalidArgument; the worker survives."),
    Core("POOL-15",
         "An argument that cannot be encoded, does not fit, or has a Connection, is "
         "kInvalidArgument of the call, and nothing is submitted."),
    Core("POOL-16",
         "An argument that cannot be decoded in the worker is kDataLoss; the worker survives."),
    Core("POOL-17",
         "A result that cannot be decoded is kDataLoss, an error of its call as any other, which "
         "is not Successful; other results are there."),
    Core("POOL-18",
         "A worker that exits, crashes or is killed fails the task that it had begun, with "
         "kAborted and its exit status, and no other; another worker takes its place."),
    Core("POOL-19", "What a task throws that is no std::exception is kUnknown of type unknown."),
    Core("POOL-20", "Map gives the results in the order of the input."),
    Core("POOL-21", "Map takes any range, also one that is read once and has no length."),
    HeldBy("POOL-22", "By default a chunk is a quarter of a worker's share, rounded up.",
           "platform/core/tests/pool/scheduler_test.cc DefaultChunkSize.IsAQuarterOfAShare: which "
           "items a worker gets at a time is nothing that a program sees."),
    Core("POOL-23", "A chunk_size of less than 1 is kInvalidArgument."),
    Core("POOL-24", "The result of an empty input is there at once, without any worker."),
    Core("POOL-25",
         "All items of a Map run, whatever becomes of others, also in their chunk; MapOutcomes "
         "says of each what became of it."),
    Core("POOL-26",
         "With kCancelRest the first error cancels what no worker has yet; what is left of a chunk "
         "that one has is run."),
    Core("POOL-27",
         "The error of a Map is that of the first item in the order of the input, whichever fails "
         "first."),
    Core("POOL-28", "What the input of a Map throws comes out of it, and nothing is submitted."),
    Core("POOL-29", "StarMap takes tuples and pairs as the arguments of a call."),
    Core(
        "POOL-30",
        "IMap gives results in the order of the input, with the error of an item in its place, "
        "which names it, and goes on after it; it is a range, also where a loop asks for its value "
        "at once."),
    Core("POOL-31", "So it does with chunks of several items."),
    Core("POOL-32", "Wait of a stream fails with kDeadlineExceeded; the result comes later."),
    Core("POOL-33", "A chunk_size or look_ahead of less than 1 is kInvalidArgument."),
    Core("POOL-34",
         "IMapUnordered gives each result once, as they come; an error names the place of its item "
         "in the input."),
    Core("POOL-35",
         "A stream reads at most look_ahead items beyond the results that were taken, by default "
         "four chunks for each worker, and a result comes before more is read in its place."),
    Core("POOL-36",
         "If the input of a stream throws, the results of what was read before come first, then "
         "the exception, then the end."),
    Core("POOL-37", "A stream that is at its end stays there."),
    Core("POOL-38",
         "Get gives the result as often as it is called, each time a value of its own; an "
         "AsyncResult made by default has the error kFailedPrecondition, and calls nothing back."),
    Core("POOL-39", "A Get whose time is over ends nothing."),
    Core("POOL-40",
         "Ready, Wait and Successful say how far a call is; Successful before it is ready is "
         "kFailedPrecondition."),
    Core("POOL-41",
         "Of OnSuccess and OnError one calls back, once, as the tasks ended, whatever other "
         "callbacks throw: for a Map with all results or its error."),
    Core("POOL-42", "A callback is over before the result is ready."),
    Core("POOL-43", "A callback that takes its time keeps no worker and no other task waiting."),
    Core("POOL-44",
         "A callback that throws, on_progress too, makes kUnknown with its exception the error of "
         "its call, also of MapOutcomes, and when it is called late; later calls are as before."),
    Core("POOL-45",
         "A callback may submit, close and terminate; Join there is kFailedPrecondition, as is to "
         "wait for its own result, or for one that other callbacks come before."),
    HeldBy("POOL-46", "The arguments of a task are let go when it is over.",
           "platform/core/tests/pool/scheduler_test.cc SchedulerTest.LetsGoOfArguments: a program "
           "does not see them."),
    Core("POOL-47",
         "A closed pool takes no tasks (kFailedPrecondition), finishes those it has, and its "
         "workers end; again, or before Terminate, is fine."),
    Core("POOL-48", "Terminate returns when all workers are dead; again is fine."),
    Core("POOL-49", "Terminate makes all that is outstanding fail with kCancelled."),
    Core("POOL-50",
         "Join before Close or Terminate is kFailedPrecondition; with a timeout it fails with "
         "kDeadlineExceeded while there is work."),
    Core("POOL-51",
         "The destructor finishes all tasks; when an exception unwinds the stack, it terminates; "
         "in a callback it does not wait."),
    LeftOut("POOL-52", "A pool that does not run cannot be entered.",
            "There is no entering: a pool lives as its object does."),
    HeldBy("POOL-53", "A pool that is dropped ends.",
           "conformance/api/pool_cases.cc: the case of POOL-51, as its destructor does that."),
    Core("POOL-54",
         "A pool moves, and neither copies nor travels; one that was moved away refuses all with "
         "kFailedPrecondition."),
    Optional("POOL-55", "foreign_fork",
             "In a fork of its process a pool, its results and its streams refuse all with "
             "kFailedPrecondition, at once, and its destructor does nothing."),
    Core("POOL-56", "Workers may have pools, ten deep; one more is kFailedPrecondition."),
    LeftOut("POOL-57", "Tasks have priorities, or preferred workers.",
            "First come, first served: a worker that is idle takes the chunk that waits longest."),
    Core("POOL-58",
         "Workers that die at any moment, again and again, neither lose a task that may be tried "
         "again nor stop the others."),
    Core("POOL-59", "Lambdas without captures and callable objects are tasks too."),
    Core("POOL-60", "The text of a pool says its size and whether it runs, is closed, or ended."),
    Core("POOL-61", "Any number of threads submit to a pool at once."),
    LeftOut("POOL-62", "A pool of threads has the same interface.",
            "Threads cannot be killed, and share what processes do not."),
    Core("POOL-63",
         "The exit hook runs in each worker that ends by itself, after its last task; what it "
         "throws is written to the standard error."),
    Core("POOL-64", "With on_demand a worker starts when there is work for it."),
    Core("POOL-65",
         "Workers without work end after idle_timeout, and come back with work; a negative one is "
         "kInvalidArgument."),
    Core("POOL-66",
         "A task that takes longer than its timeout is ended, with its worker, and fails with "
         "kDeadlineExceeded; the next one has a new worker. In a Map or stream each item has the "
         "whole time. A timeout that is not positive is kInvalidArgument."),
    Core("POOL-67",
         "A task whose worker dies is begun again as often as retries says, and by default never."),
    Core("POOL-68",
         "on_progress is told rising numbers of items that are done, at last all, before the "
         "result is ready; and nothing of an empty input."),
    Core("POOL-69", "A worker knows its number; other processes have none."),
    Core("POOL-70",
         "A callable object with state travels once to a worker for all items of a call."),
    Core("POOL-71", "Cancel of a task that no worker has is kCancelled, and it is never run."),
    Core("POOL-72",
         "CancelRunning also ends a task that runs, with its worker: it is kCancelled, and the "
         "next one has a new worker."),
    Core("POOL-73",
         "A stream of a pool that is closed, terminated or destroyed gives the results of what was "
         "read, then kFailedPrecondition once, then the end."),
    Core("POOL-74",
         "A stream that is destroyed cancels what no worker has, and destroys its input, which may "
         "be another stream of the same pool."),
    Core("POOL-75",
         "The workers of a pool end with its process: when it is killed, interrupted, or ends "
         "without having destroyed the pool."),
    Core("POOL-76",
         "Statistics say of each worker, in the order of their start, what it did and where its "
         "time went."),
    Core("POOL-77",
         "Handles of shared objects travel as arguments of tasks, whenever they were made."),
    Core("POOL-78",
         "Arguments and results may be of any size; results up to 1 MiB cost no handle while they "
         "are kept, and memory that is kept for the next ones costs nothing while a task runs."),
    Core("POOL-79",
         "A worker whose memory was ever more than max_memory_per_child, and than at its start, "
         "ends after its task, and others do the rest of its chunk; what its owner had does not "
         "count; a limit of less than 1 is kInvalidArgument."),
    Optional("POOL-80", "foreign_fork",
             "A fork of a worker that comes back from a task, a hook, or what is read, ends there, "
             "and what it brings is of no account."),
    Core("POOL-81",
         "A worker that ends while it reads the callable of a call fails one task of it, with "
         "kAborted and its exit status; so does one that takes longer than the task's timeout, "
         "with kDeadlineExceeded."),
    Core(
        "POOL-82",
        "An initializer that takes longer than initializer_timeout is ended with its worker, which "
        "counts as one that did not get ready; a timeout that is not positive is "
        "kInvalidArgument."),
    Core("POOL-83",
         "A worker that was to end, and has not after exit_timeout, is killed; another takes its "
         "place, and Join returns. A negative one is kInvalidArgument."),
    HeldBy("POOL-84",
           "A task that eleven workers had, one after the other, which died before they began it, "
           "is kAborted; three such tasks in a row break the pool.",
           "platform/core/tests/pool/scheduler_test.cc SchedulerTest.WhatIsNeverBegunIsGivenUp, "
           "platform/core/tests/pool/scheduler_test.cc "
           "SchedulerTest.PoolInWhichNothingIsEverBegunBreaks: a death at that moment cannot be "
           "arranged."),
    Core("POOL-85",
         "A lack of memory or handles, in the pool or in a worker, for what a task needs is "
         "kResourceExhausted of that task; it fails no other, and no worker."),
    Core("POOL-86",
         "A worker that is killed for a timeout, by CancelRunning or by Terminate is killed with "
         "the processes that it started by other means than isoproc."),
    LeftOut("POOL-87", "A task's exception of a registered type is thrown again with that type.",
            "Errors are statuses here: RemoteErrorOf has the type's name, what() and the worker. "
            "What must be told apart beyond that, a task returns as a value."),
    LeftOut("POOL-88", "An error says which task it was of, by a number.",
            "Each result knows its own; of a Map the message names the item, and MapOutcomes has "
            "them all in order."),
    LeftOut("POOL-89", "An AsyncResult has then(), and callbacks an executor of one's choice.",
            "OnSuccess may submit what comes next. A callback that is to run elsewhere hands on "
            "what it gets: it is called by one thread, in order, so that it can."),
    HeldBy("FUT-01", "The number of workers has no limit of its own.",
           "conformance/api/pool_cases.cc: the case of POOL-05."),
    HeldBy("FUT-02", "A worker that dies fails its own task and no other.",
           "conformance/api/pool_task_cases.cc: the cases of POOL-18."),
    Core("FUT-03",
         "A worker that dies while it reads an argument or writes a result fails that task with "
         "kAborted and its exit status."),
    LeftOut("FUT-04", "exit in a task is an exception of the task.",
            "It ends the process, as everywhere in C++: POOL-18."),
    HeldBy("FUT-05", "An argument that cannot be encoded fails its own call.",
           "conformance/api/pool_task_cases.cc: the case of POOL-15."),
    HeldBy("FUT-06", "A result that cannot be decoded fails its own call.",
           "conformance/api/pool_task_cases.cc: the case of POOL-17."),
    HeldBy("FUT-07", "An initializer that throws breaks the pool with its exception.",
           "conformance/api/pool_cases.cc: the case of POOL-07."),
    Core("FUT-08", "Cancel gives how many tasks it gave up; again it gives 0."),
    HeldBy("FUT-09", "Waiting for a result fails with kDeadlineExceeded.",
           "conformance/api/pool_result_cases.cc: the case of POOL-40."),
    Core("FUT-10",
         "Callbacks are called in the order in which they were added; one that is added to a "
         "result that is ready is called at once, by the same thread."),
    HeldBy("FUT-11", "A result is set once.",
           "platform/core/tests/pool/scheduler_world_test.cc "
           "SchedulerWorld.WhateverHappensEachItemIsResolvedOnce: users cannot set results."),
    Core("FUT-12",
         "WaitAny gives the places of all results that are ready, when one is; WaitAll waits for "
         "all."),
    Core("FUT-13", "CompletionOrder gives results in the order in which they become ready."),
    Core("FUT-14",
         "After total_timeout all that is left of a Map is given up, what runs with its workers, "
         "with kDeadlineExceeded."),
    HeldBy("FUT-15", "The input of a stream is read as far as look_ahead says.",
           "conformance/api/pool_map_cases.cc: the case of POOL-35."),
    HeldBy("FUT-16", "A chunk has at least one item.",
           "conformance/api/pool_map_cases.cc: the cases of POOL-23 and POOL-33."),
    Core(
        "FUT-17",
        "Close with cancel_pending makes kCancelled of all that no worker has; what runs goes on."),
    Core("FUT-18", "A worker that is idle gets the next task before another one starts."),
    Core("FUT-19",
         "Workers start by any method but kFork, which a pool, having threads, refuses with "
         "kInvalidArgument."),
    HeldBy("FUT-20", "A pool can kill its workers.",
           "conformance/api/pool_cases.cc: the case of POOL-48."),
    Core("FUT-21", "A task may start processes."),
    HeldBy("FUT-22", "A pool that goes out of scope finishes its tasks.",
           "conformance/api/pool_cases.cc: the case of POOL-51."),
};

}  // namespace

absl::Span<const Clause> PoolClauses() { return kClauses; }

}  // namespace isoproc::conformance
