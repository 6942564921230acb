// A child that cannot take its bootstrap stream.
#include <cstdlib>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "isoproc/exit_status.h"
#include "isoproc/process.h"
#include "isoproc/process_options.h"
#include "isoproc/status.h"
#include "platform/core/runtime.h"
#include "platform/port/port.h"
#include "platform/testing/fault_port.h"

namespace isoproc::internal {
namespace {

constexpr char kVariable[] = "ISOPROC_TEST_ADOPT_FAILS";

// Before Init, in the child that is told so.
const bool is_broken_child = [] {
  if (std::getenv(kVariable) == nullptr) return false;
  auto* const port = new port::FaultPort(port::HostPort());
  port->FailCall(1, absl::ResourceExhaustedError("injected"), port::FaultPlan::Repeat::kOnce,
                 "AdoptBootstrap");
  Runtime::Get().SetPortForTesting(port);
  return true;
}();

void DoNothing() {}

// It must not take itself for a program that a user started, and run main.
TEST(Bootstrap, ChildWithoutItsStreamEndsAndStartSaysSo) {
  if (is_broken_child) std::_Exit(77);  // this is main
  if (!port::HostPort().capabilities().processes) GTEST_SKIP() << "the port starts no processes";
  ProcessOptions options;
  options.environment = std::map<std::string, std::string>{{kVariable, "1"}};
  const absl::Status status = Process::Start<DoNothing>(options).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(ExitStatusOf(status), ExitStatus::Exited(1));
}

}  // namespace
}  // namespace isoproc::internal
