// How a child learns what its parent wants of it, and that its parent is gone.
#ifndef ISOPROC_PLATFORM_CORE_PARENT_MONITOR_H_
#define ISOPROC_PLATFORM_CORE_PARENT_MONITOR_H_

#include <condition_variable>
#include <mutex>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Every process has one; only a child starts it.
// Thread safety: all functions from any thread.
class ParentMonitor {
 public:
  // Watches the parent in a thread of its own; ends the process with its parent unless the child is
  // detached. `control` and the monitor must live as long as the process.
  // Requires the only call.
  absl::Status Start(port::Stream& control, const StartMessage& message);

  // Whether there is the thread; it stays when the parent is gone.
  bool running();

  bool stop_requested();
  // Gives whether a stop was requested. What nobody can request any more is not awaited for ever.
  bool WaitForStop(absl::Duration timeout);

  bool parent_is_gone();
  // Errors: DeadlineExceeded.
  absl::Status WaitForParentsDeath(absl::Duration timeout);

 private:
  void Run(port::Port& port, port::Stream& control, port::DeathNotice* parent_death, bool detached);

  std::mutex mutex_;
  std::condition_variable changed_;  // what follows
  bool running_ = false;
  bool stop_requested_ = false;
  bool parent_gone_ = false;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_PARENT_MONITOR_H_
