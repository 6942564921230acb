// Ways to start a child: which there are, and what a child gets by each.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "conformance/api/child_program.h"
#include "conformance/api/process_support.h"
#include "conformance/api/replaced_port.h"
#include "conformance/children/answer.h"
#include "conformance/children/children.h"
#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/harness/temp_dir.h"
#include "isoproc/isoproc.h"
#include "platform/port/port.h"
#include "platform/testing/fault_port.h"
#include "platform/testing/port_wrapper.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

ProcessOptions By(StartMethod method) {
  ProcessOptions options;
  options.start_method = method;
  return options;
}

// ---- which there are ---------------------------------------------------------------------------

void Nothing() {}
int ReportMethod() { return 10 + static_cast<int>(CurrentProcess().start_method()); }

ISOPROC_CASE(StartMethod, CTX_01, MethodsAreThoseOfThePort) {
  const port::Capabilities& declared = TestPort().capabilities();
  std::vector<StartMethod> expected = {StartMethod::kSpawn};
  if (declared.fork_server) expected.push_back(StartMethod::kForkServer);
  if (declared.fork) expected.push_back(StartMethod::kFork);
  EXPECT_EQ(StartMethods(), expected);
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kSpawn))), "exited 10");
}

// Expects that a method is refused before anything was asked of the system.
void ExpectRefused(StartMethod method) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  const absl::Status status = Process::Start<ReportMethod>(By(method)).status();
  EXPECT_CODE(status, kUnimplemented);
  EXPECT_TRUE(port.calls().empty()) << absl::StrJoin(port.calls(), ", ");
  EXPECT_TRUE(ActiveChildren().empty());
}

ISOPROC_CASE_WITH(StartMethod, CTX_01_2, ForkServerStarts, "fork_server") {
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kForkServer))), "exited 11");
}
ISOPROC_OTHERWISE(CTX_01_2, ForkServerStarts) { ExpectRefused(StartMethod::kForkServer); }

// This program has a watchdog thread, so it lets a child fork.
int ForkedMethod() {
  const std::string outcome = Outcome(Process::Start<ReportMethod>(By(StartMethod::kFork)));
  return outcome == "exited 12" ? 0 : 1;
}
ISOPROC_CASE_WITH(StartMethod, CTX_01_3, ForkStarts, "fork") {
  EXPECT_EQ(Outcome(Process::Start<ForkedMethod>()), "exited 0");
}
ISOPROC_OTHERWISE(CTX_01_3, ForkStarts) { ExpectRefused(StartMethod::kFork); }

ISOPROC_CASE(StartMethod, CTX_02, SpawnIsTheDefault) {
  EXPECT_EQ(ProcessOptions().start_method, StartMethod::kSpawn);
  ASSERT_FALSE(StartMethods().empty());
  EXPECT_EQ(StartMethods().front(), StartMethod::kSpawn);
  const std::string outcome = Outcome(Process::Start<ReportMethod>());
  EXPECT_EQ(outcome, "exited 10");
  Observe("outcome", outcome);
}

ISOPROC_CASE(StartMethod, CTX_04, MethodThatDoesNotExistIsRefused) {
  ExpectRefused(static_cast<StartMethod>(3));
  ExpectRefused(static_cast<StartMethod>(-1));
}

ISOPROC_CASE(StartMethod, CTX_07, MethodOfOneStartIsNotThatOfTheNext) {
  for (const StartMethod method : StartMethods()) {
    // Refused here, as the program has threads; that too must leave no trace.
    const absl::StatusOr<Process> other = Process::Start<ReportMethod>(By(method));
    EXPECT_EQ(other.ok(), method != StartMethod::kFork) << other.status();
    EXPECT_EQ(Outcome(Process::Start<ReportMethod>()), "exited 10");
  }
}

ISOPROC_CASE(StartMethod, CTX_08, ChildKnowsItsMethod) {
  const std::string outcome = Outcome(Process::Start<ReportMethod>(By(StartMethod::kSpawn)));
  EXPECT_EQ(outcome, "exited 10");
  EXPECT_EQ(CurrentProcess().start_method(), StartMethod::kSpawn);
  Observe("outcome", outcome);
}

ISOPROC_CASE(StartMethod, CTX_23, InitFixesNoMethod) {
  for (const StartMethod method : StartMethods()) {
    if (method == StartMethod::kFork) continue;
    EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(method))),
              absl::StrCat("exited ", 10 + static_cast<int>(method)));
  }
}

// ---- children of children ----------------------------------------------------------------------

// Gives how many generations followed, if all of them were started as `method` says.
int Generations(int more, StartMethod method) {
  if (CurrentProcess().start_method() != method) return 100;
  if (more == 0) return 0;
  absl::StatusOr<Process> child = Process::Start<Generations>(By(method), more - 1, method);
  if (!child.ok()) return 101;
  const absl::StatusOr<ExitStatus> status = child->Join();
  return status.ok() ? status->code() + 1 : 102;
}
int ForkedGenerations() {
  const std::string outcome =
      Outcome(Process::Start<Generations>(By(StartMethod::kFork), 2, StartMethod::kFork));
  return outcome == "exited 2" ? 0 : 1;
}

ISOPROC_CASE(StartMethod, CTX_39, ChildrenStartChildren) {
  const std::string outcome = Outcome(Process::Start<Generations>(3, StartMethod::kSpawn));
  EXPECT_EQ(outcome, "exited 3");
  Observe("generations", outcome);
}
ISOPROC_CASE_WITH(StartMethod, CTX_39_2, ForkServersStartForkServers, "fork_server") {
  EXPECT_EQ(Outcome(Process::Start<Generations>(By(StartMethod::kForkServer), 2,
                                                StartMethod::kForkServer)),
            "exited 2");
}
ISOPROC_OTHERWISE(CTX_39_2, ForkServersStartForkServers) {
  ExpectRefused(StartMethod::kForkServer);
}
ISOPROC_CASE_WITH(StartMethod, CTX_39_3, ForksFork, "fork") {
  EXPECT_EQ(Outcome(Process::Start<ForkedGenerations>()), "exited 0");
}
ISOPROC_OTHERWISE(CTX_39_3, ForksFork) { ExpectRefused(StartMethod::kFork); }

// ---- what a child gets -------------------------------------------------------------------------

int global = 1;
int initialisers = 0;
const bool initialised = [] {
  ++initialisers;
  return true;
}();

int ReportGlobals() { return initialised ? 10 * global + initialisers : 0; }

void ExpectInitialGlobals(StartMethod method) {
  global = 5;
  initialisers = 5;
  EXPECT_EQ(Outcome(Process::Start<ReportGlobals>(By(method))), "exited 11");
  global = 1;
  initialisers = 1;
}

ISOPROC_CASE(StartMethod, CTX_18, GlobalsHaveTheirInitialValues) {
  ExpectInitialGlobals(StartMethod::kSpawn);
}
ISOPROC_CASE_WITH(StartMethod, CTX_18_2, GlobalsInAForkServersChild, "fork_server") {
  ExpectInitialGlobals(StartMethod::kForkServer);
}
ISOPROC_OTHERWISE(CTX_18_2, GlobalsInAForkServersChild) { ExpectRefused(StartMethod::kForkServer); }

// What a child knows of itself, to compare with what it should know.
void DescribeMyself(const std::string& path) {
  std::vector<std::string> lines = ProgramArguments();
  lines.push_back(CurrentProcess().name());
  lines.push_back(std::filesystem::current_path().string());
  const char* const variable = std::getenv("ISOPROC_CONFORMANCE_VARIABLE");
  lines.push_back(variable == nullptr ? "(none)" : variable);
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return;
  std::fputs(absl::StrJoin(lines, "\n").c_str(), file);
  std::fclose(file);
}
// The grandchild is to have what its parent has when it starts it, whose options say nothing.
int StartOneLikeMyself(const std::string& directory, StartMethod method) {
  std::filesystem::current_path(directory);
  ProcessOptions options = By(method);
  options.name = "grandchild";
  const std::string outcome =
      Outcome(Process::Start<DescribeMyself>(options, directory + "/description"));
  std::filesystem::current_path(std::filesystem::path(directory).root_path());
  return outcome == "exited 0" ? 0 : 1;
}

void ExpectInheritance(StartMethod method) {
  const TempDir directory;
  ProcessOptions options;
  options.environment.emplace();
  // What systems need to start a program at all.
  for (const char* name : {"PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR", "WINEPREFIX"}) {
    if (const char* value = std::getenv(name)) (*options.environment)[name] = value;
  }
  (*options.environment)["ISOPROC_CONFORMANCE_VARIABLE"] = "some value";
  EXPECT_EQ(Outcome(Process::Start<StartOneLikeMyself>(options, directory.path().string(), method)),
            "exited 0");
  std::vector<std::string> expected = ProgramArguments();
  expected.push_back("grandchild");
  expected.push_back(std::filesystem::canonical(directory.path()).string());
  expected.push_back("some value");
  EXPECT_EQ(directory.Read("description"), absl::StrJoin(expected, "\n"));
}

ISOPROC_CASE(StartMethod, CTX_16, ChildGetsWhatItsParentHas) {
  ExpectInheritance(StartMethod::kSpawn);
}
ISOPROC_CASE_WITH(StartMethod, CTX_16_2, ForkServersChildGetsWhatItsParentHas, "fork_server") {
  ExpectInheritance(StartMethod::kForkServer);
}
ISOPROC_OTHERWISE(CTX_16_2, ForkServersChildGetsWhatItsParentHas) {
  ExpectRefused(StartMethod::kForkServer);
}

int CountArguments() {
  for (const std::string& argument : ProgramArguments()) {
    if (argument.find("isoproc-child") != std::string::npos) return 255;
  }
  return static_cast<int>(ProgramArguments().size());
}
ISOPROC_CASE(StartMethod, CTX_24, ProgramArgumentsHoldNothingOfIsoproc) {
  EXPECT_EQ(Outcome(Process::Start<CountArguments>()),
            absl::StrCat("exited ", ProgramArguments().size()));
}

bool HasHandle(int64_t native, const std::string& path) {
  return system_support::Refers(native, path.c_str());
}

void ExpectNoStrayHandle(StartMethod method) {
  const TempDir directory;
  const std::string path = directory.File("open");
  const int64_t native = system_support::OpenInheritable(path.c_str());
  ASSERT_TRUE(system_support::Refers(native, path.c_str()));
  EXPECT_EQ(Outcome(Process::Start<HasHandle>(By(method), native, path)), "exited 0");
  system_support::ClosePipeEnd(native);
}

ISOPROC_CASE(StartMethod, CTX_14_2, InheritableHandleDoesNotArrive) {
  ExpectNoStrayHandle(StartMethod::kSpawn);
}
ISOPROC_CASE_WITH(StartMethod, CTX_14_3, ForkServersChildHasNoStrayHandle, "fork_server") {
  ExpectNoStrayHandle(StartMethod::kForkServer);
}
ISOPROC_OTHERWISE(CTX_14_3, ForkServersChildHasNoStrayHandle) {
  ExpectRefused(StartMethod::kForkServer);
}

int CountChangedSignals() {
  int changed = 0;
  for (const int signal : {SIGTERM, SIGINT, SIGFPE, SIGILL}) {
    if (std::signal(signal, SIG_DFL) == SIG_IGN) ++changed;
  }
  return changed;
}

void ExpectDefaultSignals(StartMethod method) {
  std::map<int, void (*)(int)> before;
  for (const int signal : {SIGTERM, SIGINT, SIGFPE, SIGILL}) {
    before[signal] = std::signal(signal, SIG_IGN);
  }
  EXPECT_EQ(Outcome(Process::Start<CountChangedSignals>(By(method))), "exited 0");
  for (const auto& [signal, handler] : before) std::signal(signal, handler);
}

ISOPROC_CASE(StartMethod, CTX_40_2, DispositionsAreTheDefaults) {
  ExpectDefaultSignals(StartMethod::kSpawn);
}
ISOPROC_CASE_WITH(StartMethod, CTX_40_3, DispositionsInAForkServersChild, "fork_server") {
  ExpectDefaultSignals(StartMethod::kForkServer);
}
ISOPROC_OTHERWISE(CTX_40_3, DispositionsInAForkServersChild) {
  ExpectRefused(StartMethod::kForkServer);
}

// ---- fork --------------------------------------------------------------------------------------

// Runs in a child. Gives 0 if its fork has its memory and its open file.
int ForkAndCompare(const std::string& path) {
  global = 7;
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return 1;
  static std::FILE* inherited = nullptr;
  inherited = file;
  const std::string outcome = Outcome(Process::Start(By(StartMethod::kFork), [] {
    return inherited != nullptr && std::fputs("from the fork", inherited) >= 0 ? global : 1;
  }));
  std::fclose(file);
  return outcome == "exited 7" ? 0 : 2;
}
ISOPROC_CASE(StartMethod, CTX_15, ForkCopiesMemoryAndHandles) {
  const TempDir directory;
  EXPECT_EQ(Outcome(Process::Start<ForkAndCompare>(directory.File("file"))), "exited 0");
  EXPECT_EQ(directory.Read("file"), "from the fork");
}
ISOPROC_OTHERWISE(CTX_15, ForkCopiesMemoryAndHandles) { ExpectRefused(StartMethod::kFork); }

// Runs in a child. What is buffered when it forks, the fork must not write too.
int ForkWithABuffer(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr || std::fputs("once", file) < 0) return 1;
  const std::string outcome = Outcome(Process::Start<Nothing>(By(StartMethod::kFork)));
  std::fclose(file);
  return outcome == "exited 0" ? 0 : 2;
}
ISOPROC_CASE(StartMethod, CTX_15_3, BuffersAreWrittenOnce) {
  const TempDir directory;
  EXPECT_EQ(Outcome(Process::Start<ForkWithABuffer>(directory.File("file"))), "exited 0");
  EXPECT_EQ(directory.Read("file"), "once");
}
ISOPROC_OTHERWISE(CTX_15_3, BuffersAreWrittenOnce) { ExpectRefused(StartMethod::kFork); }

// Runs in a child, which has the library's own thread from the beginning.
int ForkWithThreads() {
  std::promise<void> end;
  std::thread second([&end] { end.get_future().wait(); });
  const absl::Status refused = Process::Start<Nothing>(By(StartMethod::kFork)).status();
  end.set_value();
  second.join();
  if (!absl::IsFailedPrecondition(refused)) return 1;
  return Outcome(Process::Start<Nothing>(By(StartMethod::kFork))) == "exited 0" ? 0 : 2;
}
ISOPROC_CASE(StartMethod, CTX_15_2, ForkWithASecondThreadIsRefused) {
  EXPECT_EQ(Outcome(Process::Start<ForkWithThreads>()), "exited 0");
}
ISOPROC_OTHERWISE(CTX_15_2, ForkWithASecondThreadIsRefused) { ExpectRefused(StartMethod::kFork); }

// Without the second witness of a parent's death: children have their streams alone.
class StreamsAlone : public port::PortWrapper {
 public:
  explicit StreamsAlone(port::Port& real) : PortWrapper(real), declared_(real.capabilities()) {
    declared_.kernel_identity = false;
  }
  const port::Capabilities& capabilities() const override { return declared_; }

 private:
  port::Capabilities declared_;
};

// Runs in a child. Starts a child, and a fork that outlives all of them, and waits to be killed.
void LeaveAForkBehind() {
  new ReplacedPort(*new StreamsAlone(port::HostPort()));  // until it is killed
  ProcessOptions options = Killable();
  absl::StatusOr<Process> child = Process::Start<Linger>(options);
  options = By(StartMethod::kFork);
  options.detached = true;
  options.standard_input = StandardStream::Inherit();
  options.standard_output = StandardStream::Null();
  const absl::StatusOr<Process> fork = Process::Start(options, [] { ReadInput(); });
  if (!child.ok() || !fork.ok()) std::_Exit(100);
  Say("forked");
  Stay();
}
// The fork would keep its parent's child alive by a copy of their stream.
ISOPROC_CASE(StartMethod, CTX_15_5, ForkHoldsNoStreamOfItsParentsChildren) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<LeaveAForkBehind>(Between(input, output)));
  const std::set<std::string> lines = {output.ReadLine(), output.ReadLine()};
  EXPECT_EQ(lines, (std::set<std::string>{"forked", "ready"})) << "in any order";
  ASSERT_OK(process.Kill());
  EXPECT_EQ(output.ReadToEnd(), "") << "the end of the child";
}
ISOPROC_OTHERWISE(CTX_15_5, ForkHoldsNoStreamOfItsParentsChildren) {
  ExpectRefused(StartMethod::kFork);
}

// Runs in a child, which has a fork, which has a child that ends with the input. Says whether the
// fork waits for it; gives how the fork ended.
int ForkWithAChild() {
  ProcessOptions with_input = By(StartMethod::kFork);
  with_input.standard_input = StandardStream::Inherit();
  absl::StatusOr<Process> fork = Process::Start(with_input, [] {
    ProcessOptions options;
    options.standard_input = StandardStream::Inherit();
    absl::StatusOr<Process> child = Process::Start<AwaitEndOfInput>(options);
    if (!child.ok()) return 100;
    Keep(*std::move(child));
    return 7;
  });
  if (!fork.ok()) return 101;
  const absl::Status early = fork->Join(absl::Milliseconds(100)).status();
  Say(absl::IsDeadlineExceeded(early) ? "it waits" : "it does not wait");
  const absl::StatusOr<ExitStatus> end = fork->Join();
  return end.ok() ? end->code() : 102;
}
ISOPROC_CASE(StartMethod, CTX_15_4, ForkJoinsItsOwnChildren) {
  SystemPipe input;
  SystemPipe output;
  ProcessOptions options = Between(input, output);
  options.standard_error = StandardStream::Inherit();
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ForkWithAChild>(options));
  EXPECT_EQ(output.ReadLine(), "ready");
  EXPECT_EQ(output.ReadLine(), "it waits");
  input.CloseReadEnd();
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "over\n");
  EXPECT_EQ(EndOf(process), "exited 7");
}
ISOPROC_OTHERWISE(CTX_15_4, ForkJoinsItsOwnChildren) { ExpectRefused(StartMethod::kFork); }

// ---- fork server -------------------------------------------------------------------------------

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
  std::thread([] {
    Process::Start<ReportMethod>(By(StartMethod::kForkServer)).status().IgnoreError();
  }).detach();
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
