#include "platform/core/parent_monitor.h"

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/runtime.h"
#include "platform/core/wait_until.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {

absl::Status ParentMonitor::Start(port::Stream& control, const StartMessage& message) {
  port::Port& port = Runtime::Get().port();
  // The notice lives as long as the process, as the thread that waits for it does.
  port::DeathNotice* parent_death = nullptr;
  if (message.parent_is_watchable) {
    absl::StatusOr<std::unique_ptr<port::DeathNotice>> notice = port.WatchDeath(message.parent);
    if (!notice.ok()) return notice.status();
    parent_death = notice->release();
  }
  const bool detached = message.detached;
  {
    const std::lock_guard lock(mutex_);
    running_ = true;
  }
  return port.StartThread([this, &port, &control, parent_death, detached] {
    Run(port, control, parent_death, detached);
  });
}

void ParentMonitor::Run(port::Port& port, port::Stream& control, port::DeathNotice* parent_death,
                        bool detached) {
  // Nothing is allocated here: the first allocation of a thread gives it a heap of its own.
  const std::array<port::Waitable*, 2> both = {&control, parent_death};
  const absl::Span<port::Waitable* const> objects(both.data(), parent_death != nullptr ? 2 : 1);
  while (true) {
    const absl::StatusOr<std::vector<size_t>> ready =
        port.WaitAny(objects, port::Deadline::Never());
    if (!ready.ok()) break;
    if (ready->front() != 0) break;  // nothing to read, and the parent is dead
    const absl::StatusOr<Frame> frame = ReadFrame(control, port::Deadline::Never());
    if (!frame.ok()) break;
    if (frame->kind == FrameKind::kStop) {
      const std::lock_guard lock(mutex_);
      stop_requested_ = true;
      changed_.notify_all();
    }
  }
  if (!detached) port.EndFamily();
  std::unique_lock lock(mutex_);
  parent_gone_ = true;
  changed_.notify_all();
  // For ever: while a thread ends, nobody can say whether the system still counts it, and kFork has
  // to know how many there are.
  while (true) changed_.wait(lock);
}

bool ParentMonitor::running() {
  const std::lock_guard lock(mutex_);
  return running_;
}

bool ParentMonitor::stop_requested() {
  const std::lock_guard lock(mutex_);
  return stop_requested_;
}

bool ParentMonitor::WaitForStop(absl::Duration timeout) {
  const bool for_ever = timeout == absl::InfiniteDuration();
  const auto can_come = [&] { return running_ && !parent_gone_; };
  std::unique_lock lock(mutex_);
  WaitUntil(changed_, lock, timeout, [&] { return stop_requested_ || (for_ever && !can_come()); });
  return stop_requested_;
}

bool ParentMonitor::parent_is_gone() {
  const std::lock_guard lock(mutex_);
  return parent_gone_;
}

absl::Status ParentMonitor::WaitForParentsDeath(absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  if (WaitUntil(changed_, lock, timeout, [this] { return parent_gone_; })) return absl::OkStatus();
  return absl::DeadlineExceededError("the parent still runs");
}

}  // namespace isoproc::internal
