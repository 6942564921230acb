// What becomes of the children of a process that comes to its end.
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/process.h"
#include "isoproc/process_options.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

void WorkToTheEndOfInput() {
  ReadInput();
  Say("the work is done");
}

absl::StatusOr<Process> StartOneToJoin() {
  ProcessOptions options;
  options.standard_input = StandardStream::Inherit();
  return Process::Start<WorkToTheEndOfInput>(options);
}
absl::StatusOr<Process> StartOneToKill() { return Process::Start<Stay>(Killable()); }

// Both hold the standard output. Gives false if one could not be started.
bool StartOneToJoinAndOneToKill() {
  absl::StatusOr<Process> to_join = StartOneToJoin();
  absl::StatusOr<Process> to_kill = StartOneToKill();
  if (!to_join.ok() || !to_kill.ok()) return false;
  Keep(*std::move(to_join));
  Keep(*std::move(to_kill));
  Say("about to end");
  return true;
}

int HaveChildrenAndEnd(Ending ending) { return StartOneToJoinAndOneToKill() ? End(ending) : 100; }

// Lets the child to join do its work when its parent has had the time to end without it.
void LetTheChildWork(SystemPipe& input, SystemPipe& output) {
  EXPECT_EQ(output.ReadLine(), "about to end");
  LetAnotherComeAndGo();
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "the work is done\n") << "one was joined, the other one killed";
}

void ExpectChildrenEndWith(absl::StatusOr<Process> (*start)(const ProcessOptions& options),
                           const char* end) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, start(Between(input, output)));
  input.CloseReadEnd();
  LetTheChildWork(input, output);
  EXPECT_EQ(EndOf(process), end);
  Observe("end", EndOf(process));
}

template <Ending kEnding>
absl::StatusOr<Process> StartAParent(const ProcessOptions& options) {
  return Process::Start<HaveChildrenAndEnd>(options, kEnding);
}

ISOPROC_CASE(Lifetime, PROC_42, ChildrenEndWhenTheTargetReturns) {
  ExpectChildrenEndWith(&StartAParent<Ending::kReturn>, "exited 3");
}

ISOPROC_CASE(Lifetime, PROC_42_2, ChildrenEndWhenExitIsCalled) {
  ExpectChildrenEndWith(&StartAParent<Ending::kExit>, "exited 3");
}

// A process that isoproc did not start: its main returns, or calls exit.
ISOPROC_PORT_CHILD(ProgramWithChildren) {
  if (!StartOneToJoinAndOneToKill()) return 100;
  if (context.arguments.at(0) == "exit") std::exit(3);  // NOLINT(concurrency-mt-unsafe)
  return 3;
}

ISOPROC_CASE(Lifetime, PROC_42_3, ChildrenEndWhenTheProgramDoes) {
  for (const char* way : {"return", "exit"}) {
    SystemPipe input;
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(
        PortChild program,
        SpawnPortChild(TestPort(), "ProgramWithChildren", {way},
                       [&input, &output](port::SpawnRequest& request) {
                         request.standard_streams[0].kind = port::StandardStream::Kind::kHandle;
                         request.standard_streams[0].native = input.ReadEnd().native();
                         request.standard_streams[1].kind = port::StandardStream::Kind::kHandle;
                         request.standard_streams[1].native = output.WriteEnd().native();
                       }));
    input.CloseReadEnd();
    LetTheChildWork(input, output);
    ASSERT_OK_AND_ASSIGN(const port::Termination end, program.process->Wait(Patiently()));
    EXPECT_EQ(end.kind, port::Termination::Kind::kExited);
    EXPECT_EQ(end.value, 3);
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
  ExpectChildrenEndWith(&StartAParent<Ending::kThrow>, "threw std::runtime_error: the end");
}

// The same with children whose Process the exception destroys on its way.
int ThrowPastChildren() {
  const absl::StatusOr<Process> to_join = StartOneToJoin();
  const absl::StatusOr<Process> to_kill = StartOneToKill();
  if (!to_join.ok() || !to_kill.ok()) return 100;
  Say("about to end");
  return End(Ending::kThrow);
}

ISOPROC_CASE(Lifetime, PROC_43_2, UnwoundChildrenEnd) {
  ExpectChildrenEndWith(
      [](const ProcessOptions& options) { return Process::Start<ThrowPastChildren>(options); },
      "threw std::runtime_error: the end");
}

}  // namespace
}  // namespace isoproc::conformance
