// Ends the program when a case hangs.
#ifndef ISOPROC_CONFORMANCE_HARNESS_WATCHDOG_H_
#define ISOPROC_CONFORMANCE_HARNESS_WATCHDOG_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/time/time.h"

namespace isoproc::conformance {

// While an object of it lives, a thread watches: after `timeout` it prints `what` to the standard
// error, calls `last_words`, and aborts. An abort and not an exit, since destructors may hang as
// well, and a debugger or core file shows where. Children of the program end with it.
class Watchdog {
 public:
  Watchdog(absl::Duration timeout, std::string what, std::function<void()> last_words);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

 private:
  const std::string what_;
  const std::function<void()> last_words_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_WATCHDOG_H_
