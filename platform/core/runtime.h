// What isoproc knows about the process that it runs in.
#ifndef ISOPROC_PLATFORM_CORE_RUNTIME_H_
#define ISOPROC_PLATFORM_CORE_RUNTIME_H_

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {

class Child;
class ForkServer;
struct KnownProcess;

// One per process; all functions may be called from any thread. A fork of a process finds a new
// one, which knows the program but none of the children.
class Runtime {
 public:
  static Runtime& Get();

  // In the process that the user started: may start processes from now on. Twice has no effect.
  void InitMain(std::vector<std::string> arguments);
  // In a child: takes what its parent told it. Requires the only call, before the target runs.
  void InitChild(const StartMessage& message);
  port::Port& port() { return *port_; }
  port::Deadline DeadlineAfter(absl::Duration timeout) {
    return port::Deadline::After(port_->Now(), timeout);
  }
  // As port::Port::ExitNow; said once more for compilers that do not believe virtual functions.
  [[noreturn]] void ExitNow(int code) {
    port_->ExitNow(code);
    std::abort();
  }
  // For tests: what the runtime asks of the system, from now on and in all threads.
  void SetPortForTesting(port::Port* port) { port_ = port; }

  // ---- starting ---------------------------------------------------------------------------------

  // Errors: FailedPrecondition, with a message that teaches, if nothing may be started.
  absl::Status CheckReady();
  void SetExecutable(std::string path);

  // What a child is to run.
  struct Program {
    std::string path;
    std::string argv0;
  };
  // Errors: FailedPrecondition: the file was replaced. As port::Port::ProgramPath.
  absl::StatusOr<Program> ProgramToRun();

  // The number and family name of the next child, and what a child is told of this process.
  StartMessage DescribeChild();

  ForkServer& fork_server() { return *fork_server_; }
  // Threads of this process that are the library's own.
  int own_threads();

  // ---- children ---------------------------------------------------------------------------------

  void AddChild(std::shared_ptr<Child> child);
  void RemoveChild(const Child& child);
  // At the end of main, and of a kFork child's target: joins and kills as the children's options say.
  void EndChildren();
  // In a fork of this process: closes the copies of its ends of the children's streams, by which they
  // learn of the death of their parent.
  void ForgetChildrenAfterFork();
  // Those which have not been reaped, in the order of their start.
  std::vector<std::shared_ptr<Child>> Children();
  // Reaps children that have ended and whose Process is gone.
  void ReapAbandoned();

  // ---- this process -----------------------------------------------------------------------------

  std::shared_ptr<const KnownProcess> self();
  std::shared_ptr<const KnownProcess> parent();  // null in the process that the user started
  std::vector<std::string> arguments();

  // In a child: watches its parent in a thread of its own; ends the process with its parent unless
  // `detached`. `control` must live as long as the process.
  absl::Status WatchParent(port::Stream& control, const StartMessage& message);
  bool stop_requested();
  bool WaitForStop(absl::Duration timeout);
  bool parent_is_gone();
  // Errors: DeadlineExceeded.
  absl::Status WaitForParentsDeath(absl::Duration timeout);

 private:
  explicit Runtime(port::Port& port);

  void RegisterExitHandlerLocked();
  void RunMonitor(port::Stream& control, port::DeathNotice* parent_death, bool detached);
  // Waits until `done` is true under mutex_, or `timeout`. Gives the last value of `done`.
  template <class Predicate>
  bool WaitUntil(absl::Duration timeout, Predicate done);

  port::Port* port_;
  const int64_t process_id_;

  std::mutex mutex_;
  std::condition_variable changed_;  // stop_requested_, parent_gone_
  bool ready_ = false;
  bool exit_handler_registered_ = false;
  bool is_child_ = false;
  bool stop_requested_ = false;
  bool parent_gone_ = false;
  int own_threads_ = 0;
  std::vector<std::string> arguments_;
  std::string executable_;        // as set by the user; may be empty
  std::string program_path_;      // of the image that runs; empty if the system did not tell
  std::string program_identity_;  // of the image that runs; empty if it cannot be replaced
  std::string family_name_;
  uint32_t children_started_ = 0;
  std::optional<port::ProcessIdentity> identity_;
  std::vector<std::shared_ptr<Child>> children_;
  std::shared_ptr<const KnownProcess> self_;
  std::shared_ptr<const KnownProcess> parent_;
  std::unique_ptr<ForkServer> fork_server_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_RUNTIME_H_
