// platform/port/process.h: starting, awaiting and ending children.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/temp_dir.h"
#include "conformance/port/support.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

using port::ProcessIdentity;
using port::SpawnRequest;
using port::StandardStream;
using port::Termination;

std::string Show(const Termination& end) {
  switch (end.kind) {
    case Termination::Kind::kExited:
      return absl::StrCat("exited ", end.value);
    case Termination::Kind::kSignalled:
      return absl::StrCat("signalled ", end.value);
    case Termination::Kind::kUnknown:
      return "unknown";
  }
  return "";
}

// Expects that the stream end which a refused request would have given away is nowhere but here.
void ExpectRefused(absl::StatusCode code, const char* what, void (*adjust)(SpawnRequest& request)) {
  ASSERT_OK_AND_ASSIGN(port::StreamPair pair, TestPort().CreateStreamPair());
  const absl::Status status =
      SpawnPortChild(TestPort(), "ExitsWith", {"0"}, [&](SpawnRequest& request) {
        request.bootstrap = pair.second.get();
        adjust(request);
      }).status();
  EXPECT_THAT(status, HasCode(code)) << what;
  Observe(what, status);
  pair.second.reset();
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*pair.first));
  EXPECT_EQ(read, "") << what;
}

ISOPROC_CASE(Spawn, SPWN_04, MissingFilesAreNotFound) {
  ExpectRefused(absl::StatusCode::kNotFound, "program",
                [](SpawnRequest& request) { request.program += "-which-is-missing"; });
  ExpectRefused(absl::StatusCode::kNotFound, "working directory", [](SpawnRequest& request) {
    request.working_directory = request.program + "-which-is-missing";
  });
  ExpectRefused(absl::StatusCode::kNotFound, "input file", [](SpawnRequest& request) {
    request.standard_streams[0].kind = StandardStream::Kind::kReadFile;
    request.standard_streams[0].path = request.program + "-which-is-missing";
  });
}

ISOPROC_CASE(Spawn, SPWN_04_2, ImpossibleTextsAreInvalid) {
  ExpectRefused(absl::StatusCode::kInvalidArgument, "NUL in an argument",
                [](SpawnRequest& request) { request.arguments.push_back(std::string("a\0b", 3)); });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "NUL in the program",
                [](SpawnRequest& request) { request.program += std::string("\0b", 2); });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "NUL in the working directory",
                [](SpawnRequest& request) { request.working_directory = std::string("a\0b", 3); });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "empty name", [](SpawnRequest& request) {
    request.environment.emplace();
    request.environment->emplace_back("", "value");
  });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "= in a name", [](SpawnRequest& request) {
    request.environment.emplace();
    request.environment->emplace_back("A=B", "value");
  });
  ExpectRefused(absl::StatusCode::kInvalidArgument, "NUL in a value", [](SpawnRequest& request) {
    request.environment.emplace();
    request.environment->emplace_back("A", std::string("a\0b", 3));
  });
}

ISOPROC_CASE(Spawn, PORT_02_2, TooLongArgumentsExhaustTheSystem) {
  ExpectRefused(absl::StatusCode::kResourceExhausted, "argument of 64 MiB",
                [](SpawnRequest& request) { request.arguments.emplace_back(64 << 20, 'x'); });
}

ISOPROC_PORT_CHILD(TellsItsArguments) {
  for (const std::string& argument : context.arguments) {
    const std::string line = absl::StrCat(argument.size(), ":", argument);
    if (!WriteAll(context.stream, line).ok()) return 4;
  }
  return 0;
}

ISOPROC_CASE(Spawn, SPWN_05, ArgumentsArriveByteForByte) {
  const std::vector<std::string> arguments = {"",
                                              "plain",
                                              "two words",
                                              "tab\there",
                                              "\"quoted\"",
                                              "back\\slash\\",
                                              "\\\\\"",
                                              "ends with \\\\",
                                              "%PATH% $HOME * ? ^ & | < >",
                                              "--gtest_filter=-*",
                                              std::string(10000, 'x')};
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "TellsItsArguments", arguments));
  std::string expected;
  for (const std::string& argument : arguments) {
    absl::StrAppend(&expected, argument.size(), ":", argument);
  }
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*child.stream));
  EXPECT_EQ(read, expected);
}

ISOPROC_PORT_CHILD(TellsItsEnvironment) {
  std::vector<std::string> lines;
  for (const std::string& name : context.arguments) {
    const char* value = std::getenv(name.c_str());
    lines.push_back(absl::StrCat(name, "=", value == nullptr ? "(none)" : value));
  }
  return WriteAll(context.stream, absl::StrJoin(lines, " ")).ok() ? 0 : 4;
}

ISOPROC_CASE(Spawn, SPWN_05_2, EnvironmentIsTheOneGiven) {
  const bool has_path = std::getenv("PATH") != nullptr;
  ASSERT_TRUE(has_path) << "a variable which every system has";
  ASSERT_OK_AND_ASSIGN(
      PortChild child,
      SpawnPortChild(TestPort(), "TellsItsEnvironment", {"ISOPROC_A", "ISOPROC_B", "PATH"},
                     [](SpawnRequest& request) {
                       request.environment.emplace();
                       request.environment->emplace_back("ISOPROC_B", "x=y z");
                       request.environment->emplace_back("ISOPROC_A", "first");
                       request.environment->emplace_back("ISOPROC_A", "later");
                     }));
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*child.stream));
  EXPECT_EQ(read, "ISOPROC_A=later ISOPROC_B=x=y z PATH=(none)");

  ASSERT_OK_AND_ASSIGN(PortChild heir, SpawnPortChild(TestPort(), "TellsItsEnvironment", {"PATH"}));
  ASSERT_OK_AND_ASSIGN(const std::string inherited, ReadToEnd(*heir.stream));
  EXPECT_EQ(inherited, absl::StrCat("PATH=", std::getenv("PATH")));
}

ISOPROC_PORT_CHILD(CopiesItsInput) {
  std::string text;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) text += static_cast<char>(c);
  std::printf("out:%s", text.c_str());
  std::fprintf(stderr, "err");
  std::fflush(nullptr);
  std::ofstream("written here") << "here";
  return static_cast<int>(text.size());
}

ISOPROC_CASE(Spawn, SPWN_05_3, StandardStreamsAndDirectoryAreAsAsked) {
  const TempDir dir;
  std::ofstream(dir.path() / "in") << "abc";
  std::ofstream(dir.path() / "out") << "is emptied";
  std::ofstream(dir.path() / "err") << "kept ";
  auto adjust = [&dir](SpawnRequest& request) {
    request.working_directory = dir.path().string();
    request.standard_streams[0] = {StandardStream::Kind::kReadFile, dir.File("in"), 0};
    request.standard_streams[1] = {StandardStream::Kind::kWriteFile, dir.File("out"), 0};
    request.standard_streams[2] = {StandardStream::Kind::kAppendFile, dir.File("err"), 0};
  };
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "CopiesItsInput", {}, adjust));
  ASSERT_OK_AND_ASSIGN(const Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(Show(end), "exited 3");
  EXPECT_EQ(dir.Read("out"), "out:abc");
  EXPECT_EQ(dir.Read("err"), "kept err");
  EXPECT_EQ(dir.Read("written here"), "here");
}

ISOPROC_CASE(Spawn, SPWN_05_4, NullInputIsEmpty) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(PortChild child,
                       SpawnPortChild(TestPort(), "CopiesItsInput", {}, [&](SpawnRequest& request) {
                         request.working_directory = dir.path().string();
                         for (StandardStream& stream : request.standard_streams) {
                           stream.kind = StandardStream::Kind::kNull;
                         }
                       }));
  ASSERT_OK_AND_ASSIGN(const Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(Show(end), "exited 0");
}

ISOPROC_PORT_CHILD(ExitsWith) { return std::atoi(context.arguments.at(0).c_str()); }

ISOPROC_CASE(Child, CHLD_01, AllWaitsAgree) {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "ExitsWith", {"7"}));
  std::vector<std::string> seen(4);
  std::vector<std::thread> threads;
  for (std::string& one : seen) {
    threads.emplace_back([&child, &one] {
      const absl::StatusOr<Termination> end = child.process->Wait(Patiently());
      one = end.ok() ? Show(*end) : end.status().ToString();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : seen) EXPECT_EQ(one, "exited 7");
  ASSERT_OK_AND_ASSIGN(const Termination again, child.process->Wait(Expired()));
  EXPECT_EQ(Show(again), "exited 7");
  Observe("end", Show(again));
}

ISOPROC_CASE(Child, CHLD_01_2, ExitCodesAreReducedToAByte) {
  for (const char* code : {"0", "1", "255", "256", "300", "-1"}) {
    ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "ExitsWith", {code}));
    ASSERT_OK_AND_ASSIGN(const Termination end, child.process->Wait(Patiently()));
    Observe(code, Show(end));
    EXPECT_EQ(Show(end), absl::StrCat("exited ", std::atoi(code) & 0xFF)) << code;
  }
}

ISOPROC_CASE(Child, CHLD_01_3, RunningChildIsNotAwaited) {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WaitsUnwillingly"));
  EXPECT_CODE(child.process->Wait(Expired()), kDeadlineExceeded);
  EXPECT_CODE(child.process->Wait(In(absl::Milliseconds(5))), kDeadlineExceeded);
}

ISOPROC_PORT_CHILD(WaitsUnwillingly) {
  std::signal(SIGTERM, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  if (!WriteAll(context.stream, "r").ok()) return 9;
  WaitForEnd(context.stream);
  return 3;
}

ISOPROC_CASE(Child, CHLD_02, KillCannotBeRefusedAndTheFirstCounts) {
  struct Row {
    int first;
    int second;
    const char* end;
  };
  for (const Row& row :
       {Row{9, 9, "signalled 9"}, Row{15, 9, "signalled 15"}, Row{9, 15, "signalled 9"}}) {
    ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WaitsUnwillingly"));
    ASSERT_OK(ReadExactly(*child.stream, 1));
    ASSERT_OK(child.process->Kill(row.first));
    ASSERT_OK(child.process->Kill(row.second));
    ASSERT_OK_AND_ASSIGN(const Termination end, child.process->Wait(Patiently()));
    EXPECT_EQ(Show(end), row.end);
    Observe(absl::StrCat(row.first, " then ", row.second), Show(end));
  }
}

ISOPROC_CASE(Child, CHLD_02_2, KillAfterTheEndDoesNothing) {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "ExitsWith", {"5"}));
  ASSERT_OK(Ready(child.process->notice(), Patiently()));
  EXPECT_OK(child.process->Kill(9)) << "ended, not awaited";
  ASSERT_OK_AND_ASSIGN(const Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(Show(end), "exited 5");
  EXPECT_OK(child.process->Kill(9)) << "awaited";
  EXPECT_OK(child.process->KillTree(15));
  ASSERT_OK_AND_ASSIGN(const Termination again, child.process->Wait(Expired()));
  EXPECT_EQ(Show(again), "exited 5");
}

ISOPROC_CASE(Child, PROC_45, NoticeIsReadyAtTheEndAndStays) {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WaitsUnwillingly"));
  EXPECT_CODE(Ready(child.process->notice(), Expired()), kDeadlineExceeded);
  child.stream.reset();
  EXPECT_OK(Ready(child.process->notice(), Patiently()));
  EXPECT_OK(Ready(child.process->notice(), Expired()));
  // Looking has reaped nothing: the status is there.                                     PROC-46
  ASSERT_OK_AND_ASSIGN(const Termination end, child.process->Wait(Expired()));
  EXPECT_EQ(end.kind, Termination::Kind::kExited);
  EXPECT_OK(Ready(child.process->notice(), Expired()));
}

// Starts a grandchild and tells who it is; obeys one letter: E ends the family, X exits.
ISOPROC_PORT_CHILD(HasAChild) {
  const absl::StatusOr<PortChild> grandchild = SpawnPortChild(context.port, "TellsWhoItIs");
  if (!grandchild.ok()) return 4;
  const absl::StatusOr<ProcessIdentity> identity = ReadValue<ProcessIdentity>(*grandchild->stream);
  if (!identity.ok() || !WriteValue(context.stream, *identity).ok()) return 5;
  std::string order;
  if (absl::StatusOr<std::string> read = ReadUpTo(context.stream, 1, port::Deadline::Never());
      read.ok()) {
    order = *read;
  }
  if (order == "E") context.port.EndFamily();
  return 6;
}

ISOPROC_CASE(Spawn, SPWN_02, EndFamilyEndsTheGrandchildren) {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "HasAChild"));
  ASSERT_OK_AND_ASSIGN(const auto grandchild, ReadValue<ProcessIdentity>(*child.stream));
  ASSERT_OK_AND_ASSIGN(const auto notice, TestPort().WatchDeath(grandchild));
  EXPECT_CODE(Ready(*notice, Expired()), kDeadlineExceeded);
  ASSERT_OK(WriteAll(*child.stream, "E"));
  ASSERT_OK_AND_ASSIGN(const Termination end, child.process->Wait(Patiently()));
  EXPECT_NE(Show(end), "exited 6") << "EndFamily returned";
  EXPECT_OK(Ready(*notice, Patiently()));
}

ISOPROC_CASE(Spawn, SPWN_01, FamiliesAreApart) {
  ASSERT_OK_AND_ASSIGN(PortChild first, SpawnPortChild(TestPort(), "WaitsUnwillingly"));
  ASSERT_OK_AND_ASSIGN(PortChild second, SpawnPortChild(TestPort(), "WaitsUnwillingly"));
  ASSERT_OK(ReadExactly(*second.stream, 1));
  ASSERT_OK(first.process->KillTree(9));
  ASSERT_OK_AND_ASSIGN(const Termination end, first.process->Wait(Patiently()));
  EXPECT_EQ(Show(end), "signalled 9");
  second.stream.reset();
  ASSERT_OK_AND_ASSIGN(const Termination other, second.process->Wait(Patiently()));
  EXPECT_EQ(Show(other), "exited 3") << "neither the sibling nor this process was reached";
}

ISOPROC_CASE(Child, CHLD_03, KillTreeReachesTheGrandchildren) {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "HasAChild"));
  ASSERT_OK_AND_ASSIGN(const auto grandchild, ReadValue<ProcessIdentity>(*child.stream));
  ASSERT_OK_AND_ASSIGN(const auto notice, TestPort().WatchDeath(grandchild));
  ASSERT_OK(child.process->KillTree(15));
  ASSERT_OK_AND_ASSIGN(const Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(Show(end), "signalled 15");
  EXPECT_OK(Ready(*notice, Patiently()));
}

ISOPROC_PORT_CHILD(TellsItsSignals) {
  for (const int signal : {SIGTERM, SIGINT}) {
    if (std::signal(signal, SIG_DFL) != SIG_DFL) return 4;
  }
  return 0;
}

ISOPROC_CASE(Spawn, CTX_40, SignalDispositionsAreTheDefaults) {
  const auto old_term = std::signal(SIGTERM, SIG_IGN);
  const auto old_int = std::signal(SIGINT, SIG_IGN);
  absl::StatusOr<PortChild> child = SpawnPortChild(TestPort(), "TellsItsSignals");
  std::signal(SIGTERM, old_term);
  std::signal(SIGINT, old_int);
  ASSERT_OK(child);
  ASSERT_OK_AND_ASSIGN(const Termination end, child->process->Wait(Patiently()));
  EXPECT_EQ(Show(end), "exited 0");
}

// Both ends of a stream are open here while the child starts; it must hold neither.
ISOPROC_CASE(Spawn, CTX_14, ChildHasNoOtherHandle) {
  ASSERT_OK_AND_ASSIGN(port::StreamPair pair, TestPort().CreateStreamPair());
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WaitsUnwillingly"));
  ASSERT_OK(ReadExactly(*child.stream, 1));
  pair.first.reset();
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*pair.second));
  EXPECT_EQ(read, "");
}

ISOPROC_CASE(Spawn, ENTRY_08, TokensThatAreNoneAreNotFound) {
  for (const char* token : {"", "0", "1", "3", "99999", "-1", "abc", "18446744073709551616",
                            "7fffffffffffffff", "3x", " 3"}) {
    EXPECT_CODE(TestPort().AdoptBootstrap(token, AsBytes("never sent")), kNotFound) << token;
  }
}

}  // namespace
}  // namespace isoproc::conformance
