// Children of children, and what becomes of them when their parent dies.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/exit_status.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// Starts itself `depth` times, one below the other; all hold the standard output.
void StartChain(int depth, Ending ending) {
  if (depth == 0) Linger();
  absl::StatusOr<Process> child = Process::Start<StartChain>(Killable(), depth - 1, Ending::kStay);
  if (!child.ok()) std::_Exit(100);
  // The last of them says "ready" when all are there; this one hears it through its parent.
  if (ending != Ending::kStay) {
    ReadInput();
    End(ending);
  }
  Stay();
}

ISOPROC_CASE(Lifetime, PROC_06, ChildOfAKilledChildEnds) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<StartChain>(Into(output), 2, Ending::kStay));
  EXPECT_EQ(output.ReadLine(), "ready");
  ASSERT_OK(process.Kill());
  EXPECT_EQ(output.ReadToEnd(), "") << "the end of all who hold the pipe";
  EXPECT_EQ(EndOf(process), "signalled 9 (SIGKILL)");
}

int CountDepth(int depth) {
  if (depth == 0) return 5;
  absl::StatusOr<Process> child = Process::Start<CountDepth>(Killable(), depth - 1);
  if (!child.ok()) return 100;
  const absl::StatusOr<ExitStatus> end = Await(*child);
  return end.ok() ? end->code() + 1 : 101;
}

ISOPROC_CASE(Lifetime, PROC_54, ChildrenStartAndJoinChildren) {
  const std::string end = EndOf(Process::Start<CountDepth>(Killable(), 3));
  EXPECT_EQ(end, "exited 8");
  Observe("end", end);
}

ISOPROC_CASE(Lifetime, PROC_44, GrandchildrenEndWithAParentKilledFromOutside) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<StartChain>(Into(output), 2, Ending::kStay));
  EXPECT_EQ(output.ReadLine(), "ready");
  system_support::KillFromOutside(*process.pid());
  EXPECT_EQ(output.ReadToEnd(), "") << "the end of all who hold the pipe";
  EXPECT_OK(Await(process));
}

ISOPROC_CASE(Lifetime, PROC_44_2, ChildrenEndWithAParentThatDies) {
  struct Row {
    Ending ending;
    const char* end;
  };
  for (const Row& row :
       {Row{Ending::kExitAtOnce, "exited 3"}, Row{Ending::kAbort, "signalled 6 (SIGABRT)"},
        Row{Ending::kTerminate, "signalled 6 (SIGABRT)"}}) {
    SystemPipe input;
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process process,
                         Process::Start<StartChain>(Between(input, output), 1, row.ending));
    input.CloseReadEnd();
    EXPECT_EQ(output.ReadLine(), "ready");
    input.CloseWriteEnd();
    EXPECT_EQ(output.ReadToEnd(), "") << row.end;
    EXPECT_EQ(EndOf(process), row.end);
    Observe("end", EndOf(process));
  }
}

// Dies beside a copy of itself which goes on to hold the parent's end of the child's stream.
int DieBesideACopy() {
  const absl::StatusOr<Process> child = Process::Start<Linger>(Killable());
  if (!child.ok()) return 100;
  const int64_t self = CurrentProcess().pid();
  return system_support::RunInFork([self] {
    std::fclose(stdout);
    system_support::KillFromOutside(self);
    ReadInput();
    return 0;
  });
}

ISOPROC_CASE_WITH(Lifetime, PROC_44_7, ChildEndsThoughACopyOfItsParentLives,
                  "kernel_identity,foreign_fork") {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<DieBesideACopy>(Between(input, output)));
  input.CloseReadEnd();
  EXPECT_THAT(output.ReadToEnd(), testing::AnyOf("ready\n", "")) << "the end of parent and child";
  EXPECT_EQ(EndOf(process), "signalled 9 (SIGKILL)");
  input.CloseWriteEnd();
}

// Says who it is, outlives its parent, and ends with its input.
void OutliveItsParent() {
  const std::optional<ProcessInfo> parent = ParentProcess();
  if (!parent.has_value()) return Say("no parent");
  Say(parent->IsAlive() ? "ready" : "the parent is dead too early");
  if (!absl::IsFailedPrecondition(CurrentProcess().Join())) Say("joined itself");
  if (!parent->Join().ok()) Say("the parent cannot be awaited");
  if (parent->IsAlive()) Say("the parent is alive");
  if (WaitForStop()) Say("stopped by a dead parent");
  Say("alone");
  ReadInput();
  Say("over");
}

void StartADetachedChild() {
  ProcessOptions options;
  options.detached = true;
  options.standard_input = StandardStream::Inherit();
  const absl::StatusOr<Process> child = Process::Start<OutliveItsParent>(options);
  if (!child.ok()) std::_Exit(100);
  Stay();
}

ISOPROC_CASE(Lifetime, PROC_44_3, DetachedChildLivesAndNoticesTheDeath) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process,
                       Process::Start<StartADetachedChild>(Between(input, output)));
  input.CloseReadEnd();
  EXPECT_EQ(output.ReadLine(), "ready");
  ASSERT_OK(process.Kill());
  EXPECT_EQ(EndOf(process), "signalled 9 (SIGKILL)");
  EXPECT_EQ(output.ReadLine(), "alone");
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "over\n");
}

// The destructor lets it go, and so does the end of the program.
ISOPROC_CASE(Lifetime, PROC_44_4, DestructorLeavesADetachedChildAlone) {
  SystemPipe input;
  SystemPipe output;
  {
    ProcessOptions options = Between(input, output);
    options.detached = true;
    ASSERT_OK_AND_ASSIGN(const Process process, Process::Start<AwaitEndOfInput>(options));
    input.CloseReadEnd();
    EXPECT_EQ(output.ReadLine(), "ready");
  }
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "over\n");
}

ISOPROC_CASE(Lifetime, PROC_44_5, DetachedChildOutlivesAnOrderlyParent) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process,
                       Process::Start<LeaveADetachedChild>(Between(input, output)));
  input.CloseReadEnd();
  EXPECT_EQ(EndOf(process), "exited 3");
  EXPECT_EQ(output.ReadLine(), "ready");
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "over\n");
}

// A detached child can be awaited and ended like any other while its Process is there.
ISOPROC_CASE(Lifetime, PROC_44_6, DetachedChildObeys) {
  ProcessOptions options;
  options.detached = true;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(options, 4));
  EXPECT_EQ(Show(process.Stop(GetEnvironment().patience)), "exited 4");
  ASSERT_OK_AND_ASSIGN(Process other, Process::Start<AwaitStop>(options, 4));
  ASSERT_OK(other.Kill());
  EXPECT_EQ(EndOf(other), "signalled 9 (SIGKILL)");
}

}  // namespace
}  // namespace isoproc::conformance
