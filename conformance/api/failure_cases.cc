// Children that fail, are ended, or are asked to end.
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
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
#include "conformance/harness/temp_dir.h"
#include "isoproc/exit_status.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "isoproc/wait.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {

// Not in an anonymous namespace, which compilers spell differently.
struct Refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace {

ProcessOptions Named(const char* name) {
  ProcessOptions options = Killable();
  options.name = name;
  options.standard_error = StandardStream::Null();
  return options;
}

// One for each way to throw, as an exception is thrown only once in a process.
enum class Kind : int {
  kRuntimeError,
  kOwn,
  kBadAlloc,
  kEmpty,
  kManyLines,
  kNested,
  kInt,
  kText,
  kPointer
};
void ThrowOne(Kind kind) {
  switch (kind) {
    case Kind::kRuntimeError:
      throw std::runtime_error("disk is full");
    case Kind::kOwn:
      throw Refusal("no");
    case Kind::kBadAlloc:
      throw std::bad_alloc();
    case Kind::kEmpty:
      throw std::runtime_error("");
    case Kind::kManyLines:
      throw std::runtime_error("one\ntwo %s \xC3\xA9");
    case Kind::kNested:
      try {
        throw std::logic_error("inner");
      } catch (...) {
        std::throw_with_nested(Refusal("outer"));
      }
    case Kind::kInt:
      throw 42;
    case Kind::kText:
      throw "text";
    case Kind::kPointer:
      throw std::make_shared<Refusal>("pointed at");
  }
}

ISOPROC_CASE(Failure, PROC_24, ExceptionIsReported) {
  ASSERT_OK_AND_ASSIGN(Process process,
                       Process::Start<ThrowOne>(Named("thrower"), Kind::kRuntimeError));
  ASSERT_OK_AND_ASSIGN(const ExitStatus end, Await(process));
  EXPECT_EQ(end.kind(), ExitStatus::Kind::kThrew);
  EXPECT_EQ(end.type(), "std::runtime_error");
  EXPECT_EQ(end.what(), "disk is full");
  EXPECT_EQ(end.code(), 1);
  EXPECT_FALSE(end.ok());
  EXPECT_EQ(process.exit_status(), end);
  Observe("end", end.ToString());
}

ISOPROC_CASE(Failure, PROC_24_2, ExceptionsOfAllTypes) {
  struct Row {
    Kind kind;
    std::string end;
  };
  for (const Row& row : {Row{Kind::kOwn, "threw isoproc::conformance::Refusal: no"},
                         Row{Kind::kEmpty, "threw std::runtime_error: "},
                         Row{Kind::kManyLines, "threw std::runtime_error: one\ntwo %s \xC3\xA9"}}) {
    const std::string end = EndOf(Process::Start<ThrowOne>(Named("thrower"), row.kind));
    EXPECT_EQ(end, row.end);
    Observe("end", end);
  }
  // How these are called and what they say is the compiler's.
  for (const Kind kind : {Kind::kBadAlloc, Kind::kNested}) {
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ThrowOne>(Named("thrower"), kind));
    ASSERT_OK_AND_ASSIGN(const ExitStatus end, Await(process));
    EXPECT_EQ(end.kind(), ExitStatus::Kind::kThrew);
    EXPECT_NE(end.type(), "unknown");
    EXPECT_NE(end.what(), "");
  }
}

ISOPROC_CASE(Failure, PROC_24_3, WhatIsNoExceptionIsUnknown) {
  for (const Kind kind : {Kind::kInt, Kind::kText, Kind::kPointer}) {
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ThrowOne>(Named("thrower"), kind));
    ASSERT_OK_AND_ASSIGN(const ExitStatus end, Await(process));
    EXPECT_EQ(end.kind(), ExitStatus::Kind::kThrew);
    EXPECT_EQ(end.type(), "unknown");
    EXPECT_EQ(end.code(), 1);
    Observe("end", end.ToString());
  }
}

ISOPROC_CASE(Failure, PROC_24_4, StandardErrorTellsWhoThrewWhat) {
  const TempDir dir;
  ProcessOptions options = Named("worker \xC3\xA9");
  options.standard_error = StandardStream::ToFile(dir.File("err"));
  EXPECT_EQ(EndOf(Process::Start<ThrowOne>(options, Kind::kRuntimeError)),
            "threw std::runtime_error: disk is full");
  const std::string said = dir.Read("err");
  EXPECT_THAT(said, testing::HasSubstr("worker \xC3\xA9"));
  EXPECT_THAT(said, testing::HasSubstr("std::runtime_error"));
  EXPECT_THAT(said, testing::HasSubstr("disk is full"));
  Observe("standard error", said);
}

void ThrowMuch(size_t size) { throw std::runtime_error(std::string(size, 'w')); }

ISOPROC_CASE(Failure, PROC_24_5, HugeWhatIsCut) {
  constexpr size_t kLimit = size_t{16} << 10;
  for (const size_t size : {kLimit, kLimit + 1, size_t{4} << 20}) {
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ThrowMuch>(Named("thrower"), size));
    ASSERT_OK_AND_ASSIGN(const ExitStatus end, Await(process));
    EXPECT_EQ(end.type(), "std::runtime_error");
    EXPECT_TRUE(end.what() == std::string(kLimit, 'w')) << end.what().size();
    Observe("length", end.what().size());
  }
}

// A child that does more after it threw: its handlers run, and it can still be ended.
void ThrowWithHandlers() {
  std::atexit([] { Say("handler"); });
  throw Refusal("no");
}

ISOPROC_CASE(Failure, PROC_24_6, HandlersRunAfterAnException) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ThrowWithHandlers>(Into(output)));
  EXPECT_EQ(output.ReadToEnd(), "handler\n");
  EXPECT_EQ(EndOf(process), "threw isoproc::conformance::Refusal: no");
}

void CatchWhatItThrows() {
  try {
    throw Refusal("no");
  } catch (const std::exception&) {
    return;
  }
}

ISOPROC_CASE(Failure, PROC_24_7, CaughtExceptionIsNobodysBusiness) {
  EXPECT_EQ(EndOf(Process::Start<CatchWhatItThrows>(Killable())), "exited 0");
}

// Says what must not be seen, should it end by itself.
void LingerWithHandlers() {
  static const struct AtEnd {
    ~AtEnd() { Say("static destructor"); }
  } at_end;
  std::atexit([] { Say("handler"); });
  Linger();
}

ISOPROC_CASE(Failure, PROC_32, TerminateRunsNoHandler) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<LingerWithHandlers>(Into(output)));
  EXPECT_EQ(output.ReadLine(), "ready");
  ASSERT_OK(process.Terminate());
  ASSERT_OK_AND_ASSIGN(const ExitStatus end, Await(process));
  EXPECT_EQ(end, ExitStatus::Signalled(15));
  EXPECT_EQ(end.code(), -15);
  EXPECT_EQ(output.ReadToEnd(), "");
  Observe("end", end.ToString());
}

void StartALingerer() {
  absl::StatusOr<Process> child = Process::Start<Linger>(Killable());
  if (!child.ok()) std::_Exit(100);
  Stay();
}

ISOPROC_CASE(Failure, PROC_32_2, TerminateEndsWhatTheChildStarted) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<StartALingerer>(Into(output)));
  EXPECT_EQ(output.ReadLine(), "ready");
  ASSERT_OK(process.Terminate());
  EXPECT_EQ(output.ReadToEnd(), "") << "the end of all who hold the pipe";
  EXPECT_EQ(EndOf(process), "signalled 15 (SIGTERM)");
}

void StartAStranger() {
  system_support::StartForeignProcess();
  Linger();
}

ISOPROC_CASE(Failure, PROC_32_3, TerminateTreeEndsForeignProcessesToo) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<StartAStranger>(Into(output)));
  EXPECT_EQ(output.ReadLine(), "ready");
  ASSERT_OK(process.TerminateTree());
  EXPECT_EQ(output.ReadToEnd(), "") << "the end of all who hold the pipe";
  EXPECT_EQ(EndOf(process), "signalled 15 (SIGTERM)");
}

ISOPROC_CASE(Failure, PROC_33, StopAsksAndReturnsTheStatus) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 4));
  EXPECT_EQ(Show(process.Stop(GetEnvironment().patience)), "exited 4");
  EXPECT_EQ(Show(process.Stop(GetEnvironment().patience)), "exited 4") << "once more";
}

ISOPROC_CASE(Failure, PROC_33_2, StopTerminatesWhoDoesNotListen) {
  for (const absl::Duration grace : {absl::Milliseconds(20), absl::ZeroDuration()}) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Linger>(Into(output)));
    EXPECT_EQ(output.ReadLine(), "ready");
    const std::string end = Show(process.Stop(grace));
    EXPECT_EQ(end, "signalled 15 (SIGTERM)");
    EXPECT_EQ(output.ReadToEnd(), "");
    Observe("end", end);
  }
}

ISOPROC_CASE(Failure, PROC_34, KillIsSignalNine) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<LingerWithHandlers>(Into(output)));
  EXPECT_EQ(output.ReadLine(), "ready");
  ASSERT_OK(process.Kill());
  EXPECT_EQ(EndOf(process), "signalled 9 (SIGKILL)");
  EXPECT_EQ(output.ReadToEnd(), "");
  Observe("end", EndOf(process));
}

// Gives 0 if a request to stop is seen in each way, and only once it was made.
int WatchForStop() {
  if (StopRequested() || WaitForStop(absl::ZeroDuration())) return 1;
  if (WaitForStop(absl::Milliseconds(1)) || WaitForStop(-absl::Seconds(1))) return 2;
  Say("ready");
  if (!WaitForStop()) return 3;
  if (!StopRequested() || !WaitForStop() || !WaitForStop(absl::ZeroDuration())) return 4;
  return 0;
}

ISOPROC_CASE(Failure, PROC_35, StopRequestIsSeenByTheTarget) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<WatchForStop>(Into(output)));
  EXPECT_EQ(output.ReadLine(), "ready");
  EXPECT_EQ(Show(process.Stop(GetEnvironment().patience)), "exited 0");
  EXPECT_FALSE(StopRequested()) << "the first process";
  EXPECT_FALSE(WaitForStop()) << "at once, since nobody can stop it";
}

// What was asked before anybody waited is not lost.
int LookLate() {
  ReadInput();
  return WaitForStop() ? 0 : 1;
}

ISOPROC_CASE(Failure, PROC_35_2, StopBeforeTheTargetLooksIsNotLost) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<LookLate>(Between(input, output)));
  input.CloseReadEnd();
  absl::StatusOr<ExitStatus> end = absl::UnknownError("not stopped");
  std::thread stopper([&] { end = process.Stop(GetEnvironment().patience); });
  input.CloseWriteEnd();
  stopper.join();
  EXPECT_EQ(Show(end), "exited 0");
}

// In a fork, the child belongs to somebody else.
ISOPROC_CASE(Failure, PROC_22, ForkOfTheParentHasNoChildren) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 4));
  const int code = system_support::RunInFork([&process] {
    if (process.IsAlive() || process.exit_status().has_value()) return 1;
    if (!absl::IsFailedPrecondition(process.Join().status())) return 2;
    if (!absl::IsFailedPrecondition(process.Kill())) return 3;
    if (!absl::IsFailedPrecondition(process.Terminate())) return 4;
    if (!absl::IsFailedPrecondition(process.TerminateTree())) return 5;
    if (!absl::IsFailedPrecondition(process.Stop(absl::ZeroDuration()).status())) return 6;
    if (!ActiveChildren().empty()) return 7;
    if (!absl::IsFailedPrecondition(process.AsWaitable().status())) return 8;
    if (process.ToString().find("another process") == std::string::npos) return 9;
    if (!absl::IsFailedPrecondition(process.Close()) || !process.pid().has_value()) return 10;
    process = Process();  // what the destructor does
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(process.IsAlive());
  EXPECT_EQ(Show(process.Stop(GetEnvironment().patience)), "exited 4");
}

ISOPROC_CASE(Failure, PROC_65, StolenStatusIsUnknown) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 4));
  const int64_t pid = *process.pid();
  system_support::StealExitStatus(pid);
  EXPECT_CODE(Await(process), kUnknown);
  EXPECT_FALSE(process.IsAlive());
  EXPECT_EQ(process.exit_status(), std::nullopt);
  EXPECT_OK(process.Kill());
  EXPECT_CODE(process.Stop(absl::ZeroDuration()), kUnknown);
  EXPECT_THAT(process.ToString(), testing::HasSubstr("status unknown"));
  for (const ProcessInfo& child : ActiveChildren()) EXPECT_NE(child.pid(), pid);
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  EXPECT_OK(Wait(absl::MakeConstSpan(&end, 1), absl::ZeroDuration()));
  EXPECT_OK(process.Close());
}

// The thief comes while somebody waits.
ISOPROC_CASE(Failure, PROC_65_2, WaiterOfAStolenStatusIsWoken) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 4));
  absl::StatusOr<ExitStatus> joined = absl::InternalError("not joined");
  std::thread joiner([&] { joined = Await(process); });
  system_support::KillFromOutside(*process.pid());
  joiner.join();
  ASSERT_OK(joined);
  EXPECT_EQ(joined->ToString(), "signalled 9 (SIGKILL)") << "nobody stole it";

  ASSERT_OK_AND_ASSIGN(Process other, Process::Start<AwaitStop>(Killable(), 4));
  ASSERT_OK_AND_ASSIGN(const Waitable end, other.AsWaitable());
  absl::Status waited = absl::InternalError("not waited");
  std::thread waiter(
      [&] { waited = Wait(absl::MakeConstSpan(&end, 1), GetEnvironment().patience).status(); });
  const int64_t pid = *other.pid();
  system_support::KillFromOutside(pid);
  system_support::StealExitStatus(pid);
  waiter.join();
  EXPECT_OK(waited);
  EXPECT_CODE(Await(other), kUnknown);
}

}  // namespace
}  // namespace isoproc::conformance
