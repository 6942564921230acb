// What the cases of start methods have in common.
#ifndef ISOPROC_CONFORMANCE_API_START_METHOD_SUPPORT_H_
#define ISOPROC_CONFORMANCE_API_START_METHOD_SUPPORT_H_

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "conformance/api/replaced_port.h"
#include "conformance/harness/status_matchers.h"
#include "gtest/gtest.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "platform/port/port.h"
#include "platform/testing/fault_port.h"

namespace isoproc::conformance {

inline ProcessOptions By(StartMethod method) {
  ProcessOptions options;
  options.start_method = method;
  return options;
}

inline int ReportMethod() { return 10 + static_cast<int>(CurrentProcess().start_method()); }

// Expects that a method is refused before anything was asked of the system.
inline void ExpectRefused(StartMethod method) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  const absl::Status status = Process::Start<ReportMethod>(By(method)).status();
  EXPECT_CODE(status, kUnimplemented);
  EXPECT_TRUE(port.calls().empty()) << absl::StrJoin(port.calls(), ", ");
  EXPECT_TRUE(ActiveChildren().empty());
}

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_START_METHOD_SUPPORT_H_
