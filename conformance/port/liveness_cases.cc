// platform/port/liveness.h.
#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/port/support.h"
#include "platform/port/port.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

using port::DeathNotice;
using port::ProcessIdentity;

bool IsDead(const ProcessIdentity& process) {
  const absl::StatusOr<bool> alive = TestPort().IsAlive(process);
  return alive.ok() && !*alive;
}

ISOPROC_PORT_CHILD(TellsWhoItIs) {
  const absl::StatusOr<ProcessIdentity> self = context.port.Self();
  if (!self.ok() || !WriteValue(context.stream, *self).ok()) return 4;
  WaitForEnd(context.stream);
  return 0;
}

ISOPROC_CASE(Liveness, LIVE_01, TheCallerLives) {
  ASSERT_OK_AND_ASSIGN(const ProcessIdentity self, TestPort().Self());
  ASSERT_OK_AND_ASSIGN(const ProcessIdentity again, TestPort().Self());
  EXPECT_TRUE(self == again);
  EXPECT_EQ(self.pid, TestPort().ProcessId());
  ASSERT_OK_AND_ASSIGN(const bool alive, TestPort().IsAlive(self));
  EXPECT_TRUE(alive);
}

ISOPROC_CASE_WITH(Liveness, LIVE_01_2, ZombieIsDead, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "TellsWhoItIs"));
  ASSERT_OK_AND_ASSIGN(const auto process, ReadValue<ProcessIdentity>(*child.stream));
  EXPECT_EQ(process.pid, child.process->pid());
  ASSERT_OK_AND_ASSIGN(const bool alive, TestPort().IsAlive(process));
  EXPECT_TRUE(alive);
  ASSERT_OK(child.process->Kill(9));
  EXPECT_TRUE(Eventually([&] { return IsDead(process); })) << "it was not awaited yet";
}

ISOPROC_CASE_WITH(Liveness, LIVE_02, DeadAfterItWasAwaited, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "TellsWhoItIs"));
  ASSERT_OK_AND_ASSIGN(const auto process, ReadValue<ProcessIdentity>(*child.stream));
  child.stream.reset();
  ASSERT_OK(child.process->Wait(Patiently()));
  EXPECT_TRUE(Eventually([&] { return IsDead(process); }));
}

// The id lives, as the id of somebody else.
ISOPROC_CASE(Liveness, LIVE_02_2, ReusedIdIsNotTheDeadProcess) {
  ASSERT_OK_AND_ASSIGN(ProcessIdentity stranger, TestPort().Self());
  ++stranger.birth;
  EXPECT_TRUE(Eventually([&] { return IsDead(stranger); }));
  ASSERT_OK_AND_ASSIGN(const auto notice, TestPort().WatchDeath(stranger));
  EXPECT_OK(Ready(*notice, Patiently()));
}

ISOPROC_CASE_WITH(Liveness, LIVE_04, WhoeverHasTheIdCounts, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "TellsWhoItIs"));
  const ProcessIdentity anybody = {.pid = child.process->pid(), .birth = 0};
  ASSERT_OK_AND_ASSIGN(const bool alive, TestPort().IsAlive(anybody));
  EXPECT_TRUE(alive);
  child.stream.reset();
  ASSERT_OK(child.process->Wait(Patiently()));
  EXPECT_TRUE(Eventually([&] { return IsDead(anybody); }));
}

std::atomic<bool> forgotten = false;

ISOPROC_CASE(Liveness, LIVE_05, CopyForgetsBeforeForkReturns) {
  TestPort().RunInForkedCopies([] { forgotten = true; });
  EXPECT_EQ(system_support::RunInFork([] { return forgotten ? 0 : 1; }), 0);
  EXPECT_FALSE(forgotten) << "the original remembers";
}

ISOPROC_CASE(Liveness, LIVE_06, CopyHasAnIdOfItsOwn) {
  static const int64_t original = TestPort().ProcessId();
  EXPECT_EQ(TestPort().ProcessId(), original);
  EXPECT_EQ(system_support::RunInFork([] { return TestPort().ProcessId() == original ? 1 : 0; }),
            0);
  EXPECT_EQ(TestPort().ProcessId(), original);
}

ISOPROC_CASE_WITH(Liveness, LIVE_03, NoticeBecomesReadyAtDeathAndStays, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "TellsWhoItIs"));
  ASSERT_OK_AND_ASSIGN(const auto process, ReadValue<ProcessIdentity>(*child.stream));
  ASSERT_OK_AND_ASSIGN(const auto notice, TestPort().WatchDeath(process));
  EXPECT_CODE(Ready(*notice, Expired()), kDeadlineExceeded);
  EXPECT_CODE(Ready(*notice, In(absl::Milliseconds(5))), kDeadlineExceeded);
  ASSERT_OK(child.process->Kill(9));
  EXPECT_OK(Ready(*notice, Patiently()));
  EXPECT_OK(Ready(*notice, Expired()));
  ASSERT_OK(child.process->Wait(Patiently()));
  EXPECT_OK(Ready(*notice, Expired()));

  ASSERT_OK_AND_ASSIGN(const auto late, TestPort().WatchDeath(process));
  EXPECT_OK(Ready(*late, Patiently()));
}

ISOPROC_CASE(Liveness, LIVE_03_2, NoticeOfTheLivingIsNotReady) {
  ASSERT_OK_AND_ASSIGN(const ProcessIdentity self, TestPort().Self());
  ASSERT_OK_AND_ASSIGN(const auto notice, TestPort().WatchDeath(self));
  EXPECT_CODE(Ready(*notice, In(absl::Milliseconds(5))), kDeadlineExceeded);
}

ISOPROC_PORT_CHILD(WaitsForItsParentsDeath) {
  const absl::StatusOr<ProcessIdentity> parent = ReadValue<ProcessIdentity>(context.stream);
  if (!parent.ok()) return 4;
  const absl::StatusOr<std::unique_ptr<DeathNotice>> notice = context.port.WatchDeath(*parent);
  if (!notice.ok()) return 5;
  if (!Ready(**notice, In(absl::Milliseconds(1))).ok() && !WriteAll(context.stream, "w").ok()) {
    return 6;
  }
  WaitForEnd(context.stream);
  return 0;
}

ISOPROC_CASE_WITH(Liveness, LIVE_03_3, ChildWatchesItsParent, "processes") {
  ASSERT_OK_AND_ASSIGN(const ProcessIdentity self, TestPort().Self());
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WaitsForItsParentsDeath"));
  ASSERT_OK(WriteValue(*child.stream, self));
  ASSERT_OK(ReadExactly(*child.stream, 1));
  child.stream.reset();
  ASSERT_OK_AND_ASSIGN(const port::Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(end.value, 0);
}

}  // namespace
}  // namespace isoproc::conformance
