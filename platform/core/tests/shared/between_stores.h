// Steps of others between a thread's stores to shared memory.
#ifndef ISOPROC_PLATFORM_CORE_TESTS_SHARED_BETWEEN_STORES_H_
#define ISOPROC_PLATFORM_CORE_TESTS_SHARED_BETWEEN_STORES_H_

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "platform/testing/crash_atomic.h"

namespace isoproc::internal {

// What happens before the calling thread's first store to shared memory from now on, its second …
// The stores that this makes are not counted.
class BetweenStores {
 public:
  explicit BetweenStores(std::vector<std::function<void()>> steps) : steps_(std::move(steps)) {
    crash_point = &point_;
  }
  BetweenStores(const BetweenStores&) = delete;
  BetweenStores& operator=(const BetweenStores&) = delete;
  ~BetweenStores() { crash_point = nullptr; }

 private:
  void Reach() {
    if (next_ == steps_.size()) return;
    crash_point = nullptr;
    steps_[next_++]();
    crash_point = &point_;
  }

  const std::vector<std::function<void()>> steps_;
  size_t next_ = 0;
  std::function<void()> point_ = [this] { Reach(); };
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_TESTS_SHARED_BETWEEN_STORES_H_
