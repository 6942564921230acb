// What can be said about a pool and about the work that it is given, and what it tells of its
// workers.
#ifndef ISOPROC_POOL_OPTIONS_H_
#define ISOPROC_POOL_OPTIONS_H_

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "isoproc/internal/target.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"

namespace isoproc {

// A call that every worker makes: `Hook<OpenDatabase>("path")`, or with a lambda without captures
// or a callable object, as for Process::Start. The arguments travel once to each worker. What it
// returns is of no account.
class WorkerHook {
 public:
  explicit WorkerHook(internal::Prepared prepared) : prepared_(std::move(prepared)) {}
  const internal::Prepared& prepared() const { return prepared_; }

 private:
  internal::Prepared prepared_;
};
template <auto kFunction, class... Args>
WorkerHook Hook(const Args&... args) {
  return WorkerHook(internal::PrepareFunction<kFunction>(args...));
}
template <class Callable, class... Args>
WorkerHook Hook(const Callable& callable, const Args&... args) {
  return WorkerHook(internal::PrepareObject(callable, args...));
}

// Options of Pool::Create.
struct PoolOptions {
  // How many workers there are at most; as a default, as many as there are processors for this
  // process.                                                                   [POOL-01, POOL-02]
  int processes = UsableCpuCount();
  // Runs in each worker before its first task, also in those that replace others: the place to
  // fill the worker's static variables with what its tasks need. If it throws, the pool is broken:
  // see Pool.                                                                  [POOL-06, POOL-07]
  std::optional<WorkerHook> initializer = std::nullopt;
  // Runs in each worker that ends by itself, after its last task.                       [POOL-63]
  std::optional<WorkerHook> exit_hook = std::nullopt;
  // After so many tasks a worker ends and another takes its place. Items of Map count, chunks do
  // not.                                                                       [POOL-08, POOL-09]
  std::optional<int64_t> max_tasks_per_child = std::nullopt;
  // A worker that has ever used more bytes of memory than this, and more than when it started, ends
  // after its task, and another takes its place, which also does what is left of its chunk. For
  // tasks that leak, or that leave behind a heap full of holes: the peak counts, since that is what
  // all systems tell.                                                                   [POOL-79]
  std::optional<int64_t> max_memory_per_child = std::nullopt;
  // Workers start when there is work for them, not with the pool.                       [POOL-64]
  bool on_demand = false;
  // A worker without work ends after this time; it comes back when there is work. Implies that
  // workers start on demand once those are gone which started with the pool. Zero: as soon as there
  // is no more work. Negative times are refused.                                        [POOL-65]
  absl::Duration idle_timeout = absl::InfiniteDuration();
  // How long an initializer may take. A worker that is not ready by then is killed, and counts as
  // one that did not get ready.                                                         [POOL-82]
  absl::Duration initializer_timeout = absl::Minutes(10);
  // How long a worker that is to end may take for that, its exit hook and static destructors
  // included; then it is killed. Until it is gone, no other takes its place, and Join and the
  // destructor of the pool wait. Zero leaves it no time: its exit hook may not run. Negative times
  // are refused.                                                                        [POOL-83]
  absl::Duration exit_timeout = absl::Minutes(1);
  // How workers start. Its `name`, `at_exit`, `exit_timeout` and `detached` are the pool's own
  // affair; a worker that is not there within start_timeout (one minute, if infinite) counts as one
  // that could not start. StartMethod::kFork is refused: a pool has threads of its own. [FUT-19]
  ProcessOptions process = {};
};

// Options of a single task.
struct TaskOptions {
  // How long it may take, from its beginning; then its worker is killed and replaced, and the
  // result is kDeadlineExceeded. Must be positive. Getting a result late ends nothing.
  //                                                                            [POOL-39, POOL-66]
  absl::Duration timeout = absl::InfiniteDuration();
  // How often it is begun again when its worker dies. For tasks that may be done twice. Exceptions
  // and the timeout are results, and are not tried again.                               [POOL-67]
  int retries = 0;
};

enum class OnError {
  kWaitForAll,  // all items are done
  kCancelRest,  // those which no worker has when the first error comes are cancelled: what is left
                // of chunks that were given to workers still runs
};

// Options of the Map family. Time and retries are those of each item.
struct MapOptions {
  // How many items a worker gets at a time; nullopt: a quarter of its share of all, rounded up.
  // With a timeout it is one.                                                  [POOL-22, POOL-23]
  std::optional<int64_t> chunk_size = std::nullopt;
  absl::Duration timeout = absl::InfiniteDuration();
  // How long the whole call may take, from now on; then all that is not done is given up as
  // CancelRunning does, but with kDeadlineExceeded. If it is not positive, that is all at once.
  //                                                                                     [FUT-14]
  absl::Duration total_timeout = absl::InfiniteDuration();
  int retries = 0;
  OnError on_error = OnError::kWaitForAll;  // [POOL-26]
  // Called in the thread of callbacks (async_result.h) while items get done: with a rising number,
  // at last with all, before the result is ready; for an empty input, never. Calls may be left out
  // when they are slow. It is destroyed in that thread, after the last call. What it throws becomes
  // the error of the call.                                                     [POOL-44, POOL-68]
  std::function<void(uint64_t done, uint64_t total)> on_progress = nullptr;
};

// Options of IMap and IMapUnordered.
struct StreamOptions {
  int64_t chunk_size = 1;  // [POOL-33]
  // How many items are taken from the input before their results are; nullopt: four chunks for
  // each worker.                                                               [POOL-35, FUT-15]
  std::optional<int64_t> look_ahead = std::nullopt;
  absl::Duration timeout = absl::InfiniteDuration();
  int retries = 0;
};

// Options of Pool::Close.
struct CloseOptions {
  bool cancel_pending = false;  // tasks that no worker has yet are kCancelled           [FUT-17]
};

// What a worker has done so far.
struct WorkerStatistics {
  int64_t number = 0;  // from 1; its process is "PoolWorker-" and this number
  int64_t pid = 0;     // 0: not started yet
  bool alive = true;
  uint64_t tasks = 0;
  // Where its time went: until it was ready, without work, at work, and after its last task.
  absl::Duration starting;
  absl::Duration idle;
  absl::Duration working;
  absl::Duration ending;
};

// In a worker of a pool: its number. nullopt in other processes.                        [POOL-69]
std::optional<int64_t> WorkerNumber();

namespace internal {
template <class... Args>
inline constexpr bool kStartsWithTaskOptions = false;
template <class... Rest>
inline constexpr bool kStartsWithTaskOptions<TaskOptions, Rest...> = true;
}  // namespace internal

}  // namespace isoproc

#endif  // ISOPROC_POOL_OPTIONS_H_
