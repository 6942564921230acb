// isoproc/main.h: what a program must do before it may start processes, and what it sees of it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "conformance/api/child_program.h"
#include "conformance/children/answer.h"
#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/temp_dir.h"
#include "conformance/port/support.h"
#include "isoproc/isoproc.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// Runs a program of conformance/children, and expects what it says, line by line.
void ExpectOutput(const std::string& name, const std::vector<std::string>& arguments,
                  const std::string& end, const std::vector<std::string>& lines) {
  ASSERT_OK_AND_ASSIGN(const ProgramRun run, RunProgram(ChildProgram(name), arguments));
  EXPECT_EQ(Lines(run.output), lines);
  EXPECT_EQ(run.end, end);
  Observe("output", run.output);
  Observe("end", run.end);
}

// One "main": no child ran.
ISOPROC_CASE(Entry, ENTRY_01, WithoutInitAStartIsRefusedAndTeaches) {
  ExpectOutput("no-init", {}, "exited 0",
               {"main", "spawn: FAILED_PRECONDITION, teaches",
                "fork server: FAILED_PRECONDITION, teaches", "fork: FAILED_PRECONDITION, teaches"});
}

// ENTRY-02, -04 and -05 look at one run from three sides: the program says what each of its
// processes does, in order.
const std::vector<std::string>& TooEarly() {
  static const std::vector<std::string>& lines = *new std::vector<std::string>{
      "static initialiser: FAILED_PRECONDITION",
      "main before Init: FAILED_PRECONDITION",
      "main after Init",
      "static initialiser: FAILED_PRECONDITION",
      "main before Init: FAILED_PRECONDITION",
      "target",
      "child: exited 1",
  };
  return lines;
}

ISOPROC_CASE(Entry, ENTRY_02, LateInitMakesStartsWork) {
  ExpectOutput("before-init", {}, "exited 0", TooEarly());
}

ISOPROC_CASE(Entry, ENTRY_03, SecondInitHasNoEffect) {
  ExpectOutput("init-twice", {"--first", "x"}, "exited 0",
               {"main: --first x", "child: --first x", "grandchild: exited 5", "child: exited 6"});
}

ISOPROC_CASE(Entry, ENTRY_04, StaticInitialisersCannotStart) {
  ASSERT_OK_AND_ASSIGN(const ProgramRun run, RunProgram(ChildProgram("before-init")));
  const std::vector<std::string> lines = Lines(run.output);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0], TooEarly()[0]);
  Observe("first line", lines[0]);
}

ISOPROC_CASE(Entry, ENTRY_05, CodeBeforeInitRunsOnceInEachProcess) {
  ASSERT_OK_AND_ASSIGN(const ProgramRun run, RunProgram(ChildProgram("before-init")));
  int initialisers = 0;
  int mains = 0;
  for (const std::string& line : Lines(run.output)) {
    if (line == TooEarly()[0]) ++initialisers;
    if (line == TooEarly()[1]) ++mains;
  }
  EXPECT_EQ(initialisers, 2);
  EXPECT_EQ(mains, 2);
  Observe("processes", mains);
}

// The program puts before-init in its own place, which would be heard.
ISOPROC_CASE(Entry, ENTRY_06, ReplacedProgramIsNeverRun) {
  const TempDir directory;
  const std::filesystem::path ending = std::filesystem::path(ChildProgram("plain")).extension();
  const std::string old_image = directory.File(absl::StrCat("program", ending.string()));
  const std::string new_image = directory.File(absl::StrCat("other", ending.string()));
  std::filesystem::copy_file(ChildProgram("replaces-itself"), old_image);
  std::filesystem::copy_file(ChildProgram("before-init"), new_image);
  ASSERT_OK_AND_ASSIGN(const ProgramRun run, RunProgram(old_image, {old_image, new_image}));
  EXPECT_EQ(run.end, "exited 0");
  EXPECT_FALSE(std::filesystem::exists(new_image)) << "it was not moved";
  if (TestPort().capabilities().pinned_image) {
    EXPECT_EQ(run.output, "the old image\nchild: exited 3\n");
  } else {
    EXPECT_EQ(run.output, "child: FAILED_PRECONDITION\n");
  }
}

// "set" lists the variables in the shells of all systems that have one.
void ListVariables(const std::string& path) {
  std::exit(std::system(absl::StrCat("set > \"", path, "\"").c_str()) == 0 ? 0 : 1);
}

std::set<std::string> Names(const std::string& listing) {
  std::set<std::string> names;
  for (const std::string& line : Lines(listing)) {
    const size_t equals = line.find('=');
    if (equals != std::string::npos) names.insert(line.substr(0, equals));
  }
  return names;
}

ISOPROC_CASE(Entry, ENTRY_07, EnvironmentHoldsNothingOfIsoproc) {
  const TempDir directory;
  const std::string here = absl::StrCat("set > \"", directory.File("here"), "\"");
  ASSERT_EQ(std::system(here.c_str()), 0);
  EXPECT_EQ(Outcome(Process::Start<ListVariables>(directory.File("there"))), "exited 0");
  const std::set<std::string> expected = Names(directory.Read("here"));
  EXPECT_GT(expected.size(), 1U);
  EXPECT_EQ(Names(directory.Read("there")), expected);
}

ISOPROC_CASE(Entry, ENTRY_08_2, ArgumentsThatLookLikeOursReachMain) {
  const std::string marker = "--isoproc-child=0123456789abcdef0123456789abcdef,3";
  ExpectOutput("plain", {marker}, "exited 9", {"arguments: 1", marker});
  ExpectOutput("plain", {marker, "x"}, "exited 9", {"arguments: 2", marker, "x"});
}

// The argument names a stream that the program really has, but the stream does not begin as ours
// do: it is a user's, and stays as it is.
ISOPROC_CASE(Entry, ENTRY_08_3, StreamsOfOthersAreLeftAlone) {
  const std::string prefix = "--isoproc-child=0123456789abcdef0123456789abcdef,";
  ASSERT_OK_AND_ASSIGN(port::StreamPair pair, TestPort().CreateStreamPair());
  ASSERT_OK(WriteAll(*pair.first, "isoproc child 1\nbut of somebody else's making"));
  ASSERT_OK_AND_ASSIGN(const ProgramRun run,
                       RunProgram(ChildProgram("plain"), {}, [&](port::SpawnRequest& request) {
                         request.bootstrap = pair.second.get();
                         request.bootstrap_prefix = prefix;
                       }));
  EXPECT_EQ(run.end, "exited 9");
  const std::vector<std::string> lines = Lines(run.output);
  ASSERT_EQ(lines.size(), 2U) << run.output;
  EXPECT_EQ(lines[0], "arguments: 1");
  EXPECT_EQ(lines[1].substr(0, prefix.size()), prefix);
  ASSERT_OK_AND_ASSIGN(const std::string unread, ReadExactly(*pair.second, 15));
  EXPECT_EQ(unread, "isoproc child 1");
}

// Starts a child that ends before Init as `way` says, which it reads from its standard input.
absl::Status StartOneThatEnds(const TempDir& directory, const std::string& way) {
  std::ofstream(directory.path() / way) << way << "\n";
  ProcessOptions options;
  options.standard_input = StandardStream::FromFile(directory.File(way));
  options.standard_error = StandardStream::Null();  // what the runtime says of an exception
  return Process::Start(options, [] {}).status();
}

ISOPROC_CASE(Entry, ENTRY_09, EndBeforeInitIsAnErrorOfStart) {
  const TempDir directory;
  const UseExecutable executable(ChildProgram("ends-early"));
  for (const auto& [way, outcome] : std::vector<std::pair<std::string, std::string>>{
           {"exit", "FAILED_PRECONDITION: exited 3"},
           {"_Exit", "FAILED_PRECONDITION: exited 4"},
           {"return", "FAILED_PRECONDITION: exited 5"}}) {
    const absl::Status status = StartOneThatEnds(directory, way);
    EXPECT_EQ(Outcome(status), outcome);
    EXPECT_NE(status.message().find("isoproc::Init"), absl::string_view::npos) << status;
    Observe(way, Outcome(status));
  }
  EXPECT_TRUE(ActiveChildren().empty());
}

ISOPROC_CASE(Entry, ENTRY_09_2, ThrowingStaticInitialiserIsAnErrorOfStart) {
  const TempDir directory;
  const UseExecutable executable(ChildProgram("ends-early"));
  const absl::Status status = StartOneThatEnds(directory, "throw");
  EXPECT_EQ(Outcome(status), "ABORTED: signalled 6 (SIGABRT)") << status;
  EXPECT_TRUE(ActiveChildren().empty());
  Observe("outcome", Outcome(status));
}

ISOPROC_CASE(Entry, ENTRY_10, ExecutableMakesInitUnnecessary) {
  ExpectOutput(
      "no-init", {ChildProgram("plain")}, "exited 0",
      {"main", "spawn: FAILED_PRECONDITION, teaches", "fork server: FAILED_PRECONDITION, teaches",
       "fork: FAILED_PRECONDITION, teaches", "SetExecutable: OK", "a target of both: exited 42",
       "a target of this program: NOT_FOUND, named", "SetExecutable: OK",
       "back again: FAILED_PRECONDITION"});
}

ISOPROC_CASE(Entry, ENTRY_11, ReadyMadeMainCallsIsoprocMain) {
  ExpectOutput("with-isoproc-main", {"a", "b c"}, "exited 12", {"a", "b c", "child: exited 8"});
}

ISOPROC_CASE(Entry, CTX_22, InitDoesNothingInAProgramOfTheUser) {
  ExpectOutput("plain", {"a", ""}, "exited 9", {"arguments: 2", "a"});
}

// The rest of its main would say something.
ISOPROC_CASE(Entry, CTX_22_2, InitDoesNotReturnInAChild) {
  const TempDir directory;
  const UseExecutable executable(ChildProgram("plain"));
  ProcessOptions options;
  options.standard_output = StandardStream::AppendToFile(directory.File("output"));
  EXPECT_EQ(Outcome(Process::Start<Answer>(options, 33)), "exited 33");
  EXPECT_EQ(directory.Read("output"), "");
}

ISOPROC_CASE(Entry, CTX_19, WhatPrecedesInitRunsInTheChildAndNothingElse) {
  ExpectOutput("before-init", {}, "exited 0", TooEarly());
}

ISOPROC_CASE(Entry, CTX_20, ChildMustNotStartBeforeItsInit) {
  ASSERT_OK_AND_ASSIGN(const ProgramRun run, RunProgram(ChildProgram("before-init")));
  int refused = 0;
  for (const std::string& line : Lines(run.output)) {
    if (line.find(": FAILED_PRECONDITION") != std::string::npos) ++refused;
  }
  EXPECT_EQ(refused, 4) << "two in each process:\n" << run.output;
  Observe("refused", refused);
}

ISOPROC_CASE(Entry, CTX_20_2, ChildWithoutInitMustNotStartAfterSetExecutable) {
  ExpectOutput("never-init", {}, "exited 7",
               {"i static initialiser: FAILED_PRECONDITION, plainly",
                "i main: FAILED_PRECONDITION, plainly", " main: FAILED_PRECONDITION: exited 7"});
}

// One "main": the child does not go on.
ISOPROC_CASE(Entry, ENTRY_17, InitNeedsTheArgumentsOfMain) {
  ExpectOutput("other-arguments", {}, "exited 9", {"main", "child: FAILED_PRECONDITION, named"});
}

ISOPROC_CASE(Entry, ENTRY_17_2, InitNeedsNoMoreThanTheArgumentsOfMain) {
  ExpectOutput("other-arguments", {"more"}, "exited 9",
               {"main", "child: FAILED_PRECONDITION, named"});
}

}  // namespace
}  // namespace isoproc::conformance
