// Pools: a task for each item of a range.
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <iterator>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/pool_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/pool.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"

namespace isoproc::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<int> Numbers(int count) {
  std::vector<int> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// The numbers from 0 on, read once; notes how many were read, and throws at one of them.
class Input {
 public:
  explicit Input(int count, int throw_at = -1) : count_(count), throw_at_(throw_at) {}

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(Input* input) : input_(input) {}
    int operator*() const { return input_->read_; }
    Iterator& operator++() {
      ++input_->read_;
      if (input_->read_ == input_->throw_at_) throw std::runtime_error("the input is broken");
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& iterator, std::default_sentinel_t) {
      return iterator.AtEnd();
    }

   private:
    bool AtEnd() const { return input_->read_ >= input_->count_; }
    Input* input_ = nullptr;
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() { return std::default_sentinel; }
  int read() const { return read_; }

 private:
  int count_;
  int throw_at_;
  int read_ = 0;
};

// "0 1 error 4", as far as `most` results.
template <class R>
std::string Texts(ResultStream<R>& stream, int most = 1000) {
  std::string text;
  for (; most > 0; --most) {
    const auto next = stream.Next();
    if (!next.has_value()) break;
    if (!text.empty()) text += ' ';
    text += next->ok() ? std::to_string(**next) : "error";
  }
  return text;
}

ISOPROC_CASE(PoolMap, POOL_20, ResultsAreInTheOrderOfTheInput) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  for (const std::optional<int64_t> chunk_size :
       {std::optional<int64_t>(), std::optional<int64_t>(1), std::optional<int64_t>(7)}) {
    ASSERT_OK_AND_ASSIGN(const std::vector<int> squares,
                         pool.Map<Square>(Numbers(50), {.chunk_size = chunk_size}));
    ASSERT_EQ(squares.size(), 50u);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(squares[static_cast<size_t>(i)], i * i);
  }
}

ISOPROC_CASE(PoolMap, POOL_21, TakesRangesOfAnyKind) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_THAT(pool.Map<Square>(std::forward_list<int>{1, 2, 3}).value_or(std::vector<int>()),
              ElementsAre(1, 4, 9));
  EXPECT_THAT(pool.Map<Square>(Input(3)).value_or(std::vector<int>()), ElementsAre(0, 1, 4));
  const int array[] = {4, 5};
  EXPECT_THAT(pool.Map<Square>(array).value_or(std::vector<int>()), ElementsAre(16, 25));
  EXPECT_THAT(pool.Map([](bool b) { return b ? 1 : 0; }, std::vector<bool>{true, false})
                  .value_or(std::vector<int>()),
              ElementsAre(1, 0));
}

ISOPROC_CASE(PoolMap, POOL_23, ChunkHasAnItem) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_CODE(pool.Map<Square>(Numbers(3), {.chunk_size = 0}), kInvalidArgument);
  EXPECT_CODE(pool.Map<Square>(Numbers(3), {.chunk_size = -1}), kInvalidArgument);
}

ISOPROC_CASE(PoolMap, POOL_24, EmptyInputIsDoneAtOnce) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1, .on_demand = true}));
  EXPECT_THAT(pool.Map<Square>(Numbers(0)).value_or(Numbers(1)), IsEmpty());
  EXPECT_THAT(pool.Map<Square>(Numbers(0), {.chunk_size = 3}).value_or(Numbers(1)), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto result, pool.MapAsync<Square>(Numbers(0)));
  EXPECT_TRUE(result.Ready());
  ASSERT_OK_AND_ASSIGN(auto ordered, pool.IMap<Square>(Numbers(0)));
  EXPECT_EQ(ordered.Next(), std::nullopt);
  ASSERT_OK_AND_ASSIGN(auto unordered, pool.IMapUnordered<Square>(Numbers(0)));
  EXPECT_EQ(unordered.Next(), std::nullopt);
  EXPECT_THAT(pool.Statistics(), IsEmpty()) << "no worker was needed";
}

// An error drops the other items of its chunk.
ISOPROC_CASE(PoolMap, POOL_25, Complaint15AllItemsRunWhateverBecomesOfOthers) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto outcomes,
                       pool.MapOutcomes<ThrowOnOdd>(Numbers(5), {.chunk_size = 3}));
  std::string text;
  for (const absl::StatusOr<int>& outcome : outcomes) {
    text += outcome.ok() ? std::to_string(*outcome) : "x";
  }
  EXPECT_EQ(text, "0x2x4");
  Observe("outcomes", text);
}
int DieOnThree(int x) {
  if (x == 3) std::_Exit(6);
  return x;
}
ISOPROC_CASE(PoolMap, POOL_25_2, DeathFailsOneItemOfItsChunk) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto outcomes,
                       pool.MapOutcomes<DieOnThree>(Numbers(8), {.chunk_size = 8}));
  std::string text;
  for (const absl::StatusOr<int>& outcome : outcomes) {
    text += outcome.ok() ? std::to_string(*outcome) : "(" + DeathOf(outcome.status()) + ")";
  }
  EXPECT_EQ(text, "012(ABORTED: exited 6)4567");
  Observe("outcomes", text);
}

int CountAndThrowFirst(const Value<int>& calls) {
  if (calls.FetchAdd(1).value_or(0) == 0) throw std::runtime_error("the first");
  return 1;
}
ISOPROC_CASE(PoolMap, POOL_26, FirstErrorCancelsTheRestIfWanted) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  const std::vector<Value<int>> items(5, calls);
  const absl::Status status =
      pool.Map<CountAndThrowFirst>(items, {.chunk_size = 1, .on_error = OnError::kCancelRest})
          .status();
  EXPECT_CODE(status, kUnknown);
  EXPECT_EQ(calls.Load().value_or(0), 1);
  ASSERT_OK(calls.Store(0));
  EXPECT_CODE(pool.Map<CountAndThrowFirst>(items, {.chunk_size = 1}), kUnknown);
  EXPECT_EQ(calls.Load().value_or(0), 5);
}

int ThrowFirstOrWait(const std::pair<Value<int>, Event>& item) {
  const int call = CountAndThrowFirst(item.first);
  item.second.Wait(GetEnvironment().patience).IgnoreError();
  return call;
}
// A worker has the whole chunk, and is in the midst of it when the error is known.
ISOPROC_CASE(PoolMap, POOL_26_2, GivenChunksAreNotCancelled) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  const std::vector<std::pair<Value<int>, Event>> items(6, {calls, go});
  MapOptions options = {.chunk_size = 3, .on_error = OnError::kCancelRest};
  options.on_progress = [&go](uint64_t done, uint64_t) {
    if (done >= 4) {
      EXPECT_OK(go.Set());
    }
  };
  ASSERT_OK_AND_ASSIGN(const auto outcomes, pool.MapOutcomes<ThrowFirstOrWait>(items, options));
  EXPECT_CODE(outcomes[0], kUnknown);
  EXPECT_OK(outcomes[1]);
  EXPECT_OK(outcomes[2]);
  EXPECT_CODE(outcomes[3], kCancelled);
  EXPECT_EQ(calls.Load().value_or(0), 3);
}

// The item 0 fails last.
int FailInTurn(int item, const Event& other_failed) {
  if (item == 0) other_failed.Wait(GetEnvironment().patience).IgnoreError();
  if (item == 1) other_failed.Set().IgnoreError();
  throw std::runtime_error("item " + std::to_string(item));
}
ISOPROC_CASE(PoolMap, POOL_27, ErrorIsThatOfTheFirstItem) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(const Event failed, Event::Create());
  const std::vector<std::pair<int, Event>> items = {{0, failed}, {1, failed}};
  const absl::Status status = pool.StarMap<FailInTurn>(items, {.chunk_size = 1}).status();
  EXPECT_EQ(status.message(), "item 0: std::runtime_error: item 0");
  Observe("message", std::string(status.message()));
}

ISOPROC_CASE(PoolMap, POOL_28, ExceptionOfTheInputComesOut) {
  ASSERT_OK_AND_ASSIGN(Pool pool, Pool::Create({.processes = 1, .on_demand = true}));
  EXPECT_THROW(pool.Map<Square>(Input(5, 3)).IgnoreError(), std::runtime_error);
  EXPECT_THAT(pool.Statistics(), IsEmpty()) << "nothing was submitted";
  EXPECT_EQ(pool.Apply<Square>(2).value_or(0), 4);
}

std::string Paste(std::string left, int right) { return left + std::to_string(right); }

ISOPROC_CASE(PoolMap, POOL_29, StarMapTakesTuples) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  const std::vector<std::tuple<std::string, int>> tuples = {{"a", 1}, {"b", 2}};
  EXPECT_THAT(pool.StarMap<Paste>(tuples).value_or(std::vector<std::string>()),
              ElementsAre("a1", "b2"));
  const std::vector<std::pair<std::string, int>> pairs = {{"c", 3}};
  ASSERT_OK_AND_ASSIGN(const auto result, pool.StarMapAsync<Paste>(pairs));
  EXPECT_THAT(result.Get().value_or(std::vector<std::string>()), ElementsAre("c3"));
}

ISOPROC_CASE(PoolMap, POOL_30, StreamGoesOnAfterAnError) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<ThrowOnOdd>(Numbers(5)));
  EXPECT_EQ(Texts(stream), "0 error 2 error 4");
}
ISOPROC_CASE(PoolMap, POOL_30_2, StreamIsARange) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  int sum = 0;
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<Square>(Numbers(4)));
  for (const absl::StatusOr<int>& square : stream) sum += square.value_or(1000);
  EXPECT_EQ(sum, 14);
}
// Where a value is asked for at once, and nobody keeps the stream but the loop.
ISOPROC_CASE(PoolMap, POOL_30_3, LoopKeepsItsStream) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  int sum = 0;
  for (const absl::StatusOr<int>& square : pool.IMap<Square>(Numbers(4)).value()) {
    sum += square.value_or(1000);
  }
  for (const absl::StatusOr<int>& square : *pool.IMapUnordered<Square>(Numbers(4))) {
    sum += square.value_or(1000);
  }
  EXPECT_EQ(sum, 28);
  using Given = decltype(pool.IMap<Square>(Numbers(4)));
  static_assert(std::is_same_v<decltype(std::declval<Given>().value()), ResultStream<int>>);
  const absl::StatusOr<ResultStream<int>> base = pool.IMap<Square>(Numbers(4));
  EXPECT_OK(base);
}

// As that of a Map does.
ISOPROC_CASE(PoolMap, POOL_30_4, ErrorNamesTheItem) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  for (const int64_t chunk_size : {1, 3}) {
    ASSERT_OK_AND_ASSIGN(auto stream,
                         pool.IMap<ThrowOnOdd>(Numbers(5), {.chunk_size = chunk_size}));
    std::vector<std::string> messages;
    while (const auto next = stream.Next()) {
      if (next->ok()) continue;
      messages.emplace_back(next->status().message());
      EXPECT_TRUE(RemoteErrorOf(next->status()).has_value());
    }
    EXPECT_THAT(messages, ElementsAre("item 1: std::invalid_argument: odd 1",
                                      "item 3: std::invalid_argument: odd 3"));
  }
}

ISOPROC_CASE(PoolMap, POOL_31, StreamWithChunksIsTheSame) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<ThrowOnOdd>(Numbers(7), {.chunk_size = 3}));
  EXPECT_EQ(Texts(stream), "0 error 2 error 4 error 6");
}

ISOPROC_CASE(PoolMap, POOL_32, StreamCanBeAwaited) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  const auto hold = [](const std::pair<Event, Event>& events) {
    return Hold(events.first, events.second, 7);
  };
  const std::vector<std::pair<Event, Event>> items = {{begun, go}};
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap(hold, items));
  EXPECT_CODE(stream.Wait(absl::Milliseconds(1)), kDeadlineExceeded);
  EXPECT_OK(go.Set());
  EXPECT_OK(stream.Wait(GetEnvironment().patience));
  EXPECT_EQ(Texts(stream), "7");
  EXPECT_OK(stream.Wait(absl::ZeroDuration()));
}

ISOPROC_CASE(PoolMap, POOL_33, OptionsOfStreamsAreChecked) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  EXPECT_CODE(pool.IMap<Square>(Numbers(1), {.chunk_size = 0}), kInvalidArgument);
  EXPECT_CODE(pool.IMapUnordered<Square>(Numbers(1), {.chunk_size = 0}), kInvalidArgument);
  EXPECT_CODE(pool.IMap<Square>(Numbers(1), {.look_ahead = 0}), kInvalidArgument);
}

int WaitIfFirst(const std::pair<int, Event>& item) {
  if (item.first == 0) item.second.Wait(GetEnvironment().patience).IgnoreError();
  return item.first;
}
ISOPROC_CASE(PoolMap, POOL_34, UnorderedStreamGivesWhatIsThere) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  const std::vector<std::pair<int, Event>> items = {{0, go}, {1, go}, {2, go}};
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMapUnordered<WaitIfFirst>(items));
  EXPECT_EQ(Texts(stream, 2), "1 2");
  EXPECT_OK(go.Set());
  EXPECT_EQ(Texts(stream), "0");
}

// Where it stood in the input, and not among the results.
ISOPROC_CASE(PoolMap, POOL_34_2, ErrorOfAnUnorderedStreamNamesTheItem) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  const auto throw_unless_first = [](const std::pair<int, Event>& item) {
    if (item.first != 0) throw std::runtime_error("not the first");
    return WaitIfFirst(item);
  };
  const std::vector<std::pair<int, Event>> items = {{0, go}, {1, go}, {2, go}};
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMapUnordered(throw_unless_first, items));
  for (const char* const name : {"item 1: ", "item 2: "}) {
    EXPECT_EQ(stream.Next().value().status().message().substr(0, 8), name);
  }
  EXPECT_OK(go.Set());
  EXPECT_OK(stream.Next().value());
}

// The whole input is read at once.
ISOPROC_CASE(PoolMap, POOL_35, Complaint13InputIsReadAsResultsAreTaken) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  Input input(1000);
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<Square>(input, {.look_ahead = 5}));
  EXPECT_LE(input.read(), 5);
  EXPECT_EQ(Texts(stream, 3), "0 1 4");
  EXPECT_LE(input.read(), 8);
  Input other(1000);
  ASSERT_OK_AND_ASSIGN(auto by_default, pool.IMap<Square>(other));
  EXPECT_LE(other.read(), 8);
}

// Neither is a result kept back while the input blocks.
ISOPROC_CASE(PoolMap, POOL_35_2, ResultComesBeforeMoreIsRead) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  Input input(1000);
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<Square>(input, {.look_ahead = 1}));
  EXPECT_EQ(Texts(stream, 1), "0");
  EXPECT_EQ(input.read(), 0);
  EXPECT_OK(stream.Wait(GetEnvironment().patience));
  EXPECT_EQ(input.read(), 1);
  EXPECT_EQ(Texts(stream, 1), "1");
}

ISOPROC_CASE(PoolMap, POOL_36, ResultsBeforeTheInputFailedComeFirst) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  for (const int64_t chunk_size : {1, 3}) {
    ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<Square>(Input(9, 4), {.chunk_size = chunk_size}));
    EXPECT_EQ(Texts(stream, 4), "0 1 4 9");
    EXPECT_THROW(stream.Next(), std::runtime_error);
    EXPECT_EQ(stream.Next(), std::nullopt);
  }
}

ISOPROC_CASE(PoolMap, POOL_37, StreamStaysAtItsEnd) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<Square>(Numbers(1)));
  EXPECT_EQ(Texts(stream), "0");
  EXPECT_EQ(stream.Next(), std::nullopt);
  EXPECT_EQ(stream.Next(), std::nullopt);
}

ISOPROC_CASE(PoolMap, POOL_68, ProgressIsTold) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(2));
  std::vector<uint64_t> told;
  ASSERT_OK(pool.Map<Square>(Numbers(20), {.on_progress = [&told](uint64_t done, uint64_t total) {
                               EXPECT_EQ(total, 20u);
                               told.push_back(done);
                             }}));
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), 20u) << "before the result is ready";
  for (size_t i = 1; i < told.size(); ++i) EXPECT_LT(told[i - 1], told[i]);
}

ISOPROC_CASE(PoolMap, POOL_68_2, NothingIsToldOfNothing) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  bool told = false;
  EXPECT_OK(
      pool.Map<Square>(Numbers(0), {.on_progress = [&told](uint64_t, uint64_t) { told = true; }}));
  EXPECT_FALSE(told);
}

ISOPROC_CASE(PoolMap, POOL_73, ClosedPoolEndsStreams) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  Input input(1000);
  ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<Square>(input, {.look_ahead = 3}));
  pool.Close();
  EXPECT_EQ(Texts(stream, 3), "0 1 4");
  const auto last = stream.Next();
  ASSERT_TRUE(last.has_value());
  EXPECT_CODE(*last, kFailedPrecondition);
  EXPECT_EQ(stream.Next(), std::nullopt);
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  Observe("reason", last->status());
}

int ThrowAtThree(int x) {
  if (x == 3) throw std::runtime_error("three");
  return x;
}
// Whoever waits for the next result gets it, and the end.
ISOPROC_CASE(PoolMap, POOL_73_2, TerminatedPoolEndsStreams) {
  for (const bool ordered : {true, false}) {
    ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
    ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
    const std::vector<Event> items(5, begun);
    ASSERT_OK_AND_ASSIGN(auto stream, ordered ? pool.IMap<Hang>(items, {.look_ahead = 2})
                                              : pool.IMapUnordered<Hang>(items, {.look_ahead = 2}));
    std::thread killer([&] {
      EXPECT_OK(begun.Wait(GetEnvironment().patience));
      pool.Terminate();
    });
    EXPECT_CODE(stream.Next().value(), kCancelled);
    EXPECT_CODE(stream.Next().value(), kCancelled);
    killer.join();
    EXPECT_CODE(stream.Next().value(), kFailedPrecondition);
    EXPECT_EQ(stream.Next(), std::nullopt);
  }
}
ISOPROC_CASE(PoolMap, POOL_73_3, StreamOutlivesItsPool) {
  std::optional<Pool> pool = MakePool(1).value();
  ASSERT_OK_AND_ASSIGN(auto stream, pool->IMap<ThrowAtThree>(Numbers(9), {.look_ahead = 4}));
  pool.reset();
  EXPECT_EQ(Texts(stream, 4), "0 1 2 error");
  EXPECT_CODE(stream.Next().value(), kFailedPrecondition);
  EXPECT_EQ(stream.Next(), std::nullopt);
}

ISOPROC_CASE(PoolMap, POOL_74, DroppedStreamIsCancelled) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const auto calls, Value<int>::Create(0));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  ASSERT_OK_AND_ASSIGN(const auto first, pool.ApplyAsync<Hold>(begun, go, 1));
  {
    const std::vector<Value<int>> items(5, calls);
    ASSERT_OK_AND_ASSIGN(auto stream, pool.IMap<CountAndThrowFirst>(items));
  }
  EXPECT_OK(go.Set());
  EXPECT_OK(first.Get(GetEnvironment().patience));
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
  EXPECT_EQ(calls.Load().value_or(1), 0);
}

// The values of a stream, which it owns.
class Values {
 public:
  explicit Values(ResultStream<int> stream) : stream_(std::move(stream)) {}

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(ResultStream<int>* stream) : stream_(stream), next_(stream->Next()) {}
    int operator*() const { return **next_; }
    Iterator& operator++() {
      next_ = stream_->Next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& iterator, std::default_sentinel_t) {
      return !iterator.next_.has_value();
    }

   private:
    ResultStream<int>* stream_ = nullptr;
    std::optional<absl::StatusOr<int>> next_;
  };
  Iterator begin() { return Iterator(&stream_); }
  std::default_sentinel_t end() const { return std::default_sentinel; }

 private:
  ResultStream<int> stream_;
};

struct HoldEach {
  Event begun;
  Event go;
  int operator()(int value) const { return Hold(begun, go, value); }
};
// The pool ends its task later, and must not be the one that destroys the inner stream.
ISOPROC_CASE(PoolMap, POOL_74_2, DroppedChainOfStreamsIsCancelled) {
  ASSERT_OK_AND_ASSIGN(Pool pool, MakePool(1));
  ASSERT_OK_AND_ASSIGN(const Event begun, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event go, Event::Create());
  {
    ASSERT_OK_AND_ASSIGN(auto inner, pool.IMap<Square>(Numbers(100)));
    ASSERT_OK_AND_ASSIGN(
        auto outer, pool.IMap(HoldEach{begun, go}, Values(std::move(inner)), {.look_ahead = 1}));
    EXPECT_OK(begun.Wait(GetEnvironment().patience));
  }
  EXPECT_OK(go.Set());
  EXPECT_EQ(pool.Apply<Square>(3).value_or(0), 9);
  pool.Close();
  EXPECT_OK(pool.Join(GetEnvironment().patience));
}

}  // namespace
}  // namespace isoproc::conformance
