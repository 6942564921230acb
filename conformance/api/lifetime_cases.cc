// Who ends with whom, and what is left.
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/harness/temp_dir.h"
#include "conformance/port/support.h"
#include "isoproc/exit_status.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "platform/port/port.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// ---- what one case starts ---------------------------------------------------------------------

// Takes a moment, and leaves a file to show that nobody cut it short.
void WorkAMoment(const std::string& file) {
  WaitForStop(absl::Milliseconds(50));
  std::ofstream(file) << "done";
}

// How a target or program comes to its end.
enum class Ending : int { kReturn, kExit, kThrow, kExitAtOnce, kAbort, kTerminate, kStay };
int End(Ending ending) {
  switch (ending) {
    case Ending::kReturn:
      return 3;
    case Ending::kExit:
      std::exit(3);  // NOLINT(concurrency-mt-unsafe)
    case Ending::kThrow:
      throw std::runtime_error("the end");
    case Ending::kExitAtOnce:
      std::_Exit(3);
    case Ending::kAbort:
      std::abort();
    case Ending::kTerminate:
      std::terminate();
    case Ending::kStay:
      Stay();
  }
  return 4;
}

// Gives false if one could not be started. Each holds the standard output.
bool StartOneToJoinAndOneToKill(const std::string& file) {
  absl::StatusOr<Process> to_join = Process::Start<WorkAMoment>(file);
  absl::StatusOr<Process> to_kill = Process::Start<Linger>(Killable());
  if (!to_join.ok() || !to_kill.ok()) return false;
  Keep(*std::move(to_join));
  Keep(*std::move(to_kill));
  return true;
}

int HaveChildrenAndEnd(const std::string& file, Ending ending) {
  if (!StartOneToJoinAndOneToKill(file)) return 100;
  return End(ending);
}

// ---- PROC-06, PROC-54: children of children -----------------------------------------------------

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

// ---- PROC-40: the destructor --------------------------------------------------------------------

ISOPROC_CASE(Lifetime, PROC_40, DestructorJoins) {
  const TempDir dir;
  { ASSERT_OK_AND_ASSIGN(const Process process, Process::Start<WorkAMoment>(dir.File("file"))); }
  EXPECT_EQ(dir.Read("file"), "done");
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

// ---- PROC-42, PROC-43: the end of a process -------------------------------------------------------

void ExpectChildrenEndWith(Ending ending, const char* end) {
  const TempDir dir;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process,
                       Process::Start<HaveChildrenAndEnd>(Into(output), dir.File("file"), ending));
  EXPECT_EQ(EndOf(process), end);
  EXPECT_EQ(dir.Read("file"), "done") << "the child to join was joined";
  EXPECT_THAT(output.ReadToEnd(), testing::AnyOf("ready\n", "")) << "the child to kill was killed";
  Observe("end", EndOf(process));
}

ISOPROC_CASE(Lifetime, PROC_42, ChildrenEndWhenTheTargetReturns) {
  ExpectChildrenEndWith(Ending::kReturn, "exited 3");
}

ISOPROC_CASE(Lifetime, PROC_42_2, ChildrenEndWhenExitIsCalled) {
  ExpectChildrenEndWith(Ending::kExit, "exited 3");
}

// A process that isoproc did not start: its main returns, or calls exit.
ISOPROC_PORT_CHILD(ProgramWithChildren) {
  const std::string& file = context.arguments.at(0);
  if (!StartOneToJoinAndOneToKill(file)) return 100;
  if (context.arguments.at(1) == "exit") std::exit(3);  // NOLINT(concurrency-mt-unsafe)
  return 3;
}

ISOPROC_CASE(Lifetime, PROC_42_3, ChildrenEndWhenTheProgramDoes) {
  for (const char* way : {"return", "exit"}) {
    const TempDir dir;
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(
        PortChild program,
        SpawnPortChild(TestPort(), "ProgramWithChildren", {dir.File("file"), way},
                       [&output](port::SpawnRequest& request) {
                         request.standard_streams[1].kind = port::StandardStream::Kind::kHandle;
                         request.standard_streams[1].native = output.WriteEnd().native();
                       }));
    ASSERT_OK_AND_ASSIGN(const port::Termination end, program.process->Wait(Patiently()));
    EXPECT_EQ(end.kind, port::Termination::Kind::kExited);
    EXPECT_EQ(end.value, 3);
    EXPECT_EQ(dir.Read("file"), "done");
    EXPECT_THAT(output.ReadToEnd(), testing::AnyOf("ready\n", ""));
  }
}

int HaveAStubbornChild() {
  ProcessOptions options;
  options.exit_timeout = absl::Milliseconds(20);
  absl::StatusOr<Process> child = Process::Start<Linger>(options);
  if (!child.ok()) return 100;
  Keep(*std::move(child));
  return 3;
}

ISOPROC_CASE(Lifetime, PROC_42_4, StubbornChildIsKilledInTheEnd) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<HaveAStubbornChild>(Into(output)));
  EXPECT_EQ(EndOf(process), "exited 3");
  EXPECT_THAT(output.ReadToEnd(), testing::AnyOf("ready\n", ""));
}

ISOPROC_CASE(Lifetime, PROC_43, ChildrenEndWhenTheTargetThrows) {
  ExpectChildrenEndWith(Ending::kThrow, "threw std::runtime_error: the end");
}

// The same with children whose Process the exception destroys on its way.
int ThrowPastChildren(const std::string& file) {
  const absl::StatusOr<Process> to_join = Process::Start<WorkAMoment>(file);
  const absl::StatusOr<Process> to_kill = Process::Start<Linger>(Killable());
  if (!to_join.ok() || !to_kill.ok()) return 100;
  return End(Ending::kThrow);
}

ISOPROC_CASE(Lifetime, PROC_43_2, UnwoundChildrenEnd) {
  const TempDir dir;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process,
                       Process::Start<ThrowPastChildren>(Into(output), dir.File("file")));
  EXPECT_EQ(EndOf(process), "threw std::runtime_error: the end");
  EXPECT_EQ(dir.Read("file"), "done");
  EXPECT_THAT(output.ReadToEnd(), testing::AnyOf("ready\n", ""));
}

// ---- PROC-44: death of the parent -----------------------------------------------------------------

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

int LeaveADetachedChild() {
  ProcessOptions options;
  options.detached = true;
  options.standard_input = StandardStream::Inherit();
  return Process::Start<AwaitEndOfInput>(options).ok() ? 3 : 100;
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

// ---- PROC-55, PROC-56, LIFE: many ---------------------------------------------------------------

// Where a start takes 0.1 s and not 0.002 s, there are fewer.
struct Scale {
  int alive_at_once;
  int cycles;
};
Scale ScaleOfThisPort() {
  static const std::map<std::string, Scale>& slow =
      *new std::map<std::string, Scale>{{"win32", {24, 12}}};
  const auto found = slow.find(TestPort().capabilities().profile);
  return found == slow.end() ? Scale{200, 40} : found->second;
}
constexpr int kStressCycles = 10000;

ISOPROC_CASE(Lifetime, PROC_55, ManyAtOnce) {
  const int count = ScaleOfThisPort().alive_at_once;
  std::vector<Process> processes;
  std::vector<Waitable> ends;
  for (int i = 0; i < count; ++i) {
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), i & 0x7F));
    ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
    processes.push_back(std::move(process));
    ends.push_back(end);
  }
  EXPECT_CODE(Wait(ends, absl::ZeroDuration()), kDeadlineExceeded) << "all are alive";
  EXPECT_GE(ActiveChildren().size(), static_cast<size_t>(count));
  for (int i = 1; i < count; i += 2) ASSERT_OK(processes[static_cast<size_t>(i)].Terminate());
  for (int i = 0; i < count; ++i) {
    Process& process = processes[static_cast<size_t>(i)];
    if (i % 2 == 0) {
      EXPECT_EQ(Show(process.Stop(GetEnvironment().patience)), absl::StrCat("exited ", i & 0x7F));
    } else {
      EXPECT_EQ(EndOf(process), "signalled 15 (SIGTERM)");
    }
  }
}

int CountOwnHandles() { return system_support::CountHandles(); }

ISOPROC_CASE(Lifetime, PROC_56, SiblingsAddNoHandles) {
  constexpr int kSiblings = 8;
  ASSERT_OK_AND_ASSIGN(Process first, Process::Start<CountOwnHandles>(Killable()));
  ASSERT_OK_AND_ASSIGN(const ExitStatus few, Await(first));
  std::vector<Process> siblings;
  for (int i = 0; i < kSiblings; ++i) {
    ASSERT_OK_AND_ASSIGN(Process sibling, Process::Start<AwaitStop>(Killable(), 0));
    siblings.push_back(std::move(sibling));
  }
  ASSERT_OK_AND_ASSIGN(Process last, Process::Start<CountOwnHandles>(Killable()));
  ASSERT_OK_AND_ASSIGN(const ExitStatus many, Await(last));
  // Systems that count what threads and libraries open may differ by one or two.
  EXPECT_LT(many.code(), few.code() + kSiblings);
}

// One child, ended in the way that `i` says: half of them by force, at some moment of their life.
// Gives false if it did not end as it should.
bool StartAndEnd(int i) {
  switch (i % 6) {
    case 0: {
      return EndOf(Process::Start<Return>(Killable(), 5)) == "exited 5";
    }
    case 1: {  // killed while it comes to life
      absl::StatusOr<Process> process = Process::Start<AwaitStop>(Killable(), 5);
      return process.ok() && process->Kill().ok() && EndOf(*process) == "signalled 9 (SIGKILL)";
    }
    case 2: {
      absl::StatusOr<Process> process = Process::Start<AwaitStop>(Killable(), 5);
      return process.ok() && Show(process->Stop(absl::Minutes(1))) == "exited 5";
    }
    case 3: {  // by its destructor
      return Process::Start<AwaitStop>(Killable(), 5).ok();
    }
    case 4: {  // not joined at all
      ProcessOptions options;
      options.detached = true;
      return Process::Start<DoNothing>(options).ok();
    }
    default: {  // before it could take over its target, or some time after that
      ProcessOptions options = Killable();
      options.start_timeout = absl::Microseconds(i % 7 * 300);
      const absl::Status status = Process::Start<AwaitStop>(options, 5).status();
      return status.ok() || absl::IsDeadlineExceeded(status);
    }
  }
}

// Gives 0 if everything is as before.
int StartAndEndMany(int cycles) {
  absl::StatusOr<Process> first = Process::Start<DoNothing>();  // what is made once and kept
  if (!first.ok() || !Await(*first).ok() || !first->Close().ok()) return 1;
  const int handles = system_support::CountHandles();
  const int children = system_support::CountChildren();
  for (int i = 0; i < cycles; ++i) {
    if (!StartAndEnd(i)) return 2;
  }
  // Detached children are reaped by a later start, when they have ended; ActiveChildren would reap
  // them as well.
  const bool clean = Eventually([&] {
    absl::StatusOr<Process> last = Process::Start<DoNothing>();
    return last.ok() && Await(*last).ok() && last->Close().ok() &&
           system_support::CountChildren() == children;
  });
  if (!clean || !ActiveChildren().empty()) return 3;
  // The system may close what it was asked to close a little later.
  if (!Eventually([&] { return system_support::CountHandles() <= handles; })) return 4;
  return 0;
}

ISOPROC_CASE(Lifetime, LIFE_01, NothingIsLeft) {
  // Whatever would be left in the directories for temporary files is seen there.
  const TempDir dir;
  ProcessOptions options = Killable();
  options.environment.emplace();
  for (const char* name : {"TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR"}) {
    (*options.environment)[name] = dir.path().string();
  }
  const int cycles = GetEnvironment().stress ? kStressCycles : ScaleOfThisPort().cycles;
  const std::string end = EndOf(Process::Start<StartAndEndMany>(options, cycles));
  EXPECT_EQ(end, "exited 0") << "2: an end, 3: children, 4: handles";
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
  Observe("end", end);
}

ISOPROC_CASE(Lifetime, LIFE_02, ThreadsStartAtOnce) {
  constexpr int kThreads = 6;
  constexpr int kEach = 2;
  std::vector<std::vector<std::string>> ends(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, &mine = ends[static_cast<size_t>(t)]] {
      for (int i = 0; i < kEach; ++i) {
        mine.push_back(EndOf(Process::Start<Return>(Killable(), t * kEach + i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kEach; ++i) {
      EXPECT_EQ(ends[static_cast<size_t>(t)][static_cast<size_t>(i)],
                absl::StrCat("exited ", t * kEach + i));
    }
  }
}

// Threads start, end and look at children, their own and those of others.
ISOPROC_CASE(Lifetime, LIFE_02_2, ThreadsStartAndEndAtOnce) {
  std::vector<std::string> wrong;
  std::vector<std::thread> threads;
  std::vector<int> failures(4, 0);
  for (size_t t = 0; t < failures.size(); ++t) {
    threads.emplace_back([t, &failed = failures[t]] {
      for (int i = 0; i < 4; ++i) {
        if (!StartAndEnd(static_cast<int>(t) + i)) ++failed;
        for (const ProcessInfo& child : ActiveChildren()) (void)child.IsAlive();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(failures, testing::Each(0));
}

}  // namespace
}  // namespace isoproc::conformance
