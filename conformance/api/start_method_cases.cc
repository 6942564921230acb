// Ways to start a child: which there are, and what a child gets by each.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "conformance/api/start_method_support.h"
#include "conformance/children/children.h"
#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/temp_dir.h"
#include "isoproc/isoproc.h"
#include "platform/port/port.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// ---- which there are ---------------------------------------------------------------------------

ISOPROC_CASE(StartMethod, CTX_01, MethodsAreThoseOfThePort) {
  const port::Capabilities& declared = TestPort().capabilities();
  std::vector<StartMethod> expected = {StartMethod::kSpawn};
  if (declared.fork_server) expected.push_back(StartMethod::kForkServer);
  if (declared.fork) expected.push_back(StartMethod::kFork);
  EXPECT_EQ(StartMethods(), expected);
  EXPECT_EQ(Outcome(Process::Start<ReportMethod>(By(StartMethod::kSpawn))), "exited 10");
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

}  // namespace
}  // namespace isoproc::conformance
