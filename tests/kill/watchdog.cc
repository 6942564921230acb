#include "tests/kill/watchdog.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "platform/testing/left_running.h"

namespace isoproc::kill {

Watchdog::Watchdog() {
  LeaveRunning(std::thread([this] { Watch(); }));
}

void Watchdog::Begin(std::string again) {
  const std::lock_guard lock(mutex_);
  again_ = std::move(again);
  ++begun_;
  changed_.notify_all();
}

void Watchdog::Watch() {
  std::unique_lock lock(mutex_);
  int64_t last = 0;
  do {
    last = begun_;
  } while (changed_.wait_for(lock, kPatience, [&] { return begun_ != last; }));
  std::printf("HANGS, again with: %s\n", again_.c_str());
  std::fflush(stdout);
  std::_Exit(1);
}

}  // namespace isoproc::kill
