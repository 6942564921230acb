// Who runs: this process, its parent, its children; and on how many processors.
#ifndef ISOPROC_PROCESS_INFO_H_
#define ISOPROC_PROCESS_INFO_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "isoproc/process_options.h"

namespace isoproc {

namespace internal {
struct KnownProcess;
}  // namespace internal

// What is known of a process. A cheap value; any thread may use it.
class ProcessInfo {
 public:
  explicit ProcessInfo(std::shared_ptr<const internal::KnownProcess> process);

  // The system's process id.
  int64_t pid() const;
  // As given at its start; "main" for the process that the user started.      [PROC-14, PROC-50]
  const std::string& name() const;
  // How it was started; kSpawn for the process that the user started.                   [CTX-08]
  StartMethod start_method() const;

  // True for the calling process. For a parent or child: whether it still runs. Never blocks.
  bool IsAlive() const;

  // Waits for the end of a parent or child, without taking its exit status.             [PROC-51]
  // Blocks:    until then or `timeout`.
  // Errors:    DeadlineExceeded: it still runs. FailedPrecondition: it is the calling process.
  //                                                                                     [PROC-19]
  absl::Status Join(absl::Duration timeout = absl::InfiniteDuration()) const;

  // "process 'process-1' pid 4711"                                                      [PROC-62]
  std::string ToString() const;
  friend std::ostream& operator<<(std::ostream& out, const ProcessInfo& info) {
    return out << info.ToString();
  }

 private:
  std::shared_ptr<const internal::KnownProcess> process_;
};

// The calling process.                                                                  [PROC-50]
ProcessInfo CurrentProcess();

// The process that started this one through isoproc; nullopt in the process that the user started.
//                                                                                       [PROC-51]
std::optional<ProcessInfo> ParentProcess();

// The arguments of the process that the user started, as its Init got them; the same in all its
// descendants. Empty before Init.                                                       [CTX-16]
std::vector<std::string> ProgramArguments();

// In a child: whether its parent has called Stop. It stays so. Never blocks.            [PROC-35]
bool StopRequested();

// In a child: waits for the parent's Stop. True when it was called; false after `timeout`, and at
// once in a process that no isoproc parent can stop if `timeout` is infinite.
bool WaitForStop(absl::Duration timeout = absl::InfiniteDuration());

// Logical processors of the machine that are online, at least 1.                        [MISC-02]
int CpuCount();

// How many of them this process may use: its affinity and, in a container, its CPU quota rounded
// up. From 1 to CpuCount().                                                              [MISC-02]
int UsableCpuCount();

}  // namespace isoproc

#endif  // ISOPROC_PROCESS_INFO_H_
