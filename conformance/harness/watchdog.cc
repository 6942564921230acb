#include "conformance/harness/watchdog.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace isoproc::conformance {

Watchdog::Watchdog(absl::Duration timeout, std::string what, std::function<void()> last_words)
    : what_(std::move(what)), last_words_(std::move(last_words)) {
  thread_ = std::thread([this, timeout] {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), [this] { return done_; })) {
      return;
    }
    std::fprintf(stderr, "\nWATCHDOG: still running after %s: %s\n",
                 absl::FormatDuration(timeout).c_str(), what_.c_str());
    std::fflush(stderr);
    last_words_();
    std::abort();
  });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace isoproc::conformance
