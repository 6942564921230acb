// What cases of pools have in common.
#ifndef ISOPROC_CONFORMANCE_API_POOL_SUPPORT_H_
#define ISOPROC_CONFORMANCE_API_POOL_SUPPORT_H_

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/children/children.h"
#include "conformance/harness/environment.h"
#include "isoproc/async_result.h"
#include "isoproc/pool.h"
#include "isoproc/process_info.h"
#include "isoproc/status.h"
#include "isoproc/sync.h"
#include "platform/testing/left_running.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {

inline absl::StatusOr<Pool> MakePool(int processes) {
  return Pool::Create({.processes = processes});
}

inline absl::StatusCode CodeOf(const absl::Status& status) { return status.code(); }
template <class T>
absl::StatusCode CodeOf(const absl::StatusOr<T>& value) {
  return value.status().code();
}

// "exited 3", or what there is in place of an exit status.
inline std::string DeathOf(const absl::Status& status) {
  const auto exit_status = ExitStatusOf(status);
  return absl::StatusCodeToString(status.code()) + ": " +
         (exit_status.has_value() ? exit_status->ToString() : "no exit status");
}

// ---- tasks --------------------------------------------------------------------------------------

inline int Square(int x) { return x * x; }
inline int64_t PidOfWorker() { return CurrentProcess().pid(); }
// Says that it has begun, and gives `value` when it may go on.
inline int Hold(const Event& begun, const Event& go, int value) {
  begun.Set().IgnoreError();
  go.Wait(GetEnvironment().patience).IgnoreError();
  return value;
}
// Says that it has begun, and never ends.
inline int Hang(const Event& begun) {
  begun.Set().IgnoreError();
  Stay();
}
inline int ThrowOnOdd(int x) {
  if (x % 2 != 0) throw std::invalid_argument("odd " + std::to_string(x));
  return x;
}

// Both the worker and its copy come back from this. Gives the end of the copy.
inline int ComeBackTwice() {
  return system_support::RunInFork([]() -> int { throw std::runtime_error("the copy"); });
}
// Never read to its end, by a worker that says so: an argument, or a callable.
struct HangsWhenRead {
  Event begun;
  template <class Archive>
  void save(Archive& archive) const {
    archive(begun);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(begun);
    begun.Set().IgnoreError();
    Stay();
  }
  int operator()(int x) const { return x; }
};
// Ends the worker at a moment of its own, some time after `begun`: at most so many turns of other
// threads.
inline void EndSoonAfter(const std::atomic<bool>& begun, uint32_t most_turns) {
  LeaveRunning(std::thread([&begun, most_turns] {
    std::mt19937 random(static_cast<uint32_t>(CurrentProcess().pid()));
    while (!begun) std::this_thread::yield();
    for (uint32_t turns = random() % most_turns; turns > 0; --turns) std::this_thread::yield();
    std::_Exit(0);
  }));
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_POOL_SUPPORT_H_
