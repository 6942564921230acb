// Which program a child runs, and where in it a target is.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "conformance/api/child_program.h"
#include "conformance/children/answer.h"
#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "isoproc/isoproc.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

// The program is called by a path that leads nowhere when it starts its child.
ISOPROC_CASE(Executable, CTX_25, ChildRunsTheImageOfItsParent) {
  const std::filesystem::path program = ChildProgram("plain");
  const std::string relative = (std::filesystem::path(".") / program.filename()).string();
  ASSERT_OK_AND_ASSIGN(const ProgramRun run,
                       RunProgram(program.string(), {"--start"}, [&](port::SpawnRequest& request) {
                         request.arguments[0] = relative;
                         request.working_directory = program.parent_path().string();
                       }));
  EXPECT_EQ(run.output, "child: exited 21\narguments: 1\n--start\n");
  Observe("output", run.output);
}

ISOPROC_CASE(Executable, CTX_25_5, GrandchildRunsTheImageToo) {
  const std::filesystem::path program = ChildProgram("plain");
  const std::string relative = (std::filesystem::path(".") / program.filename()).string();
  ASSERT_OK_AND_ASSIGN(
      const ProgramRun run,
      RunProgram(program.string(), {"--start-deep"}, [&](port::SpawnRequest& request) {
        request.arguments[0] = relative;
        request.working_directory = program.parent_path().string();
      }));
  EXPECT_EQ(run.output, "grandchild: exited 22\narguments: 1\n--start-deep\n");
  Observe("output", run.output);
}

// Where the system tells which image runs, argv[0] may be anything; elsewhere it is needed.
ISOPROC_CASE(Executable, CTX_25_4, WrongNameIsNeverAnotherProgram) {
  ASSERT_OK_AND_ASSIGN(const ProgramRun run, RunProgram(ChildProgram("plain"), {"--start"},
                                                        [](port::SpawnRequest& request) {
                                                          request.arguments[0] = "not-a-program";
                                                        }));
  EXPECT_TRUE(run.output == "child: exited 21\narguments: 1\n--start\n" ||
              run.output == "child: NOT_FOUND\narguments: 1\n--start\n")
      << run.output;
}

ISOPROC_CASE(Executable, CTX_25_2, MissingExecutableIsNotFound) {
  const UseExecutable executable(ChildProgram("plain") + "-which-is-missing");
  const absl::Status status = Process::Start<Answer>(1).status();
  EXPECT_CODE(status, kNotFound);
  EXPECT_TRUE(ActiveChildren().empty());
  Observe("start", status);
}

ISOPROC_CASE(Executable, CTX_25_3, ExecutableHoldsNoNul) {
  const absl::Status status = SetExecutable(std::string("a\0b", 3));
  EXPECT_CODE(status, kInvalidArgument);
  Observe("NUL in a path", status);
  EXPECT_EQ(Outcome(Process::Start<Answer>(7)), "exited 7") << "nothing was changed";
}

int OnlyHere(int code) { return code; }

ISOPROC_CASE(Executable, ENTRY_16, TargetThatTheImageLacksIsNotFound) {
  const UseExecutable executable(ChildProgram("plain"));
  const absl::Status status = Process::Start<OnlyHere>(1).status();
  EXPECT_CODE(status, kNotFound);
  EXPECT_TRUE(ActiveChildren().empty());
  Observe("start", status);
}

ISOPROC_CASE(Executable, CTX_26, UnknownTargetIsNamed) {
  const UseExecutable executable(ChildProgram("plain"));
  const absl::Status status = Process::Start<OnlyHere>(1).status();
  EXPECT_TRUE(absl::StrContains(status.message(), "OnlyHere")) << status;
  Observe("start", status);
}

// What a twin prints of all targets that both have; `first` comes before that.
void ExpectTargetsOfTheTwins(const char* program, const std::vector<std::string>& arguments,
                             const std::string& first) {
  ASSERT_OK_AND_ASSIGN(const ProgramRun run, RunProgram(ChildProgram(program), arguments));
  EXPECT_EQ(run.end, "exited 0");
  EXPECT_EQ(run.output, first +
                            "left: exited 10, exited 11, exited 12, exited 13\n"
                            "right: exited 20, exited 21, exited 22, exited 23\n");
  Observe("output", run.output);
}

// In one of the twins all is elsewhere, and registered in another order.
ISOPROC_CASE(Executable, ENTRY_15, TargetsAreFoundInAnImageThatIsLoadedElsewhere) {
  ExpectTargetsOfTheTwins("twin", {ChildProgram("other-twin")}, "elsewhere: exited 1\n");
}

ISOPROC_CASE(Executable, ENTRY_15_2, TargetsAreFoundTheOtherWayRound) {
  ExpectTargetsOfTheTwins("other-twin", {ChildProgram("twin")}, "elsewhere: exited 1\n");
}

ISOPROC_CASE(Executable, ENTRY_12, NamesakesInTwoFilesAreToldApart) {
  ExpectTargetsOfTheTwins("twin", {}, "");
}

}  // namespace
}  // namespace isoproc::conformance
