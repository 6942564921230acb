// The waitable of a Process.
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

absl::StatusOr<std::vector<size_t>> WaitFor(const Waitable& object, absl::Duration timeout) {
  return Wait(absl::MakeConstSpan(&object, 1), timeout);
}
absl::StatusOr<std::vector<size_t>> WaitPatiently(const std::vector<Waitable>& objects) {
  return Wait(objects, GetEnvironment().patience);
}

ISOPROC_CASE(ProcessWait, PROC_45_2, ReadyAtTheEndAndEverAfter) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 3));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  EXPECT_CODE(WaitFor(end, absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_CODE(WaitFor(end, absl::Milliseconds(5)), kDeadlineExceeded);
  ASSERT_OK(process.Terminate());
  EXPECT_OK(WaitFor(end, GetEnvironment().patience));
  EXPECT_OK(WaitFor(end, absl::ZeroDuration()));
  EXPECT_EQ(EndOf(process), "signalled 15 (SIGTERM)");
  EXPECT_OK(WaitFor(end, absl::ZeroDuration())) << "joined";
  EXPECT_OK(process.Close());
  EXPECT_OK(WaitFor(end, absl::ZeroDuration())) << "the Process is gone";
}

ISOPROC_CASE(ProcessWait, PROC_46, WaitingTakesNothing) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 3));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  for (int i = 0; i < 3; ++i) EXPECT_OK(WaitFor(end, GetEnvironment().patience));
  EXPECT_EQ(EndOf(process), "exited 3");
}

ISOPROC_CASE(ProcessWait, PROC_47, ReadyAlthoughAGrandchildLives) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process,
                       Process::Start<LeaveADetachedChild>(Between(input, output)));
  input.CloseReadEnd();
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  EXPECT_OK(WaitFor(end, GetEnvironment().patience));
  EXPECT_EQ(EndOf(process), "exited 3");
  EXPECT_EQ(output.ReadLine(), "ready");
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "over\n") << "the grandchild lived";
}

int LeaveAStranger() {
  Say(absl::StrCat(system_support::StartForeignProcess()));
  return 3;
}

// The grandchild is a fork of the child, and has all its handles.
ISOPROC_CASE_WITH(ProcessWait, PROC_47_2, ReadyAlthoughAForkLives, "foreign_fork") {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<LeaveAStranger>(Into(output)));
  int64_t stranger = 0;
  ASSERT_TRUE(absl::SimpleAtoi(output.ReadLine(), &stranger));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  EXPECT_OK(WaitFor(end, GetEnvironment().patience));
  EXPECT_EQ(EndOf(process), "exited 3");
  system_support::KillFromOutside(stranger);
  EXPECT_EQ(output.ReadToEnd(), "");
}

ISOPROC_CASE(ProcessWait, PROC_45_3, FirstOfSeveralWakes) {
  std::vector<Process> processes;
  std::vector<Waitable> ends;
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), i));
    ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
    processes.push_back(std::move(process));
    ends.push_back(end);
  }
  EXPECT_CODE(Wait(ends, absl::ZeroDuration()), kDeadlineExceeded);
  absl::Status ended;
  std::thread ender([&] { ended = processes[1].Kill(); });
  const absl::StatusOr<std::vector<size_t>> ready = WaitPatiently(ends);
  ender.join();
  ASSERT_OK(ended);
  ASSERT_OK(ready);
  EXPECT_THAT(*ready, testing::ElementsAre(1));

  ASSERT_OK(processes[0].Stop(GetEnvironment().patience));
  ASSERT_OK_AND_ASSIGN(const std::vector<size_t> more, WaitPatiently(ends));
  EXPECT_THAT(more, testing::ElementsAre(0, 1)) << "all that are ready, in order";
  Observe("ready", absl::StrJoin(more, " "));
}

ISOPROC_CASE(ProcessWait, CONN_46_2, NothingToWaitForNeedsATimeout) {
  EXPECT_CODE(Wait({}), kInvalidArgument);
  EXPECT_CODE(Wait({}, absl::Milliseconds(1)), kDeadlineExceeded);
  EXPECT_CODE(Wait({}, absl::ZeroDuration()), kDeadlineExceeded);
}

ISOPROC_CASE_WITH(ProcessWait, CONN_50_2, ProcessesManyTimes, "processes") {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 0));
  ASSERT_OK_AND_ASSIGN(Process other, Process::Start<AwaitStop>(Killable(), 0));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  ASSERT_OK_AND_ASSIGN(const Waitable other_end, other.AsWaitable());
  std::vector<Waitable> objects(200, other_end);
  objects[70] = objects[199] = end;
  ASSERT_OK_AND_ASSIGN(const std::vector<size_t> ready, WaitPatiently(objects));
  EXPECT_THAT(ready, testing::ElementsAre(70, 199));
  Observe("ready", absl::StrJoin(ready, " "));
}

ISOPROC_CASE_WITH(ProcessWait, PROC_22_2, ForkOfTheParentMayNotWait, "foreign_fork") {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 4));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  const int code = system_support::RunInFork([&] {
    return absl::IsFailedPrecondition(WaitFor(end, absl::ZeroDuration()).status()) ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(EndOf(process), "exited 4");
}

}  // namespace
}  // namespace isoproc::conformance
