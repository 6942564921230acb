// kForkServer: when servers come and go, and what becomes of starts when one hangs or dies.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/child_program.h"
#include "conformance/api/replaced_port.h"
#include "conformance/api/start_method_support.h"
#include "conformance/children/answer.h"
#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/temp_dir.h"
#include "isoproc/isoproc.h"
#include "platform/port/port.h"
#include "platform/testing/left_running.h"
#include "platform/testing/port_wrapper.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// Remembers the process that was spawned last: the fork server, if no child is spawned.
class SpawnWatcher : public port::PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> Spawn(
      const port::SpawnRequest& request) override {
    absl::StatusOr<std::unique_ptr<port::ChildProcess>> child = PortWrapper::Spawn(request);
    ++spawned;
    if (child.ok()) last = child->get();
    return child;
  }
  int spawned = 0;
  port::ChildProcess* last = nullptr;
};

ISOPROC_CASE(StartMethod, CTX_31, ForkServerIsStartedWhenNeeded) {
  SpawnWatcher port(port::HostPort());
  const ReplacedPort replaced(port);
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  EXPECT_EQ(port.spawned, 1);
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  EXPECT_EQ(port.spawned, 1) << "the first server serves";
}
ISOPROC_OTHERWISE(CTX_31, ForkServerIsStartedWhenNeeded) {
  ExpectRefused(StartMethod::kForkServer);
}

ISOPROC_CASE(StartMethod, CTX_31_2, ForkServerThatDiedIsStartedAgain) {
  SpawnWatcher port(port::HostPort());
  const ReplacedPort replaced(port);
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  ASSERT_NE(port.last, nullptr);
  ASSERT_OK(port.last->Kill(9));
  ASSERT_OK(port.last->Wait(Patiently()));
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  EXPECT_EQ(port.spawned, 2);
}
ISOPROC_OTHERWISE(CTX_31_2, ForkServerThatDiedIsStartedAgain) {
  ExpectRefused(StartMethod::kForkServer);
}

void LeaveFile(const std::string& path) {
  if (std::FILE* const file = std::fopen(path.c_str(), "w")) {
    std::fputs("was here", file);
    std::fclose(file);
  }
}

// A server that dies between the fork and its answer. What it forked may live; it must not run the
// target, which is about to run in another child.
class LostAnswer : public port::PortWrapper {
 public:
  using PortWrapper::PortWrapper;
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> SpawnFromServer(
      port::Stream& server, const port::SpawnRequest& request, port::Deadline deadline) override {
    auto child = PortWrapper::SpawnFromServer(server, request, deadline);
    if (asked++ != 0 || !child.ok()) return child;
    // Time enough to run a target that is there to be run.
    ran = (*child)->Wait(port::Deadline::After(Now(), absl::Milliseconds(100))).ok();
    return absl::UnavailableError("the server died");
  }
  int asked = 0;
  bool ran = false;
};
ISOPROC_CASE(StartMethod, CTX_31_5, LostAnswerOfAForkServerMakesNoTwoChildren) {
  LostAnswer port(port::HostPort());
  const ReplacedPort replaced(port);
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  EXPECT_EQ(port.asked, 2);
  EXPECT_FALSE(port.ran);
}
ISOPROC_OTHERWISE(CTX_31_5, LostAnswerOfAForkServerMakesNoTwoChildren) {
  ExpectRefused(StartMethod::kForkServer);
}

// Stops the process that was spawned last.
class StoppedServer {
 public:
  explicit StoppedServer(const SpawnWatcher& port) : pid_(port.last->pid()) {
    system_support::Suspend(pid_);
  }
  StoppedServer(const StoppedServer&) = delete;
  StoppedServer& operator=(const StoppedServer&) = delete;
  ~StoppedServer() { system_support::Resume(pid_); }

 private:
  const int64_t pid_;
};

ISOPROC_CASE(StartMethod, CTX_41, StartTimeoutHoldsForAServerThatDoesNotAnswer) {
  SpawnWatcher port(port::HostPort());
  const ReplacedPort replaced(port);
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  ASSERT_NE(port.last, nullptr);
  const TempDir directory;
  {
    const StoppedServer stopped(port);
    ProcessOptions hurried = By(StartMethod::kForkServer);
    hurried.start_timeout = absl::Milliseconds(20);
    // Another start waits for its turn meanwhile, no longer than its own options say.
    std::thread other(
        [&hurried] { EXPECT_CODE(Process::Start<ReportMethod>(hurried), kDeadlineExceeded); });
    EXPECT_CODE(Process::Start<LeaveFile>(hurried, directory.File("late")), kDeadlineExceeded);
    other.join();
    EXPECT_TRUE(ActiveChildren().empty());
    EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kSpawn))), "exited 10");
  }
  // Which was only busy, goes on, and has not run what nobody waits for.
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  EXPECT_EQ(port.spawned, 2) << "one server, and the spawned child";
  EXPECT_EQ(directory.Read("late"), "");
}
ISOPROC_OTHERWISE(CTX_41, StartTimeoutHoldsForAServerThatDoesNotAnswer) {
  ExpectRefused(StartMethod::kForkServer);
}

// Lets a long time pass while a server is asked which does not answer.
class LongSilence : public SpawnWatcher {
 public:
  using SpawnWatcher::SpawnWatcher;
  absl::Duration Now() override { return PortWrapper::Now() + passed; }
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> SpawnFromServer(
      port::Stream& server, const port::SpawnRequest& request, port::Deadline deadline) override {
    if (!silent) return SpawnWatcher::SpawnFromServer(server, request, deadline);
    silent = false;
    const port::Deadline soon = port::Deadline::After(PortWrapper::Now(), absl::Milliseconds(20));
    auto child = SpawnWatcher::SpawnFromServer(server, request, soon);
    passed += deadline.Remaining(Now());
    return child;
  }
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> Spawn(
      const port::SpawnRequest& request) override {
    passed = absl::ZeroDuration();
    return SpawnWatcher::Spawn(request);
  }
  bool silent = false;
  absl::Duration passed;
};

ISOPROC_CASE(StartMethod, CTX_41_2, ServerThatHangsIsReplaced) {
  LongSilence port(port::HostPort());
  const ReplacedPort replaced(port);
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  ASSERT_NE(port.last, nullptr);
  system_support::Suspend(port.last->pid());
  port.silent = true;
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  EXPECT_EQ(port.spawned, 2);
}
ISOPROC_OTHERWISE(CTX_41_2, ServerThatHangsIsReplaced) { ExpectRefused(StartMethod::kForkServer); }

// Tells when a server is asked.
class AskWatcher : public SpawnWatcher {
 public:
  using SpawnWatcher::SpawnWatcher;
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> SpawnFromServer(
      port::Stream& server, const port::SpawnRequest& request, port::Deadline deadline) override {
    if (asked != nullptr) std::exchange(asked, nullptr)->set_value();
    return SpawnWatcher::SpawnFromServer(server, request, deadline);
  }
  std::promise<void>* asked = nullptr;
};

// Runs in a child, which is to end although a start waits for a server that hangs, and although
// that does not say that the child's own child was killed.
void ExitWhileTheServerHangs() {
  static auto* const port = new AskWatcher(port::HostPort());  // both to the very end
  static auto* const replaced = new ReplacedPort(*port);
  static_cast<void>(replaced);
  ProcessOptions killed = By(StartMethod::kForkServer);
  killed.at_exit = AtExit::kKill;
  static absl::StatusOr<Process> child = Process::Start(killed, [] { WaitForStop(); });
  if (!child.ok()) std::_Exit(100);
  system_support::Suspend(port->last->pid());
  std::promise<void> asked;
  port->asked = &asked;
  LeaveRunning(std::thread(
      [] { Process::Start<ReportMethod>(By(StartMethod::kForkServer)).status().IgnoreError(); }));
  asked.get_future().wait();
}
ISOPROC_CASE(StartMethod, CTX_41_3, ExitDoesNotWaitForAServerThatHangs) {
  EXPECT_EQ(Outcome(Process::Start<ExitWhileTheServerHangs>()), "exited 0");
}
ISOPROC_OTHERWISE(CTX_41_3, ExitDoesNotWaitForAServerThatHangs) {
  ExpectRefused(StartMethod::kForkServer);
}

ISOPROC_CASE(StartMethod, CTX_42, EachExecutableHasItsForkServer) {
  SpawnWatcher port(port::HostPort());
  const ReplacedPort replaced(port);
  const auto answer = [] {
    return Outcome(Process::Start<Answer>(By(StartMethod::kForkServer), 5));
  };
  EXPECT_EQ(answer(), "exited 5");
  ASSERT_OK_AND_ASSIGN(Process first,
                       Process::Start(By(StartMethod::kForkServer), [] { WaitForStop(); }));
  {
    const UseExecutable executable(ChildProgram("plain"));
    EXPECT_EQ(answer(), "exited 5");
    EXPECT_CODE(Process::Start<ReportMethod>(By(StartMethod::kForkServer)), kNotFound)
        << "which the other program does not have";
    EXPECT_EQ(port.spawned, 2);
  }
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
  EXPECT_EQ(port.spawned, 2) << "both servers live on";
  ASSERT_OK_AND_ASSIGN(const ExitStatus end, first.Stop(GetEnvironment().patience));
  EXPECT_EQ(end.ToString(), "exited 0") << "its server was there to tell";
}
ISOPROC_OTHERWISE(CTX_42, EachExecutableHasItsForkServer) {
  ExpectRefused(StartMethod::kForkServer);
}

// A child whose server is gone goes on; only how it ends is lost.
ISOPROC_CASE(StartMethod, CTX_31_3, ChildrenOutliveTheirForkServer) {
  SpawnWatcher port(port::HostPort());
  const ReplacedPort replaced(port);
  ASSERT_OK_AND_ASSIGN(Process child,
                       Process::Start(By(StartMethod::kForkServer), [] { WaitForStop(); }));
  ASSERT_NE(port.last, nullptr);
  ASSERT_OK(port.last->Kill(9));
  ASSERT_OK(port.last->Wait(Patiently()));
  EXPECT_TRUE(child.IsAlive());
  const absl::StatusOr<ExitStatus> status = child.Stop(GetEnvironment().patience);
  EXPECT_CODE(status, kUnknown);
  EXPECT_FALSE(child.IsAlive());
}
ISOPROC_OTHERWISE(CTX_31_3, ChildrenOutliveTheirForkServer) {
  ExpectRefused(StartMethod::kForkServer);
}

}  // namespace
}  // namespace isoproc::conformance
