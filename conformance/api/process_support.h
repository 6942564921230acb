// What cases of Process have in common.
#ifndef ISOPROC_CONFORMANCE_API_PROCESS_SUPPORT_H_
#define ISOPROC_CONFORMANCE_API_PROCESS_SUPPORT_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "conformance/children/children.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/system_pipe.h"
#include "gtest/gtest.h"
#include "isoproc/exit_status.h"
#include "isoproc/process.h"
#include "isoproc/process_options.h"

namespace isoproc::conformance {

inline std::string Show(const absl::StatusOr<ExitStatus>& status) {
  return status.ok() ? status->ToString() : absl::StatusCodeToString(status.status().code());
}

// Awaits the end, which must come.
inline absl::StatusOr<ExitStatus> Await(Process& process) {
  return process.Join(GetEnvironment().patience);
}
inline std::string EndOf(Process& process) { return Show(Await(process)); }
// Of a child that was just started; why it was not, if so.
inline std::string EndOf(absl::StatusOr<Process> process) {
  return process.ok() ? EndOf(*process) : "not started: " + process.status().ToString();
}

// Killable(), with the standard output in `pipe`, and nothing on the standard error.
inline ProcessOptions Into(const SystemPipe& pipe) {
  ProcessOptions options = Killable();
  options.standard_output = pipe.WriteEnd();
  options.standard_error = StandardStream::Null();
  return options;
}
inline ProcessOptions Between(const SystemPipe& input, const SystemPipe& output) {
  ProcessOptions options = Into(output);
  options.standard_input = input.ReadEnd();
  return options;
}

// Passes the time that a process needs from its start to its end. What does not wait as it should
// has gone on by then; nothing that does is disturbed by it, however long it takes.
inline void LetAnotherComeAndGo() { EXPECT_EQ(EndOf(Process::Start<DoNothing>()), "exited 0"); }

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_PROCESS_SUPPORT_H_
