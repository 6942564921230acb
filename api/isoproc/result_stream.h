// Results of IMap and IMapUnordered, one after the other.
#ifndef ISOPROC_RESULT_STREAM_H_
#define ISOPROC_RESULT_STREAM_H_

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/async_result.h"
#include "isoproc/internal/stream_state.h"

namespace isoproc {

//   for (const absl::StatusOr<int>& square : pool.IMap<Square>(numbers).value()) …
//
// Items are taken from the input here, by the thread that asks for results, at most
// StreamOptions::look_ahead more than it has got. An input given as an lvalue is referred to, and
// must live as long as the stream; others move into it.                       [POOL-35, FUT-15]
// Next and Wait therefore also block for as long as the input takes.                    [POOL-35]
// An exception of the input comes out of Next after the results of what was taken before. [POOL-36]
// When the pool is closed, broken or terminated, no more is taken: the results of what it has come,
// then the reason, in place of the chunk that it did not take, then the end.            [POOL-73]
// Destroying it cancels what no worker has, and destroys an input that moved into it.
//                                                                                       [POOL-74]
// Move-only. Thread safety: one thread at a time. In a fork of the process that made it, Wait fails
// with kFailedPrecondition; Next gives that once, then the end.                         [POOL-55]
template <class R>
class ResultStream {
 public:
  ResultStream(ResultStream&& other) noexcept = default;
  ResultStream& operator=(ResultStream&& other) noexcept {
    if (this != &other) {
      Abandon();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~ResultStream() { Abandon(); }

  // The next result, or why there is none for that item, whose place in the input the message names
  // as that of a Map does: "item 3: …"; nullopt at the end, again and again. [POOL-30, POOL-37]
  // Blocks:  for the input, if there is room for more of it, and until the result is there.
  std::optional<Outcome<R>> Next() {
    if (state_ == nullptr) return std::nullopt;
    const std::optional<internal::TaskOutcome> outcome = state_->Next();
    if (!outcome.has_value()) return std::nullopt;
    Outcome<R> result = internal::ToOutcome<R>(*outcome);
    if (!result.ok()) result = state_->Named(internal::StatusOfOutcome(result));
    return result;
  }

  // Waits until Next has something to give.                                             [POOL-32]
  // Blocks:  for the input, however long that takes; then until there is a result, or `timeout`.
  // Errors:  DeadlineExceeded.
  absl::Status Wait(absl::Duration timeout = absl::InfiniteDuration()) {
    return state_ == nullptr ? absl::OkStatus() : state_->Await(timeout);
  }

  // An input iterator; begin takes the first result.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Outcome<R>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    reference operator*() const { return *current_; }
    pointer operator->() const { return &*current_; }
    Iterator& operator++() {
      current_ = stream_->Next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& iterator, std::default_sentinel_t) {
      return !iterator.current_.has_value();
    }

   private:
    friend class ResultStream;
    explicit Iterator(ResultStream* stream) : stream_(stream), current_(stream->Next()) {}
    ResultStream* stream_;
    std::optional<value_type> current_;
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return std::default_sentinel; }

 private:
  friend class Pool;
  explicit ResultStream(std::shared_ptr<internal::StreamState> state) : state_(std::move(state)) {}
  void Abandon() {
    if (state_ != nullptr) state_->Abandon();
  }

  std::shared_ptr<internal::StreamState> state_;
};

// What IMap gives. The value of a temporary one is a stream of its own, and no reference into what
// is gone when the body of the loop above begins.                                       [POOL-30]
template <class R>
class StatusOrStream : public absl::StatusOr<ResultStream<R>> {
  using Base = absl::StatusOr<ResultStream<R>>;

 public:
  explicit StatusOrStream(absl::Status error) : Base(std::move(error)) {}
  explicit StatusOrStream(ResultStream<R> stream) : Base(std::move(stream)) {}

  using Base::value;
  using Base::operator*;
  ResultStream<R> value() && { return static_cast<Base&&>(*this).value(); }
  ResultStream<R> operator*() && { return *static_cast<Base&&>(*this); }
};

}  // namespace isoproc

#endif  // ISOPROC_RESULT_STREAM_H_
