// How a child that ends is reported.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
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
#include "isoproc/process_options.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

ISOPROC_CASE(ExitStatus, PROC_09, TargetThatDoesNothingExitsWithZero) {
  const std::string end = EndOf(Process::Start<DoNothing>(Killable()));
  EXPECT_EQ(end, "exited 0");
  Observe("end", end);
}

bool ReturnBool(bool value) { return value; }

ISOPROC_CASE(ExitStatus, PROC_23, ResultIsTheExitCode) {
  EXPECT_EQ(EndOf(Process::Start<DoNothing>(Killable())), "exited 0");
  EXPECT_EQ(EndOf(Process::Start<Return>(Killable(), 0)), "exited 0");
  EXPECT_EQ(EndOf(Process::Start<Return>(Killable(), 42)), "exited 42");
  EXPECT_EQ(EndOf(Process::Start<ReturnBool>(Killable(), true)), "exited 1");
  EXPECT_EQ(EndOf(Process::Start<ReturnBool>(Killable(), false)), "exited 0");
}

// std::exit of a child, on the thread that the target runs on.
void Exit(int code) {
  std::exit(code);  // NOLINT(concurrency-mt-unsafe)
}

void ExitAtOnce(int code) {
  std::atexit([] { Say("handler"); });
  std::_Exit(code);
}

ISOPROC_CASE(ExitStatus, PROC_25, CodesAreReducedToAByte) {
  for (const int code : {-1, 255, 256, 300, -256}) {
    const std::string expected = absl::StrCat("exited ", code & 0xFF);
    const std::string end = EndOf(Process::Start<Return>(Killable(), code));
    EXPECT_EQ(end, expected) << code;
    Observe(absl::StrCat("return ", code), end);
  }
}

ISOPROC_CASE(ExitStatus, PROC_25_2, CodesOfExitAreReducedToAByte) {
  for (const int code : {-1, 256, 300}) {
    const std::string expected = absl::StrCat("exited ", code & 0xFF);
    const std::string end = EndOf(Process::Start<Exit>(Killable(), code));
    EXPECT_EQ(end, expected) << code;
    Observe(absl::StrCat("exit ", code), end);
  }
  SystemPipe output;
  EXPECT_EQ(EndOf(Process::Start<ExitAtOnce>(Into(output), 300)), "exited 44");
}

ISOPROC_CASE(ExitStatus, PROC_26, ExitGivesItsCode) {
  for (const int code : {0, 1}) {
    EXPECT_EQ(EndOf(Process::Start<Exit>(Killable(), code)), absl::StrCat("exited ", code));
  }
}

int ExitInAThread() {
  std::thread([] { Exit(6); }).join();
  return 7;
}

ISOPROC_CASE(ExitStatus, PROC_26_2, ExitOfAnotherThreadCounts) {
  EXPECT_EQ(EndOf(Process::Start<ExitInAThread>(Killable())), "exited 6");
}

ISOPROC_CASE(ExitStatus, PROC_28, ExitAtOnceRunsNoHandler) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ExitAtOnce>(Into(output), 7));
  EXPECT_EQ(output.ReadToEnd(), "");
  EXPECT_EQ(EndOf(process), "exited 7");
  Observe("end", EndOf(process));
}

ISOPROC_CASE(ExitStatus, PROC_29, SignalsHaveTheNumbersOfLinux) {
  struct Row {
    ExitStatus status;
    int code;
    std::string text;
  };
  for (const Row& row : {Row{ExitStatus::Signalled(9), -9, "signalled 9 (SIGKILL)"},
                         Row{ExitStatus::Signalled(15), -15, "signalled 15 (SIGTERM)"},
                         Row{ExitStatus::Signalled(6), -6, "signalled 6 (SIGABRT)"},
                         Row{ExitStatus::Signalled(11), -11, "signalled 11 (SIGSEGV)"}}) {
    EXPECT_EQ(row.status.code(), row.code);
    EXPECT_EQ(row.status.signal(), -row.code);
    EXPECT_EQ(row.status.kind(), ExitStatus::Kind::kSignalled);
    EXPECT_FALSE(row.status.ok());
    EXPECT_EQ(row.status.ToString(), row.text);
  }
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 0));
  ASSERT_OK(process.Kill());
  EXPECT_EQ(EndOf(process), "signalled 9 (SIGKILL)");
}

// How it ended, the system says in its own way; that it did not end well is the same everywhere.
ISOPROC_CASE(ExitStatus, PROC_29_2, KilledFromOutsideIsNoSuccess) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 0));
  system_support::KillFromOutside(*process.pid());
  ASSERT_OK_AND_ASSIGN(const ExitStatus end, Await(process));
  EXPECT_FALSE(end.ok());
  EXPECT_NE(end.kind(), ExitStatus::Kind::kThrew);
  EXPECT_FALSE(process.IsAlive());
}

ISOPROC_CASE(ExitStatus, PROC_30, NoCodeIsTakenForATermination) {
  for (const int code : {-15, 241, 143, 15, 137, 9, 0x10000, 0xFFFF}) {
    const std::string expected = absl::StrCat("exited ", code & 0xFF);
    const std::string end = EndOf(Process::Start<Return>(Killable(), code));
    EXPECT_EQ(end, expected) << code;
    Observe(absl::StrCat("return ", code), end);
  }
}

// Volatile, and read through numbers, so that no compiler or sanitizer sees what comes.
volatile uintptr_t nowhere = 64;
volatile int zero = 0;

void Abort() { std::abort(); }
void TerminateItself() { std::terminate(); }
void WriteNowhere() { *reinterpret_cast<volatile int*>(nowhere) = 1; }
int ReadNowhere() { return *reinterpret_cast<volatile int*>(nowhere); }
int CallNowhere() { return reinterpret_cast<int (*)()>(nowhere)(); }
void ThrowInAThread() {
  std::thread([] { throw std::runtime_error("nobody catches this"); }).join();
}
void Throw() { throw std::runtime_error("this may not leave"); }
void ThrowThroughNoexcept() noexcept { Throw(); }
void ThrowWhileExiting() {
  std::atexit([] { throw std::runtime_error("too late"); });
}
void AbortInAThread() {
  std::thread([] { std::abort(); }).join();
}
// Gives 99 on processors that divide by zero.
int DivideByZero() { return std::div(1, zero).quot == 0 ? 99 : 98; }

class Crash : public TempDir {
 public:
  // The directory takes what a system writes of a crash.
  template <auto kTarget>
  std::string Of() {
    ProcessOptions options = Killable();
    options.standard_error = StandardStream::Null();
    options.working_directory = path().string();
    return EndOf(Process::Start<kTarget>(options));
  }
};

ISOPROC_CASE(ExitStatus, PROC_31, AbortIsASignal) {
  Crash crash;
  const std::string aborted = "signalled 6 (SIGABRT)";
  EXPECT_EQ(crash.Of<Abort>(), aborted);
  EXPECT_EQ(crash.Of<AbortInAThread>(), aborted);
  Observe("abort", crash.Of<Abort>());
}

ISOPROC_CASE(ExitStatus, PROC_31_2, TerminateOfTheLanguageIsAnAbort) {
  Crash crash;
  const std::string aborted = "signalled 6 (SIGABRT)";
  EXPECT_EQ(crash.Of<TerminateItself>(), aborted);
  EXPECT_EQ(crash.Of<ThrowInAThread>(), aborted);
  EXPECT_EQ(crash.Of<ThrowThroughNoexcept>(), aborted);
  EXPECT_EQ(crash.Of<ThrowWhileExiting>(), aborted);
}

ISOPROC_CASE(ExitStatus, PROC_31_3, InvalidAccessIsASignal) {
  Crash crash;
  const std::string crashed = "signalled 11 (SIGSEGV)";
  EXPECT_EQ(crash.Of<WriteNowhere>(), crashed);
  EXPECT_EQ(crash.Of<ReadNowhere>(), crashed);
  EXPECT_EQ(crash.Of<CallNowhere>(), crashed);
  Observe("write", crash.Of<WriteNowhere>());
}

ISOPROC_CASE(ExitStatus, PROC_31_4, DivisionByZeroIsASignalWhereItTraps) {
  const std::string end = Crash().Of<DivideByZero>();
  EXPECT_THAT(end, testing::AnyOf("signalled 8 (SIGFPE)", "exited 99"));
}

class Announced {
 public:
  explicit Announced(const char* what) : what_(what) {}
  ~Announced() { Say(what_); }

 private:
  const char* what_;
};

void LeaveHandlers() {
  static const Announced in_function("static destructor");
  std::atexit([] { Say("second handler"); });
  std::atexit([] { Say("first handler"); });
  const Announced local("local destructor");
  Say("target");
}

ISOPROC_CASE(ExitStatus, PROC_58, HandlersAndDestructorsRun) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<LeaveHandlers>(Into(output)));
  const std::string said = output.ReadToEnd();
  EXPECT_EQ(said, "target\nlocal destructor\nfirst handler\nsecond handler\nstatic destructor\n");
  EXPECT_EQ(EndOf(process), "exited 0");
  Observe("said", said);
}

void WriteWithoutFlush() {
  std::printf("printed, ");
  std::cout << "streamed";
}

ISOPROC_CASE(ExitStatus, PROC_59, OutputIsFlushed) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<WriteWithoutFlush>(Into(output)));
  EXPECT_EQ(output.ReadToEnd(), "printed, streamed");
  EXPECT_EQ(EndOf(process), "exited 0");
}

// Gives 0 if the standard streams are there and lead nowhere.
int UseStandardStreams() {
  if (std::getchar() != EOF || std::ferror(stdin)) return 1;
  if (std::puts("nobody reads this") < 0 || std::fflush(stdout) != 0) return 2;
  return std::fputs("nor this", stderr) < 0 ? 3 : 0;
}

void CloseStreamsAndStart() {
  std::fclose(stdin);
  std::fclose(stdout);
  std::fclose(stderr);
  ProcessOptions options = Killable();
  options.standard_input = StandardStream::Inherit();
  absl::StatusOr<Process> process = Process::Start<UseStandardStreams>(options);
  if (!process.ok()) std::_Exit(100);
  const absl::StatusOr<ExitStatus> end = Await(*process);
  std::_Exit(end.ok() && end->kind() == ExitStatus::Kind::kExited ? end->code() : 101);
}

ISOPROC_CASE(ExitStatus, PROC_59_2, ParentWithoutStreamsStartsChildren) {
  EXPECT_EQ(EndOf(Process::Start<CloseStreamsAndStart>(Killable())), "exited 0");
}

int CloseEverything() {
  system_support::CloseAllHandles();
  return 5;
}

// On some systems the library finds out, and ends the child as if its parent had died.
ISOPROC_CASE(ExitStatus, PROC_59_3, ChildThatClosesEverythingIsReported) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<CloseEverything>(Killable()));
  ASSERT_OK(Await(process));
  EXPECT_FALSE(process.IsAlive());
}

ISOPROC_CASE(ExitStatus, PROC_62_2, ExitStatusCanBePrinted) {
  EXPECT_EQ(ExitStatus::Exited(3).ToString(), "exited 3");
  EXPECT_EQ(ExitStatus::Exited(-1).ToString(), "exited 255");
  EXPECT_EQ(ExitStatus::Threw("std::runtime_error", "disk is full").ToString(),
            "threw std::runtime_error: disk is full");
  std::ostringstream out;
  out << ExitStatus::Signalled(9);
  EXPECT_EQ(out.str(), "signalled 9 (SIGKILL)");
  EXPECT_TRUE(ExitStatus::Exited(256).ok());
  EXPECT_FALSE(ExitStatus::Exited(1).ok());
  EXPECT_EQ(ExitStatus::Threw("T", "w").code(), 1);
  EXPECT_EQ(ExitStatus::Threw("T", "w").signal(), 0);
  EXPECT_EQ(ExitStatus::Exited(3), ExitStatus::Exited(259));
  EXPECT_FALSE(ExitStatus::Threw("T", "w") == ExitStatus::Exited(1));
}

}  // namespace
}  // namespace isoproc::conformance
