// What isoproc knows about the process that it runs in.
#ifndef ISOPROC_PLATFORM_CORE_RUNTIME_H_
#define ISOPROC_PLATFORM_CORE_RUNTIME_H_

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "platform/core/children.h"
#include "platform/core/fork_server.h"
#include "platform/core/parent_monitor.h"
#include "platform/core/program.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {

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
  void SetExecutable(std::string path);

  // ---- the system -------------------------------------------------------------------------------

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

  // ---- what the process has ---------------------------------------------------------------------

  Program& program() { return program_; }
  Children& children() { return children_; }
  ForkServer& fork_server() { return fork_server_; }
  ParentMonitor& parent_monitor() { return parent_monitor_; }

  // At the end of main, and of a kFork child's target: ends what was started, as options say.
  void EndChildren();
  // Has `end` called first then: what would start children anew. One function for all calls.
  void BeforeEndingChildren(void (*end)()) { before_ending_ = end; }
  // In a fork of this process, which is about to find a Runtime of its own: closes the copies of
  // this one's streams.
  void ForgetChildrenAfterFork();

  // ---- who the process is -----------------------------------------------------------------------

  std::shared_ptr<const KnownProcess> self();
  std::shared_ptr<const KnownProcess> parent();  // null in the process that the user started

  // The number and family name of the next child, and what a child is told of this process.
  StartMessage DescribeChild();

 private:
  Runtime(port::Port& port, const Program* program_of_forked);

  static void EndChildrenAtExit();

  port::Port* port_;
  const int64_t process_id_;

  Program program_;
  Children children_;
  ForkServer fork_server_;
  ParentMonitor parent_monitor_;
  std::atomic<void (*)()> before_ending_ = nullptr;

  std::mutex mutex_;  // of what follows
  std::shared_ptr<const KnownProcess> self_;
  std::shared_ptr<const KnownProcess> parent_;
  std::string family_name_;
  uint32_t children_started_ = 0;
  std::optional<port::ProcessIdentity> identity_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_RUNTIME_H_
