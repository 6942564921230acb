// Which cases run, what they are called, and that none can hang.
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "conformance/catalogue/catalogue.h"
#include "conformance/harness/case.h"
#include "conformance/harness/support.h"
#include "conformance/harness/watchdog.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "platform/testing/mock_port.h"

namespace isoproc::conformance {
namespace {

using testing::HasSubstr;
using testing::NiceMock;
using testing::Return;
using testing::ReturnRef;

class SupportTest : public testing::Test {
 protected:
  SupportTest() { ON_CALL(port_, capabilities).WillByDefault(ReturnRef(declared_)); }

  port::Capabilities declared_;
  NiceMock<port::MockPort> port_;
};

constexpr Clause kStream = Core("STRM-01", "A clause of the core.");
constexpr Clause kFork = Optional("CTX-15", "fork", "A clause of a capability.");

TEST_F(SupportTest, CoreOfAFinishedPortAlwaysRuns) {
  declared_.processes = true;
  EXPECT_CALL(port_, CreateStreamPair).Times(0);
  EXPECT_TRUE(SupportOf(kStream, "", port_).supported);
}

TEST_F(SupportTest, DeclaredCapabilityRuns) {
  declared_.processes = declared_.fork = true;
  EXPECT_TRUE(SupportOf(kFork, "", port_).supported);
  EXPECT_TRUE(SupportOf(kStream, "processes,fork", port_).supported);
}

TEST_F(SupportTest, CapabilityThatIsRefusedIsNotSupported) {
  declared_.processes = true;
  ON_CALL(port_, Fork).WillByDefault([](const auto&, auto, const auto&) {
    return absl::UnimplementedError("no fork here");
  });
  for (const Support& support : {SupportOf(kFork, "", port_), SupportOf(kStream, "fork", port_)}) {
    EXPECT_FALSE(support.supported);
    EXPECT_EQ(support.capability, "fork");
    EXPECT_EQ(support.reason, "no fork here");
    EXPECT_EQ(support.problem, "");
  }
}

TEST_F(SupportTest, CapabilityThatIsNotRefusedIsAProblem) {
  declared_.processes = true;
  ON_CALL(port_, Fork).WillByDefault([](const auto&, auto, const auto&) {
    return absl::NotFoundError("no such program");
  });
  const Support support = SupportOf(kFork, "", port_);
  EXPECT_FALSE(support.supported);
  EXPECT_THAT(support.problem, HasSubstr("NOT_FOUND"));
}

TEST_F(SupportTest, FactOfTheSystemHasNothingToRefuse) {
  declared_.processes = true;
  const Support support = SupportOf(kStream, "foreign_fork", port_);
  EXPECT_FALSE(support.supported);
  EXPECT_EQ(support.capability, "foreign_fork");
  EXPECT_EQ(support.problem, "");
}

TEST_F(SupportTest, UnfinishedPortTurnsGreenOperationByOperation) {
  ON_CALL(port_, CreateStreamPair).WillByDefault([] {
    return absl::UnimplementedError("not yet");
  });
  const Support support = SupportOf(kStream, "", port_);
  EXPECT_FALSE(support.supported);
  EXPECT_EQ(support.capability, "processes");
  EXPECT_THAT(support.reason, HasSubstr("unfinished"));

  ON_CALL(port_, CreateStreamPair).WillByDefault([] { return port::StreamPair(); });
  EXPECT_TRUE(SupportOf(kStream, "", port_).supported);
}

TEST_F(SupportTest, CapabilityThatDoesNotExistIsAProblem) {
  declared_.processes = true;
  EXPECT_THAT(SupportOf(kStream, "wings", port_).problem, HasSubstr("wings"));
}

TEST(CaseInfo, NamesComeFromTheToken) {
  const CaseInfo first{"Process", "PROC_02", "StartedProcessIsAlive", "", "", 0};
  EXPECT_EQ(first.clause(), "PROC-02");
  EXPECT_EQ(first.id(), "PROC-02.1");
  EXPECT_EQ(first.test_name(), "PROC02StartedProcessIsAlive");
  const CaseInfo second{"Process", "PROC_14_2", "ChildSeesTheName", "", "", 0};
  EXPECT_EQ(second.clause(), "PROC-14");
  EXPECT_EQ(second.id(), "PROC-14.2");
  EXPECT_EQ(second.test_name(), "PROC14Case2ChildSeesTheName");
}

void HangUnderAWatchdog() {
  const Watchdog watchdog(absl::Milliseconds(20), "Suite.Name (PROC-02.1)", [] {});
  absl::SleepFor(absl::InfiniteDuration());
}

TEST(WatchdogDeathTest, EndsTheProgramAndNamesTheCase) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(HangUnderAWatchdog(), "WATCHDOG.*Suite.Name .PROC-02.1.");
}

TEST(Watchdog, LetsGoOfACaseThatEnds) {
  for (int i = 0; i < 100; ++i) const Watchdog watchdog(absl::Hours(1), "fast", [] {});
}

}  // namespace
}  // namespace isoproc::conformance
