// A child that was started: what its Process, the list of children and the exit handler share.
#ifndef ISOPROC_PLATFORM_CORE_CHILD_H_
#define ISOPROC_PLATFORM_CORE_CHILD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/exit_status.h"
#include "isoproc/process_options.h"
#include "platform/core/wait_source.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// How a Termination reads to users who know nothing of what the child said.
// Errors: Unknown: the status was taken by somebody else.
absl::StatusOr<ExitStatus> ToExitStatus(const port::Termination& termination);

// Thread safety: all functions from any number of threads.
class Child : public WaitSource, public std::enable_shared_from_this<Child> {
 public:
  // What of ProcessOptions matters after the start.
  struct Traits {
    std::string name;
    AtExit at_exit;
    absl::Duration exit_timeout;
    bool detached;
    StartMethod start_method;
  };

  Child(Traits traits, std::unique_ptr<port::ChildProcess> process,
        std::unique_ptr<port::Stream> control);

  const Traits& traits() const { return traits_; }
  int64_t pid() const { return process_->pid(); }

  // Errors: FailedPrecondition: this process is a fork of the one that started the child.
  absl::Status CheckIsParent() const;

  // As Process::Join.
  absl::StatusOr<ExitStatus> Join(absl::Duration timeout);
  bool IsAlive();
  std::optional<ExitStatus> exit_status();
  // As Process::Terminate and Process::Kill; `signal` is kSigTerm or kSigKill.
  absl::Status Kill(int signal);
  absl::Status KillTree(int signal);
  absl::StatusOr<ExitStatus> Stop(absl::Duration grace);

  absl::StatusOr<std::shared_ptr<port::Waitable>> PortWaitable() override;

  // In a fork of the parent, which has no other thread: see Runtime::ForgetChildrenAfterFork.
  void CloseControlAfterFork() { control_.reset(); }

  // What the destructor of Process does, and the end of main.
  void EndAsOptionsSay();
  // The Process of a detached child is gone: reap the child when it has ended.
  void Abandon() { abandoned_ = true; }
  bool abandoned() const { return abandoned_; }

 private:
  // The final status, once the child has ended: how the system says it ended, and what it said.
  absl::StatusOr<ExitStatus> Settle(const port::Termination& termination);

  const Traits traits_;
  const std::unique_ptr<port::ChildProcess> process_;
  const int64_t parent_id_;
  std::atomic<bool> abandoned_ = false;

  std::mutex mutex_;
  std::unique_ptr<port::Stream> control_;  // null once the child has ended
  std::optional<absl::StatusOr<ExitStatus>> settled_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CHILD_H_
