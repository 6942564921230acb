// Waits for a queue by threads that do not take what they waited for, in a library in which nobody
// looks by himself: who gets must be woken all the same.
#include <atomic>
#include <thread>
#include <vector>

#include "isoproc/isoproc.h"
#include "platform/testing/test_patience.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/watchdog.h"

namespace isoproc::kill {
namespace {

void AwaitSleepers(int count) {
  while (CountSleepers() != count) std::this_thread::yield();
}

// Threads that wait for the queue again and again, until it is closed.
class Waiters {
 public:
  Waiters(const Queue<int>& queue, int count) : queue_(queue) {
    const Waitable item = queue.AsWaitable().value();
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, item] {
        while (!over_) Wait({&item, 1}).value();
      });
    }
  }
  void CloseAndEnd() {
    over_ = true;
    queue_.Close();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  const Queue<int> queue_;
  std::atomic<bool> over_ = false;
  std::vector<std::thread> threads_;
};

// One is chosen for each item, most often one who does not take it.
void WhoGetsIsWoken(Watchdog& watchdog) {
  constexpr int kWaiters = 3;
  const auto queue = Queue<int>::Create().value();
  Waiters waiters(queue, kWaiters);
  std::atomic<int> got = 0;
  std::thread getter([&] {
    while (queue.Get().ok()) ++got;
  });
  for (int i = 0; i < 200; ++i) {
    watchdog.Begin("waits_for_queues");
    AwaitSleepers(kWaiters + 1);
    queue.Put(i).IgnoreError();
    while (got == i) std::this_thread::yield();
  }
  AwaitSleepers(kWaiters + 1);
  waiters.CloseAndEnd();
  getter.join();
}

int Run() {
  internal::nobody_looks = true;
  Enter();
  WhoGetsIsWoken(*new Watchdog);
  return 0;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::kill::Run();
}
