// Ends the program when something takes too long, and says what it was.
#ifndef ISOPROC_TESTS_KILL_WATCHDOG_H_
#define ISOPROC_TESTS_KILL_WATCHDOG_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace isoproc::kill {

// To be made with `new` and kept: its thread never ends.
class Watchdog {
 public:
  Watchdog();

  // What ended before was in time. `again` is the command that does the next thing once more.
  void Begin(std::string again);

 private:
  static constexpr std::chrono::seconds kPatience{60};

  [[noreturn]] void Watch();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string again_;
  int64_t begun_ = 0;
};

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_WATCHDOG_H_
