// CurrentProcess, ParentProcess, ActiveChildren, names and processors.
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
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

namespace isoproc::conformance {
namespace {

// ---- names --------------------------------------------------------------------------------------

// Names itself, and so do its children and their children.
int NameFamily(int depth) {
  Say(CurrentProcess().name());
  for (int i = 0; i < depth; ++i) {
    absl::StatusOr<Process> child = Process::Start<NameFamily>(Killable(), depth - 1);
    if (!child.ok()) return 100;
    if (!Await(*child).ok()) return 101;
  }
  return 0;
}

ISOPROC_CASE(ProcessInfo, PROC_13, DefaultNamesCountTheStarts) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<NameFamily>(Into(output), 2));
  ASSERT_OK_AND_ASSIGN(Process next, Process::Start<DoNothing>());
  const std::string first = process.name();
  EXPECT_EQ(EndOf(process), "exited 0");
  EXPECT_EQ(output.ReadToEnd(), absl::StrCat(first, "\n", first, ":1\n", first, ":1:1\n", first,
                                             ":2\n", first, ":2:1\n"));
  // process-N, and N + 1 for the next.
  const std::string number(absl::StripPrefix(first, "process-"));
  EXPECT_EQ(absl::StrCat("process-", number), first);
  EXPECT_EQ(next.name(), absl::StrCat("process-", std::stoi(number) + 1));
}

// A name of one's own does not change how the children are called.
ISOPROC_CASE(ProcessInfo, PROC_13_2, ChildrenOfANamedProcessHaveDefaultNames) {
  SystemPipe output;
  ProcessOptions options = Into(output);
  options.name = "boss";
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<NameFamily>(options, 1));
  EXPECT_EQ(output.ReadLine(), "boss");
  const std::string child = output.ReadLine();
  EXPECT_EQ(child.substr(0, 8), "process-");
  EXPECT_EQ(child.substr(child.size() - 2), ":1");
  EXPECT_EQ(EndOf(process), "exited 0");
}

ISOPROC_CASE(ProcessInfo, PROC_13_3, NamedAndRefusedStartsCount) {
  ASSERT_OK_AND_ASSIGN(Process first, Process::Start<DoNothing>());
  ProcessOptions named = Killable();
  named.name = "boss";
  EXPECT_OK(Process::Start<DoNothing>(named));
  ProcessOptions refused = Killable();
  refused.working_directory = "no such directory";
  EXPECT_CODE(Process::Start<DoNothing>(refused).status(), kNotFound);
  ASSERT_OK_AND_ASSIGN(Process last, Process::Start<DoNothing>());
  const int number = std::stoi(first.name().substr(std::string("process-").size()));
  EXPECT_EQ(last.name(), absl::StrCat("process-", number + 3));
}

void NameItself() { Say(CurrentProcess().name()); }

ISOPROC_CASE(ProcessInfo, PROC_14, NamesAreAnyText) {
  for (const std::string& name :
       {std::string("worker"), std::string("worker"), std::string("process-1:9"),
        std::string("two words, 'quoted' \"twice\" %s\\"),
        std::string("\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x90\xA7"), std::string(5000, 'n')}) {
    SystemPipe output;
    ProcessOptions options = Into(output);
    options.name = name;
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<NameItself>(options));
    EXPECT_EQ(process.name(), name);
    EXPECT_EQ(output.ReadToEnd(), name + "\n");
    EXPECT_EQ(EndOf(process), "exited 0");
    EXPECT_EQ(process.name(), name) << "ended";
  }
}

ISOPROC_CASE(ProcessInfo, PROC_14_2, NameWithNulIsRefused) {
  ProcessOptions options = Killable();
  options.name = std::string("a\0b", 3);
  const size_t before = ActiveChildren().size();
  const absl::Status status = Process::Start<DoNothing>(options).status();
  EXPECT_CODE(status, kInvalidArgument);
  EXPECT_EQ(ActiveChildren().size(), before);
  Observe("start", status);
}

// ---- this process and its parent ----------------------------------------------------------------

ISOPROC_CASE(ProcessInfo, PROC_19, NobodyJoinsItself) {
  EXPECT_CODE(CurrentProcess().Join(), kFailedPrecondition);
  EXPECT_CODE(CurrentProcess().Join(absl::ZeroDuration()), kFailedPrecondition);
  Observe("join", CurrentProcess().Join());
}

int JoinItself() { return absl::IsFailedPrecondition(CurrentProcess().Join()) ? 0 : 1; }

ISOPROC_CASE(ProcessInfo, PROC_19_2, ChildDoesNotJoinItself) {
  EXPECT_EQ(EndOf(Process::Start<JoinItself>(Killable())), "exited 0");
}

struct Known {
  int64_t pid = 0;
  std::string name;
};

// Gives 0 if the parent is as `parent` says.
int CompareParent(const Known& parent) {
  const std::optional<ProcessInfo> mine = ParentProcess();
  if (!mine.has_value()) return 1;
  if (mine->pid() != parent.pid) return 2;
  if (mine->name() != parent.name) return 3;
  if (!mine->IsAlive()) return 4;
  if (!absl::IsDeadlineExceeded(mine->Join(absl::ZeroDuration()))) return 5;
  if (!absl::IsDeadlineExceeded(mine->Join(absl::Milliseconds(1)))) return 6;
  if (mine->start_method() != StartMethod::kSpawn) return 7;
  return 0;
}

// Gives 0 if this process is as `self` says, and its child sees it so.
int CompareSelf(const std::string& name) {
  const ProcessInfo self = CurrentProcess();
  if (self.name() != name) return 11;
  if (!self.IsAlive() || self.pid() <= 0) return 12;
  absl::StatusOr<Process> child =
      Process::Start<CompareParent>(Killable(), Known{self.pid(), name});
  if (!child.ok()) return 13;
  const absl::StatusOr<ExitStatus> end = Await(*child);
  return end.ok() ? end->code() : 14;
}

ISOPROC_CASE(ProcessInfo, PROC_50, FirstProcessIsCalledMain) {
  const ProcessInfo self = CurrentProcess();
  EXPECT_EQ(self.name(), "main");
  EXPECT_EQ(self.pid(), TestPort().ProcessId());
  EXPECT_EQ(self.start_method(), StartMethod::kSpawn);
  EXPECT_TRUE(self.IsAlive());
  EXPECT_EQ(EndOf(Process::Start<CompareParent>(Killable(), Known{self.pid(), "main"})),
            "exited 0");
  Observe("name", self.name());
}

ISOPROC_CASE(ProcessInfo, PROC_51, ParentIsKnownToChildren) {
  EXPECT_EQ(ParentProcess(), std::nullopt);
  ProcessOptions options = Killable();
  options.name = "middle";
  EXPECT_EQ(EndOf(Process::Start<CompareSelf>(options, "middle")), "exited 0");
}

ISOPROC_CASE(ProcessInfo, PROC_62_3, ProcessInfoCanBePrinted) {
  std::ostringstream out;
  out << CurrentProcess();
  EXPECT_EQ(out.str(), absl::StrCat("process 'main' pid ", TestPort().ProcessId()));
  EXPECT_EQ(CurrentProcess().ToString(), out.str());
}

// ---- the children -------------------------------------------------------------------------------

std::string Names(const std::vector<ProcessInfo>& processes) {
  std::string names;
  for (const ProcessInfo& process : processes) absl::StrAppend(&names, process.name(), " ");
  return names;
}

// In a process of its own, which has no other children. Says what it sees.
int ListChildren() {
  if (!ActiveChildren().empty()) return 1;
  std::vector<Process> children;
  for (const char* name : {"first", "second", "third"}) {
    ProcessOptions options = Killable();
    options.name = name;
    options.standard_output = StandardStream::Null();
    absl::StatusOr<Process> child = Process::Start<AwaitStop>(options, 7);
    if (!child.ok()) return 2;
    children.push_back(*std::move(child));
  }
  Say(Names(ActiveChildren()));
  const std::vector<ProcessInfo> before = ActiveChildren();
  if (before.size() != 3 || before[1].pid() != children[1].pid()) return 3;
  if (!absl::IsDeadlineExceeded(before[1].Join(absl::ZeroDuration()))) return 4;
  if (!before[1].IsAlive()) return 5;

  if (!children[1].Kill().ok()) return 6;
  if (!before[1].Join(GetEnvironment().patience).ok() || before[1].IsAlive()) return 7;
  Say(Names(ActiveChildren()));
  Say(Show(children[1].Join(absl::ZeroDuration())));  // was not taken away

  if (Show(children[0].Stop(GetEnvironment().patience)) != "exited 7") return 8;
  Say(Names(ActiveChildren()));
  children.clear();
  return ActiveChildren().empty() ? 0 : 9;
}

ISOPROC_CASE(ProcessInfo, MISC_01, ActiveChildrenAreThoseThatLive) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ListChildren>(Into(output)));
  const std::string said = output.ReadToEnd();
  EXPECT_EQ(said, "first second third \nfirst third \nsignalled 9 (SIGKILL)\nthird \n");
  EXPECT_EQ(EndOf(process), "exited 0");
  Observe("said", said);
}

ISOPROC_CASE(ProcessInfo, MISC_01_2, EndedChildIsNotActiveAndKeepsItsStatus) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 7));
  const int64_t pid = *process.pid();
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  ASSERT_OK(Wait(absl::MakeConstSpan(&end, 1), GetEnvironment().patience));
  for (const ProcessInfo& child : ActiveChildren()) EXPECT_NE(child.pid(), pid);
  EXPECT_EQ(EndOf(process), "exited 7");
}

ISOPROC_CASE(ProcessInfo, MISC_02_2, ProcessorsAreCounted) {
  EXPECT_GE(CpuCount(), 1);
  EXPECT_GE(UsableCpuCount(), 1);
  EXPECT_LE(UsableCpuCount(), CpuCount());
  EXPECT_EQ(CpuCount(), CpuCount());
  EXPECT_EQ(UsableCpuCount(), UsableCpuCount());
}

}  // namespace
}  // namespace isoproc::conformance
