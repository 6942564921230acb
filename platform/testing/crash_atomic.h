// Atomics that can end a thread: what platform/core/shared is built with to be tested. See
// platform/core/shared/atomic.h.
#ifndef ISOPROC_PLATFORM_TESTING_CRASH_ATOMIC_H_
#define ISOPROC_PLATFORM_TESTING_CRASH_ATOMIC_H_

#include <atomic>
#include <functional>

namespace isoproc::internal {

// What stands before each store of the calling thread; null: nothing does. It need not return.
inline thread_local std::function<void()>* crash_point = nullptr;

// What stands before each load of the calling thread, of which word and in which order; null:
// nothing does.
inline thread_local std::function<void(const void* word, std::memory_order order)>* load_point =
    nullptr;

// As std::atomic, with a crash point before each store.
template <class T>
class Atomic {
 public:
  static constexpr auto kStrongest = std::memory_order_seq_cst;

  T load(std::memory_order order = kStrongest) const {
    if (load_point != nullptr) (*load_point)(this, order);
    return value_.load(order);
  }
  void store(T value, std::memory_order order = kStrongest) {
    Reach();
    value_.store(value, order);
  }
  T exchange(T value, std::memory_order order = kStrongest) {
    Reach();
    return value_.exchange(value, order);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success = kStrongest,
                               std::memory_order failure = kStrongest) {
    Reach();
    return value_.compare_exchange_strong(expected, desired, success, failure);
  }
  T fetch_add(T by, std::memory_order order = kStrongest) {
    Reach();
    return value_.fetch_add(by, order);
  }
  T fetch_or(T bits, std::memory_order order = kStrongest) {
    Reach();
    return value_.fetch_or(bits, order);
  }
  T fetch_and(T bits, std::memory_order order = kStrongest) {
    Reach();
    return value_.fetch_and(bits, order);
  }

  const std::atomic<T>& standard() const { return value_; }

 private:
  static void Reach() {
    if (crash_point != nullptr) (*crash_point)();
  }

  std::atomic<T> value_;
};

template <class T>
const std::atomic<T>& ToStandard(const Atomic<T>& atomic) {
  return atomic.standard();
}

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_TESTING_CRASH_ATOMIC_H_
