// What the destructor of Process does with its child.
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "gtest/gtest.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"

namespace isoproc::conformance {
namespace {

ISOPROC_CASE(Lifetime, PROC_40, DestructorJoins) {
  SystemPipe input;
  SystemPipe output;
  ProcessOptions options = Between(input, output);
  options.at_exit = AtExit::kJoin;
  ASSERT_OK_AND_ASSIGN(Process started, Process::Start<AwaitEndOfInput>(options));
  EXPECT_EQ(output.ReadLine(), "ready");
  auto process = std::make_unique<Process>(std::move(started));
  absl::Notification destroyed;
  std::thread destroyer([&] {
    process.reset();
    destroyed.Notify();
  });
  LetAnotherComeAndGo();
  EXPECT_FALSE(destroyed.HasBeenNotified()) << "the child runs";
  input.CloseWriteEnd();
  destroyer.join();
  EXPECT_EQ(output.ReadToEnd(), "over\n");
}

ISOPROC_CASE(Lifetime, PROC_40_2, DestructorKills) {
  SystemPipe output;
  int64_t pid = 0;
  {
    ASSERT_OK_AND_ASSIGN(const Process process, Process::Start<Linger>(Into(output)));
    pid = *process.pid();
    EXPECT_EQ(output.ReadLine(), "ready");
  }
  for (const ProcessInfo& child : ActiveChildren()) EXPECT_NE(child.pid(), pid);
  EXPECT_EQ(output.ReadToEnd(), "");
}

ISOPROC_CASE(Lifetime, PROC_40_3, DestructorThatJoinsKillsInTheEnd) {
  SystemPipe output;
  {
    ProcessOptions options = Into(output);
    options.at_exit = AtExit::kJoin;
    options.exit_timeout = absl::Milliseconds(20);
    ASSERT_OK_AND_ASSIGN(const Process process, Process::Start<Linger>(options));
    EXPECT_EQ(output.ReadLine(), "ready");
  }
  EXPECT_EQ(output.ReadToEnd(), "");
}

// A vector of children that run, and one that has ended and was not joined.
ISOPROC_CASE(Lifetime, PROC_40_4, DestructorsOfManyLeaveNone) {
  const size_t before = ActiveChildren().size();
  {
    std::vector<Process> processes;
    for (int i = 0; i < 3; ++i) {
      ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 0));
      processes.push_back(std::move(process));
    }
    ASSERT_OK_AND_ASSIGN(Process ended, Process::Start<DoNothing>());
    processes.push_back(std::move(ended));
    EXPECT_GE(ActiveChildren().size(), before + 3);
  }
  EXPECT_EQ(ActiveChildren().size(), before);
}

}  // namespace
}  // namespace isoproc::conformance
