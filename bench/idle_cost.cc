// What a thread costs that waits for a lock of isoproc:
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

int Run(std::chrono::seconds time) {
  const absl::StatusOr<Lock> lock = Lock::Create();
  if (!lock.ok() || !lock->Acquire().ok()) return 1;
  bool in_time = true;
  std::thread sleeper([&lock, &in_time] { in_time = lock->Acquire(absl::Hours(1)).ok(); });
  // Until it sleeps, and looks as seldom as it ever will.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const double before = ProcessorMicroseconds();
  std::this_thread::sleep_for(time);
  const double used = ProcessorMicroseconds() - before;
  const bool released = lock->Release().ok();
  sleeper.join();
  std::printf("{\"microseconds\": {\"idle/isoproc\": [%.1f], \"idle/elapsed\": [%.1f]}}\n", used,
              std::chrono::duration<double, std::micro>(time).count());
  return released && in_time ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::bench

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::bench::Run(std::chrono::seconds(argc > 1 ? std::atoi(argv[1]) : 3));
}
