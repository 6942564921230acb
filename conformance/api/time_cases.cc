// Time, in every call of the library that can block.
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "isoproc/wait.h"

namespace isoproc::conformance {
namespace {

// Beyond what systems count in: milliseconds in 32 bits, nanoseconds in 64, and everything.
const absl::Duration kHuge[] = {absl::Hours(24 * 26), absl::Hours(24 * 365 * 300),
                                absl::Hours(1e15)};

ISOPROC_CASE_WITH(ProcessTime, GEN_01_2, NegativeTimeoutIsZero, "processes") {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 0));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  for (const absl::Duration timeout : {-absl::Seconds(1), -absl::InfiniteDuration()}) {
    EXPECT_CODE(process.Join(timeout), kDeadlineExceeded);
    EXPECT_CODE(Wait(absl::MakeConstSpan(&end, 1), timeout), kDeadlineExceeded);
    const std::vector<ProcessInfo> children = ActiveChildren();
    ASSERT_FALSE(children.empty());
    EXPECT_CODE(children.back().Join(timeout), kDeadlineExceeded);
    EXPECT_FALSE(WaitForStop(timeout));
    ProcessOptions options = Killable();
    options.start_timeout = timeout;
    // It looks once: a child may be ready by then.
    const absl::Status started = Process::Start<DoNothing>(options).status();
    EXPECT_TRUE(started.ok() || absl::IsDeadlineExceeded(started)) << started;
  }
  // The child may hear of it before it is terminated, or not.
  EXPECT_OK(process.Stop(-absl::Seconds(1)));
}

ISOPROC_CASE_WITH(ProcessTime, GEN_02_2, ZeroTriesOnceAndNoTimeoutWaits, "processes") {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitEndOfInput>(Between(input, output)));
  input.CloseReadEnd();
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  EXPECT_CODE(process.Join(absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_CODE(Wait(absl::MakeConstSpan(&end, 1), absl::ZeroDuration()), kDeadlineExceeded);
  absl::Status waited = absl::UnknownError("not waited");
  std::string joined;
  std::thread waiter([&] { waited = Wait(absl::MakeConstSpan(&end, 1)).status(); });
  std::thread joiner([&] { joined = Show(process.Join()); });
  EXPECT_CODE(process.Join(absl::Milliseconds(20)), kDeadlineExceeded) << "they wait meanwhile";
  input.CloseWriteEnd();
  waiter.join();
  joiner.join();
  EXPECT_OK(waited);
  EXPECT_EQ(joined, "exited 0");
}

ISOPROC_CASE_WITH(ProcessTime, GEN_03_2, NoTimeIsEnoughForWhatIsThere, "processes") {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 2));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  ASSERT_OK(Wait(absl::MakeConstSpan(&end, 1), GetEnvironment().patience));
  EXPECT_OK(Wait(absl::MakeConstSpan(&end, 1), absl::ZeroDuration()));
  EXPECT_OK(Wait(absl::MakeConstSpan(&end, 1), -absl::Seconds(1)));
  EXPECT_EQ(Show(process.Join(absl::ZeroDuration())), "exited 2");
  EXPECT_EQ(Show(process.Stop(absl::ZeroDuration())), "exited 2");
}

ISOPROC_CASE_WITH(ProcessTime, GEN_04_2, NoCallGivesUpEarly, "processes") {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 0));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  for (const absl::Duration timeout : {absl::Microseconds(1), absl::Microseconds(300),
                                       absl::Microseconds(1001), absl::Milliseconds(20)}) {
    absl::Duration due = TestPort().Now() + timeout;
    EXPECT_CODE(process.Join(timeout), kDeadlineExceeded);
    EXPECT_GE(TestPort().Now(), due) << "Join";
    due = TestPort().Now() + timeout;
    EXPECT_CODE(Wait(absl::MakeConstSpan(&end, 1), timeout), kDeadlineExceeded);
    EXPECT_GE(TestPort().Now(), due) << "Wait";
    due = TestPort().Now() + timeout;
    EXPECT_FALSE(WaitForStop(timeout));
    EXPECT_GE(TestPort().Now(), due) << "WaitForStop";
  }
}

ISOPROC_CASE_WITH(ProcessTime, GEN_04_3, StopGivesTheGraceItWasTold, "processes") {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Linger>(Into(output)));
  EXPECT_EQ(output.ReadLine(), "ready");
  const absl::Duration due = TestPort().Now() + absl::Milliseconds(30);
  EXPECT_EQ(Show(process.Stop(absl::Milliseconds(30))), "signalled 15 (SIGTERM)");
  EXPECT_GE(TestPort().Now(), due);
}

int AwaitStopFor(absl::Duration timeout) { return WaitForStop(timeout) ? 0 : 1; }

// Durations do not travel.
int AwaitStopForHuge(int which) { return AwaitStopFor(kHuge[which]); }

ISOPROC_CASE_WITH(ProcessTime, GEN_05_2, HugeTimeoutIsForEver, "processes") {
  for (int which = 0; which < 3; ++which) {
    ProcessOptions options = Killable();
    options.start_timeout = kHuge[which];
    options.exit_timeout = kHuge[which];
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStopForHuge>(options, which));
    ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
    absl::Status waited;
    std::string joined;
    std::thread waiter([&] { waited = Wait(absl::MakeConstSpan(&end, 1), kHuge[which]).status(); });
    std::thread joiner([&] { joined = Show(process.Join(kHuge[which])); });
    const std::string stopped = Show(process.Stop(kHuge[which]));
    waiter.join();
    joiner.join();
    EXPECT_EQ(stopped, "exited 0") << which;
    EXPECT_EQ(joined, "exited 0") << which;
    EXPECT_OK(waited) << which;
  }
}

}  // namespace
}  // namespace isoproc::conformance
