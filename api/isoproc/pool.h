// Pools: worker processes that run tasks.
#ifndef ISOPROC_POOL_H_
#define ISOPROC_POOL_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/async_result.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/call_state.h"
#include "isoproc/internal/must_travel.h"
#include "isoproc/internal/stream_state.h"
#include "isoproc/internal/target.h"
#include "isoproc/internal/task.h"
#include "isoproc/pool_options.h"
#include "isoproc/result_stream.h"

namespace isoproc {

class Pool;
template <>
inline constexpr bool internal::kStaysHere<Pool> = true;

namespace internal {

class PoolCore;

absl::Status UnusablePool(const PoolCore* pool);  // OK if it can be used
// What a function without state is to all its calls.
std::shared_ptr<const TaskCode> CodeOf(PoolCore& pool, const TaskTarget& target);
absl::StatusOr<std::shared_ptr<CallState>> SubmitCall(const std::shared_ptr<PoolCore>& pool,
                                                      std::shared_ptr<const TaskCode> code,
                                                      Batches items, const MapOptions& options,
                                                      bool waits, CallState::Check check);

}  // namespace internal

// Worker processes, and the tasks that wait for them.
//
//   auto pool = Pool::Create({.processes = 4}).value();
//   int square = pool.Apply<Square>(7).value();
//   std::vector<int> squares = pool.Map<Square>(numbers).value();
//
// A task is what the target of a process is: a function known at compile time, a lambda without
// captures, or a callable object (docs/targets.md); but it may return anything that travels.
// A callable object goes once to each worker and not with each item, which is the way to give all
// tasks the same large data; its operator() is const.                                   [POOL-70]
//
// How a task fails. Each error is the result of its own task; the others go on.
//   Unknown             it threw; RemoteErrorOf(status) has type, what() and worker [POOL-12]. The
//                       worker goes on.                                                 [POOL-13]
//   Aborted             its worker died: it was killed, it crashed, or the task called exit;
//                       ExitStatusOf(status) says how, unless somebody else took its exit status.
//                       Another worker takes its place [POOL-18]. Also: eleven workers, one after
//                       the other, died before they began it [POOL-84]; the pool is broken, see
//                       below.
//   Cancelled           it was cancelled, or the pool was terminated          [POOL-49, POOL-71]
//   DeadlineExceeded    it, or its whole call, took longer than its timeout, and was ended
//                                                                             [FUT-14, POOL-66]
//   DataLoss            its arguments or its result cannot be decoded         [POOL-16, POOL-17]
//   InvalidArgument     its result cannot be encoded                                    [POOL-14]
//   ResourceExhausted   there is no memory or handle for its arguments, its callable or its result,
//                       here or in the worker                                 [POOL-78, POOL-85]
// A task is begun once; only `retries` allow more. It has begun before its arguments and its
// callable are read, so that what happens then is its own affair, and takes of its time.
//                                                                             [FUT-03, POOL-81]
// Who is killed for a task's sake, or by Terminate, is killed with the processes that it started.
//                                                                                       [POOL-86]
//
// A pool breaks if an initializer throws; if three workers in a row, or as many as it has, end
// before they are ready, or so many cannot be started for a second; or if three tasks in a row
// were never begun, see Aborted. What has not begun fails then, and all that is submitted later:
// with the initializer's exception, or with Aborted and the reason. What runs goes on; then all
// workers end.
//                                                                             [POOL-07, POOL-84]
//
// Workers are children of this process, and end with it, however it ends (so also by Ctrl-C, which
// reaches this process alone); they may have children and pools of their own, ten deep.
//                                                                   [POOL-56, POOL-75, FUT-21]
//
// The destructor closes the pool and waits for all tasks; when an exception unwinds the stack, it
// terminates the pool. In a callback of the pool it waits for nothing; what there is goes on.
//                                                                             [POOL-51, POOL-53]
//
// Move-only; cannot travel to another process [POOL-54]. A moved-from pool has no workers: its
// functions fail with kFailedPrecondition.
// Thread safety: all functions from any number of threads, also from callbacks; moving and
// destruction may not overlap with other calls [POOL-61]. In a fork of the process that made it,
// all fail with kFailedPrecondition, and the destructor does nothing.                   [POOL-55]
class Pool {
 public:
  // Starts the workers.
  // Blocks:  until their processes are there; not for their initializers.
  // Errors:  none of them is left.                                                      [POOL-04]
  //          InvalidArgument: a number of PoolOptions is not positive [POOL-02, POOL-08, POOL-79,
  //          POOL-82], or a time negative [POOL-65, POOL-83]; an argument of a hook does not fit
  //          its parameter [POOL-06], or has a Connection, which only goes to a process [POOL-15];
  //          the start method is kFork, which a process with threads, as a pool has, cannot use
  //          [FUT-19].
  //          FailedPrecondition: pools are nested more than ten deep.
  //          Others: as Process::Start.
  static absl::StatusOr<Pool> Create(const PoolOptions& options = {});

  Pool(Pool&& other) noexcept = default;
  // Does first with its pool what the destructor would do.
  Pool& operator=(Pool&& other) noexcept;
  ~Pool();

  // ---- one task: Apply<Function>(arguments…), Apply(callable, arguments…) -----------------------
  //
  // TaskOptions may come before the arguments of the function, and before a callable.

  // Runs a task and gives what it returns.                                              [POOL-11]
  // Blocks:  until it has ended.
  // Errors:  as above, and as ApplyAsync.
  template <auto kFunction, class... Args>
  auto Apply(const Args&... args) {
    return Await(ApplyAsync<kFunction>(args...));
  }
  template <class First, class... Rest>
  auto Apply(const First& first, const Rest&... rest) {
    return Await(ApplyAsync(first, rest...));
  }

  // Submits a task.
  // Blocks:  never.
  // Errors:  nothing was submitted. InvalidArgument: an argument does not fit its parameter, a hook
  //          of its type threw, or it has a Connection [POOL-15]; the timeout is not positive
  //          [POOL-66], or retries is negative [POOL-67]. FailedPrecondition: the pool is closed
  //          [POOL-47]. Aborted: it is broken.
  template <auto kFunction, class... Args>
    requires(!internal::kStartsWithTaskOptions<Args...>)
  auto ApplyAsync(const Args&... args) {
    return SubmitOne<internal::FunctionKey<kFunction>>(TaskOptions{}, kFunction, args...);
  }
  template <auto kFunction, class... Args>
  auto ApplyAsync(const TaskOptions& options, const Args&... args) {
    return SubmitOne<internal::FunctionKey<kFunction>>(options, kFunction, args...);
  }
  template <class Callable, class... Args>
    requires(!std::is_same_v<Callable, TaskOptions>)
  auto ApplyAsync(const Callable& callable, const Args&... args) {
    return SubmitOne<internal::KeyOf<Callable>>(TaskOptions{}, callable, args...);
  }
  template <class Callable, class... Args>
  auto ApplyAsync(const TaskOptions& options, const Callable& callable, const Args&... args) {
    return SubmitOne<internal::KeyOf<Callable>>(options, callable, args...);
  }

  // ---- a task for each item of a range ----------------------------------------------------------
  //
  // Each has the forms Map<Function>(range, options) and Map(callable, range, options). The range
  // is walked here, once; what it throws comes out, and nothing was submitted [POOL-28]. Star: its
  // elements are tuples (pairs, arrays), of which each is the arguments of a call.      [POOL-29]

  // The results in the order of the input [POOL-20]; those of an empty input at once [POOL-24].
  // All items run, whatever becomes of others [POOL-25], unless MapOptions::on_error says
  // otherwise. A range that says of itself that it has no end does not compile.
  // Blocks:  until all have ended.
  // Errors:  that of the first item, in the order of the input, that has one [POOL-27]; with
  //          kCancelRest the first that is not kCancelled. As MapAsync, and as MapOutcomes.
  template <auto kFunction, class Range>
  auto Map(Range&& range, const MapOptions& options = {}) {
    return Await(
        SubmitAll<internal::FunctionKey<kFunction>, false>(kFunction, range, options, true));
  }
  template <class Callable, class Range>
  auto Map(const Callable& callable, Range&& range, const MapOptions& options = {}) {
    return Await(SubmitAll<internal::KeyOf<Callable>, false>(callable, range, options, true));
  }
  template <auto kFunction, class Range>
  auto StarMap(Range&& range, const MapOptions& options = {}) {
    return Await(
        SubmitAll<internal::FunctionKey<kFunction>, true>(kFunction, range, options, true));
  }
  template <class Callable, class Range>
  auto StarMap(const Callable& callable, Range&& range, const MapOptions& options = {}) {
    return Await(SubmitAll<internal::KeyOf<Callable>, true>(callable, range, options, true));
  }

  // Submits the tasks of a Map.
  // Blocks:  never, but for the range.
  // Errors:  nothing was submitted. As ApplyAsync; InvalidArgument: chunk_size below 1 [POOL-23].
  template <auto kFunction, class Range>
  auto MapAsync(Range&& range, const MapOptions& options = {}) {
    return SubmitAll<internal::FunctionKey<kFunction>, false>(kFunction, range, options);
  }
  template <class Callable, class Range>
  auto MapAsync(const Callable& callable, Range&& range, const MapOptions& options = {}) {
    return SubmitAll<internal::KeyOf<Callable>, false>(callable, range, options);
  }
  template <auto kFunction, class Range>
  auto StarMapAsync(Range&& range, const MapOptions& options = {}) {
    return SubmitAll<internal::FunctionKey<kFunction>, true>(kFunction, range, options);
  }
  template <class Callable, class Range>
  auto StarMapAsync(const Callable& callable, Range&& range, const MapOptions& options = {}) {
    return SubmitAll<internal::KeyOf<Callable>, true>(callable, range, options);
  }

  // As Map, with what became of each item: a vector of values and errors, in the order of the
  // input.                                                                              [POOL-25]
  // Blocks:  until all have ended.
  // Errors:  as MapAsync; what on_progress threw [POOL-44]. FailedPrecondition: the caller is a
  //          callback of the pool, and on_progress would come after it [POOL-45].
  template <auto kFunction, class Range>
  auto MapOutcomes(Range&& range, const MapOptions& options = {}) {
    return AwaitOutcomes(
        SubmitAll<internal::FunctionKey<kFunction>, false>(kFunction, range, options, true));
  }
  template <class Callable, class Range>
  auto MapOutcomes(const Callable& callable, Range&& range, const MapOptions& options = {}) {
    return AwaitOutcomes(
        SubmitAll<internal::KeyOf<Callable>, false>(callable, range, options, true));
  }

  // The results one after the other, while the input is still being read (result_stream.h): in the
  // order of the input [POOL-30], or as they come [POOL-34].
  // Blocks:  never, but for the range.
  // Errors:  as MapAsync; InvalidArgument: chunk_size or look_ahead below 1.            [POOL-33]
  template <auto kFunction, class Range>
  auto IMap(Range&& range, const StreamOptions& options = {}) {
    return StartStream<internal::FunctionKey<kFunction>>(kFunction, std::forward<Range>(range),
                                                         options, true);
  }
  template <class Callable, class Range>
  auto IMap(const Callable& callable, Range&& range, const StreamOptions& options = {}) {
    return StartStream<internal::KeyOf<Callable>>(callable, std::forward<Range>(range), options,
                                                  true);
  }
  template <auto kFunction, class Range>
  auto IMapUnordered(Range&& range, const StreamOptions& options = {}) {
    return StartStream<internal::FunctionKey<kFunction>>(kFunction, std::forward<Range>(range),
                                                         options, false);
  }
  template <class Callable, class Range>
  auto IMapUnordered(const Callable& callable, Range&& range, const StreamOptions& options = {}) {
    return StartStream<internal::KeyOf<Callable>>(callable, std::forward<Range>(range), options,
                                                  false);
  }

  // ---- the end ----------------------------------------------------------------------------------

  // No more tasks; those there are go on, unless the options say otherwise, and when they are done
  // the workers end. Never blocks; may be called again; after Terminate it does nothing.
  //                                                                           [FUT-17, POOL-47]
  void Close(const CloseOptions& options = {});

  // Kills all workers; all that is outstanding fails with kCancelled. Again it does nothing.
  // Blocks:  until the workers are gone, whatever they and callbacks do.     [POOL-48, POOL-49]
  void Terminate();

  // Waits for the end of all tasks, callbacks and workers.                              [POOL-50]
  // Blocks:  until then or `timeout`.
  // Errors:  FailedPrecondition: neither Close nor Terminate was called; the caller is a callback
  //          of this pool. DeadlineExceeded.
  absl::Status Join(absl::Duration timeout = absl::InfiniteDuration());

  // ---- looking at it ----------------------------------------------------------------------------

  // What workers have done: those that live, and the last 256 of those which do not, in the order
  // of their start.                                                                     [POOL-76]
  std::vector<WorkerStatistics> Statistics() const;
  // "pool of 4, running", "pool of 4, closed", "pool of 4, ended"; "no pool" for one that was moved
  // away, and in a fork.                                                                [POOL-60]
  std::string ToString() const;
  friend std::ostream& operator<<(std::ostream& out, const Pool& pool) {
    return out << pool.ToString();
  }

 private:
  explicit Pool(std::shared_ptr<internal::PoolCore> core)
      : core_(std::move(core)), exceptions_(std::uncaught_exceptions()) {}
  void End();

  template <class R>
  static Outcome<R> Await(const absl::StatusOr<AsyncResult<R>>& result) {
    if (!result.ok()) return result.status();
    return result->Get();
  }
  template <class R>
  static absl::StatusOr<std::vector<absl::StatusOr<R>>> AwaitOutcomes(
      const absl::StatusOr<AsyncResult<std::vector<R>>>& result) {
    if (!result.ok()) return result.status();
    const absl::Status threw = AwaitCallbacks(*result);
    if (!threw.ok()) return threw;
    return Outcomes<R>(*result);
  }
  static absl::StatusOr<std::vector<absl::Status>> AwaitOutcomes(
      const absl::StatusOr<AsyncResult<void>>& result) {
    if (!result.ok()) return result.status();
    const absl::Status threw = AwaitCallbacks(*result);
    if (!threw.ok()) return threw;
    return Outcomes<void>(*result);
  }
  static absl::Status AwaitCallbacks(const AsyncResultBase& result) {
    const absl::Status ready = result.Wait();
    return ready.ok() ? result.state()->ErrorOfCallbacks() : ready;
  }
  template <class R>
  static std::vector<Outcome<R>> Outcomes(const AsyncResultBase& result) {
    std::vector<Outcome<R>> outcomes;
    for (const internal::TaskOutcome& outcome : result.state()->outcomes()) {
      outcomes.push_back(internal::ToOutcome<R>(outcome));
    }
    return outcomes;
  }

  // What a callable is to its calls: itself, if it has state.
  template <class Key, class Callable>
  absl::StatusOr<std::shared_ptr<const internal::TaskCode>> Code(const internal::TaskTarget& target,
                                                                 const Callable& callable) const {
    const absl::Status usable = internal::UnusablePool(core_.get());
    if (!usable.ok()) return usable;
    if constexpr (Key::kTravelsAlong) {
      absl::StatusOr<internal::Arguments> object =
          internal::Invocation<internal::ItemKey, Callable>::Encode(callable);
      if (!object.ok()) return object.status();
      return std::make_shared<const internal::TaskCode>(
          internal::TaskCode{&target, *std::move(object)});
    } else {
      return internal::CodeOf(*core_, target);
    }
  }

  template <class Give, class Key, class Task, class Callable>
  absl::StatusOr<AsyncResult<typename Give::Result>> Submit(const Callable& callable,
                                                            internal::Batches items,
                                                            const MapOptions& options,
                                                            bool waits = false) {
    absl::StatusOr<std::shared_ptr<const internal::TaskCode>> code =
        Code<Key>(Task::target, callable);
    if (!code.ok()) return code.status();
    absl::StatusOr<std::shared_ptr<internal::CallState>> state = internal::SubmitCall(
        core_, *std::move(code), std::move(items), options, waits,
        [](internal::CallState& done) { return internal::StatusOfOutcome(Give::Give(done)); });
    if (!state.ok()) return state.status();
    return AsyncResult<typename Give::Result>(*std::move(state), &Give::Give);
  }

  template <class Key, class Callable, class... Args>
  auto SubmitOne(const TaskOptions& options, const Callable& callable, const Args&... args) {
    using Traits = internal::TaskTraits<Key, Args...>;
    if constexpr (Traits::Check()) {
      using Give = internal::One<typename Traits::Task::Result>;
      using Submitted = absl::StatusOr<AsyncResult<typename Give::Result>>;
      internal::BatchWriter items;
      const absl::Status added = Traits::AddTo(items, args...);
      if (!added.ok()) return Submitted(added);
      return Submit<Give, Key, typename Traits::Task>(
          callable, std::move(items).Take(),
          MapOptions{.timeout = options.timeout, .retries = options.retries});
    } else {
      return absl::StatusOr<AsyncResult<void>>(internal::NotReached());
    }
  }

  // `waits`: for all of it, in this thread.
  template <class Key, bool kStar, class Callable, class Range>
  auto SubmitAll(const Callable& callable, Range& range, const MapOptions& options,
                 bool waits = false) {
    using Element = std::ranges::range_value_t<Range>;
    using Traits = typename internal::ItemTraits<Key, kStar, Element>::Type;
    constexpr bool kEnds =
        !std::is_same_v<std::ranges::sentinel_t<Range>, std::unreachable_sentinel_t>;
    if constexpr (!kEnds) {
      static_assert(kEnds, "isoproc: the range has no end: use IMap, which takes of it as it goes");
      return absl::StatusOr<AsyncResult<void>>(internal::NotReached());
    } else if constexpr (Traits::Check()) {
      using Give = internal::Many<typename Traits::Task::Result>;
      using Submitted = absl::StatusOr<AsyncResult<typename Give::Result>>;
      internal::BatchWriter items;
      for (auto&& element : range) {
        const absl::Status added = internal::AddItem<Traits, kStar, Element>(items, element);
        if (!added.ok()) return Submitted(added);
      }
      return Submit<Give, Key, typename Traits::Task>(callable, std::move(items).Take(), options,
                                                      waits);
    } else {
      return absl::StatusOr<AsyncResult<void>>(internal::NotReached());
    }
  }

  template <class Key, class Callable, class Range>
  auto StartStream(const Callable& callable, Range&& range, const StreamOptions& options,
                   bool ordered) {
    using Element = std::ranges::range_value_t<Range>;
    using Traits = internal::TaskTraits<Key, Element>;
    if constexpr (Traits::Check()) {
      using Stream = StatusOrStream<typename Traits::Task::Result>;
      absl::StatusOr<std::shared_ptr<const internal::TaskCode>> code =
          Code<Key>(Traits::Task::target, callable);
      if (!code.ok()) return Stream(code.status());
      absl::StatusOr<std::shared_ptr<internal::StreamState>> state = internal::StreamState::Start(
          core_, *std::move(code), options, ordered,
          internal::PullFrom<Traits, Element>(std::forward<Range>(range)));
      if (!state.ok()) return Stream(state.status());
      return Stream(ResultStream<typename Traits::Task::Result>(*std::move(state)));
    } else {
      return StatusOrStream<int>(internal::NotReached());
    }
  }

  std::shared_ptr<internal::PoolCore> core_;
  int exceptions_ = 0;
};

}  // namespace isoproc

#endif  // ISOPROC_POOL_H_
