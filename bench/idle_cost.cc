// What a thread costs that waits for a lock of isoproc, and one that waits for an item of a queue:
//
//   idle_cost [SECONDS=3]
//
// Prints the processor time and the time that went by, as start_processes does, for bench/run.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/floor.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {
namespace {

// The processor time that this process uses in `time` while a thread does `wait`, which `end` ends.
template <class Wait, class End>
double Measure(std::chrono::seconds time, Wait wait, End end) {
  std::thread sleeper(wait);
  // Until it sleeps, and looks as seldom as it ever will.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const double before = ProcessorMicroseconds();
  std::this_thread::sleep_for(time);
  const double used = ProcessorMicroseconds() - before;
  end();
  sleeper.join();
  return used;
}

int Run(std::chrono::seconds time) {
  const absl::StatusOr<Lock> lock = Lock::Create();
  const absl::StatusOr<Queue<int>> queue = Queue<int>::Create();
  if (!lock.ok() || !queue.ok() || !lock->Acquire().ok()) return 1;
  bool in_time = true;
  const double for_lock = Measure(
      time, [&] { in_time = lock->Acquire(absl::Hours(1)).ok(); },
      [&] { lock->Release().IgnoreError(); });
  const double for_item = Measure(
      time, [&] { in_time = queue->Get().ok() && in_time; }, [&] { queue->Put(1).IgnoreError(); });
  std::printf(
      "{\"microseconds\": {\"idle/isoproc\": [%.1f], \"idle/isoproc+queue\": [%.1f], "
      "\"idle/elapsed\": [%.1f]}}\n",
      for_lock, for_item, std::chrono::duration<double, std::micro>(time).count());
  return in_time ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::bench

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::bench::Run(std::chrono::seconds(argc > 1 ? std::atoi(argv[1]) : 3));
}
