// Ctrl-C ends a pool in order: no task goes on, no worker stays, and the program says what is done.
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "isoproc/isoproc.h"

// Not a sig_atomic_t: Windows calls the handler in a thread of its own.
std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void OnInterrupt(int) {
  interrupted = true;
  std::signal(SIGINT, SIG_DFL);  // again ends the program at once, and the workers with it
}

int Work(int task) {
  if (task > 0) absl::SleepFor(absl::Hours(1));
  return task;
}

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  std::signal(SIGINT, OnInterrupt);  // after Init: not in the workers

  auto pool = isoproc::Pool::Create({.processes = 2}).value();
  std::vector<isoproc::AsyncResult<int>> results;
  for (int task = 0; task < 4; ++task) results.push_back(pool.ApplyAsync<Work>(task).value());

  // A signal ends no wait: so wait for a moment, again and again.
  isoproc::CompletionOrder order(results);
  while (!interrupted && order.left() > 0) {
    const std::optional<size_t> place = order.Next(absl::Milliseconds(50));
    if (!place.has_value()) continue;
    std::printf("task %d is done\n", results[*place].Get().value());
    std::raise(SIGINT);  // stands for somebody who presses Ctrl-C
  }
  if (!interrupted) return 0;

  pool.Terminate();
  std::printf("interrupted: %zu tasks are not done\n", order.left());
  for (const isoproc::AsyncResult<int>& result : results) {
    std::printf("%s\n", absl::StatusCodeToString(result.Get().status().code()).c_str());
  }
  return 0;  // here it was part of the plan; else return 130, as shells expect
}

// Seen: task 0 is done / interrupted: 3 tasks are not done / OK / CANCELLED / CANCELLED / CANCELLED
