// ProcessOptions: defaults, standard streams, environment, directory; and options that cannot be.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
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
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/harness/temp_dir.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"

namespace isoproc::conformance {
namespace {

using Variables = std::map<std::string, std::string>;

ISOPROC_CASE(ProcessOptions, PROC_41, Defaults) {
  const ProcessOptions options;
  EXPECT_EQ(options.name, "");
  EXPECT_EQ(options.at_exit, AtExit::kJoin);
  EXPECT_EQ(options.exit_timeout, absl::InfiniteDuration());
  EXPECT_EQ(options.start_timeout, absl::InfiniteDuration());
  EXPECT_FALSE(options.detached);
  EXPECT_EQ(options.start_method, StartMethod::kSpawn);
  EXPECT_EQ(options.standard_input.kind(), StandardStream::Kind::kNull);
  EXPECT_EQ(options.standard_output.kind(), StandardStream::Kind::kInherit);
  EXPECT_EQ(options.standard_error.kind(), StandardStream::Kind::kInherit);
  EXPECT_EQ(options.environment, std::nullopt);
  EXPECT_EQ(options.working_directory, "");
}

// Says what the options of a process can change.
void DescribeItself() {
  const char* value = std::getenv("ISOPROC_TEST");
  Say(absl::StrCat(CurrentProcess().name().substr(0, 8), " ", value == nullptr ? "(none)" : value,
                   " ", ReadInput()));
}

ISOPROC_CASE(ProcessOptions, PROC_11, NextStartKnowsNothingOfThem) {
  const TempDir dir;
  std::ofstream(dir.path() / "in") << "input";
  const std::string own_directory = std::filesystem::current_path().string();
  SystemPipe output;
  ProcessOptions options = Into(output);
  options.name = "special";
  options.working_directory = dir.path().string();
  options.environment = Variables{{"ISOPROC_TEST", "set"}};
  options.standard_input = StandardStream::FromFile(dir.File("in"));
  EXPECT_EQ(EndOf(Process::Start<DescribeItself>(options)), "exited 0");
  EXPECT_EQ(EndOf(Process::Start<DescribeItself>(Into(output))), "exited 0");
  EXPECT_EQ(output.ReadToEnd(), "special set input\nprocess- (none) \n");
  EXPECT_EQ(std::filesystem::current_path().string(), own_directory);
  EXPECT_EQ(options.name, "special");
}

// ---- standard streams ---------------------------------------------------------------------------

// Gives the number of bytes that it could read.
int CountInput() { return static_cast<int>(ReadInput().size()); }

ISOPROC_CASE(ProcessOptions, PROC_60, InputIsEmptyByDefault) {
  EXPECT_EQ(EndOf(Process::Start<CountInput>(Killable())), "exited 0");
}

int StartWithInheritedInput() {
  ProcessOptions options = Killable();
  options.standard_input = StandardStream::Inherit();
  absl::StatusOr<Process> child = Process::Start<CountInput>(options);
  if (!child.ok()) return 100;
  const absl::StatusOr<ExitStatus> end = Await(*child);
  return end.ok() ? end->code() : 101;
}

ISOPROC_CASE(ProcessOptions, PROC_60_2, InputIsWhatTheOptionsSay) {
  const TempDir dir;
  std::ofstream(dir.path() / "in") << "seven b";
  ProcessOptions options = Killable();
  options.standard_input = StandardStream::FromFile(dir.File("in"));
  EXPECT_EQ(EndOf(Process::Start<CountInput>(options)), "exited 7");
  EXPECT_EQ(EndOf(Process::Start<StartWithInheritedInput>(options)), "exited 7") << "inherited";
  options.standard_input = StandardStream::Null();
  EXPECT_EQ(EndOf(Process::Start<CountInput>(options)), "exited 0");

  SystemPipe input;
  options.standard_input = input.ReadEnd();
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<CountInput>(options));
  input.CloseReadEnd();
  input.Write("abc");
  input.CloseWriteEnd();
  EXPECT_EQ(EndOf(process), "exited 3");
}

void SpeakTwice() {
  std::printf("out");
  std::fprintf(stderr, "err");
}

ISOPROC_CASE(ProcessOptions, PROC_66, OutputGoesToFiles) {
  const TempDir dir;
  for (const char* name : {"emptied", "kept"}) std::ofstream(dir.path() / name) << "was here ";
  ProcessOptions options = Killable();
  options.standard_output = StandardStream::ToFile(dir.File("emptied"));
  options.standard_error = StandardStream::AppendToFile(dir.File("kept"));
  EXPECT_EQ(EndOf(Process::Start<SpeakTwice>(options)), "exited 0");
  EXPECT_EQ(EndOf(Process::Start<SpeakTwice>(options)), "exited 0");
  EXPECT_EQ(dir.Read("emptied"), "out");
  EXPECT_EQ(dir.Read("kept"), "was here errerr");

  options.standard_output = StandardStream::AppendToFile(dir.File("new"));
  options.standard_error = StandardStream::ToFile(dir.File("\xC3\xA9 new"));
  EXPECT_EQ(EndOf(Process::Start<SpeakTwice>(options)), "exited 0");
  EXPECT_EQ(dir.Read("new"), "out");
  EXPECT_EQ(dir.Read("\xC3\xA9 new"), "err");
}

ISOPROC_CASE(ProcessOptions, PROC_66_2, OutputGoesToAHandle) {
  SystemPipe output;
  ProcessOptions options = Killable();
  options.standard_output = output.WriteEnd();
  options.standard_error = output.WriteEnd();
  EXPECT_EQ(EndOf(Process::Start<SpeakTwice>(options)), "exited 0");
  output.Write(" the caller keeps it");
  EXPECT_THAT(output.ReadToEnd(),
              testing::AnyOf("errout the caller keeps it", "outerr the caller keeps it"));
}

int StartSpeaker() {
  absl::StatusOr<Process> child = Process::Start<SpeakTwice>();
  if (!child.ok()) return 100;
  if (!Await(*child).ok()) return 101;
  ProcessOptions quiet;
  quiet.standard_output = StandardStream::Null();
  quiet.standard_error = StandardStream::Null();
  child = Process::Start<SpeakTwice>(quiet);
  if (!child.ok()) return 102;
  return Await(*child).ok() ? 0 : 103;
}

ISOPROC_CASE(ProcessOptions, PROC_66_3, OutputIsInheritedUnlessToldElse) {
  SystemPipe output;
  SystemPipe errors;
  ProcessOptions options = Into(output);
  options.standard_error = errors.WriteEnd();
  EXPECT_EQ(EndOf(Process::Start<StartSpeaker>(options)), "exited 0");
  EXPECT_EQ(output.ReadToEnd(), "out");
  EXPECT_EQ(errors.ReadToEnd(), "err");
}

// ---- environment and directory ----------------------------------------------------------------

void SayVariables(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const char* value = std::getenv(name.c_str());
    Say(absl::StrCat(name, "=", value == nullptr ? "(none)" : value));
  }
}

ISOPROC_CASE(ProcessOptions, PROC_67, EnvironmentIsReplaced) {
  SystemPipe output;
  ProcessOptions options = Into(output);
  options.environment = Variables{{"ISOPROC_A", "x=y z"}, {"ISOPROC_B", "2"}};
  const std::vector<std::string> names = {"ISOPROC_A", "ISOPROC_B", "ISOPROC_C", "PATH"};
  EXPECT_EQ(EndOf(Process::Start<SayVariables>(options, names)), "exited 0");
  const std::string said = output.ReadToEnd();
  EXPECT_EQ(said, "ISOPROC_A=x=y z\nISOPROC_B=2\nISOPROC_C=(none)\nPATH=(none)\n");
  Observe("said", said);
}

ISOPROC_CASE(ProcessOptions, PROC_67_2, EnvironmentIsInherited) {
  const char* path = std::getenv("PATH");
  ASSERT_NE(path, nullptr) << "a variable which every system has";
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<SayVariables>(
                                            Into(output), std::vector<std::string>{"PATH"}));
  EXPECT_EQ(output.ReadToEnd(), absl::StrCat("PATH=", path, "\n"));
  EXPECT_EQ(EndOf(process), "exited 0");
}

// A child with another environment passes it on, and not the one of its parent.
int StartWithInheritedVariables(const std::vector<std::string>& names) {
  absl::StatusOr<Process> child = Process::Start<SayVariables>(Killable(), names);
  if (!child.ok()) return 100;
  return Await(*child).ok() ? 0 : 101;
}

ISOPROC_CASE(ProcessOptions, PROC_67_3, EnvironmentIsPassedOn) {
  SystemPipe output;
  ProcessOptions options = Into(output);
  options.environment = Variables{{"ISOPROC_A", "1"}};
  const std::vector<std::string> names = {"ISOPROC_A", "PATH"};
  EXPECT_EQ(EndOf(Process::Start<StartWithInheritedVariables>(options, names)), "exited 0");
  EXPECT_EQ(output.ReadToEnd(), "ISOPROC_A=1\nPATH=(none)\n");
}

ISOPROC_CASE(ProcessOptions, PROC_67_4, EmptyEnvironmentIsPossible) {
  SystemPipe output;
  ProcessOptions options = Into(output);
  options.environment.emplace();
  const std::vector<std::string> names = {"PATH"};
  EXPECT_EQ(EndOf(Process::Start<SayVariables>(options, names)), "exited 0");
  EXPECT_EQ(output.ReadToEnd(), "PATH=(none)\n");
}

void LeaveAFile() { std::ofstream("left here") << "yes"; }

ISOPROC_CASE(ProcessOptions, PROC_67_5, WorkingDirectoryIsWhereTheChildIs) {
  const TempDir dir;
  ProcessOptions options = Killable();
  options.working_directory = dir.path().string();
  EXPECT_EQ(EndOf(Process::Start<LeaveAFile>(options)), "exited 0");
  EXPECT_EQ(dir.Read("left here"), "yes");
}

// Paths of standard streams begin where the caller is, not where the child goes.
ISOPROC_CASE(ProcessOptions, PROC_67_6, StreamPathsAreTheCallers) {
  const TempDir dir;
  const std::filesystem::path other = dir.path() / "other";
  std::filesystem::create_directory(other);
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  ProcessOptions options = Killable();
  options.working_directory = "other";
  options.standard_output = StandardStream::ToFile("said");
  const std::string end = EndOf(Process::Start<SpeakTwice>(options));
  std::filesystem::current_path(before);
  EXPECT_EQ(end, "exited 0");
  EXPECT_EQ(dir.Read("said"), "out");
  EXPECT_FALSE(std::filesystem::exists(other / "said"));
}

// ---- what cannot be -----------------------------------------------------------------------------

// Expects that Start gives `code`, starts no child, and changes no file.
void ExpectRefused(absl::StatusCode code, const char* what,
                   const std::function<void(ProcessOptions& options)>& change) {
  ProcessOptions options = Killable();
  change(options);
  const size_t before = ActiveChildren().size();
  const absl::Status status = Process::Start<DoNothing>(options).status();
  EXPECT_THAT(status, HasCode(code)) << what;
  EXPECT_EQ(ActiveChildren().size(), before) << what;
  Observe(what, status);
}

ISOPROC_CASE(ProcessOptions, PROC_68, WhatIsMissingIsNotFound) {
  const TempDir dir;
  const std::string missing = dir.File("missing");
  ExpectRefused(absl::StatusCode::kNotFound, "working directory",
                [&](ProcessOptions& options) { options.working_directory = missing; });
  ExpectRefused(absl::StatusCode::kNotFound, "input", [&](ProcessOptions& options) {
    options.standard_input = StandardStream::FromFile(missing);
  });
  ExpectRefused(absl::StatusCode::kNotFound, "output", [&](ProcessOptions& options) {
    options.standard_output = StandardStream::ToFile(missing + "/file");
  });
  ExpectRefused(absl::StatusCode::kNotFound, "error", [&](ProcessOptions& options) {
    options.standard_error = StandardStream::AppendToFile(missing + "/file");
  });
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

ISOPROC_CASE(ProcessOptions, PROC_68_2, ImpossibleTextIsInvalid) {
  const std::string with_nul("a\0b", 3);
  constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
  ExpectRefused(kInvalid, "empty name of a variable", [](ProcessOptions& options) {
    options.environment = Variables{{"", "value"}};
  });
  ExpectRefused(kInvalid, "name of a variable with =", [](ProcessOptions& options) {
    options.environment = Variables{{"A=B", "value"}};
  });
  ExpectRefused(kInvalid, "name of a drive's directory", [](ProcessOptions& options) {
    options.environment = Variables{{"=C:", "value"}};
  });
  ExpectRefused(kInvalid, "name of a variable with NUL", [&](ProcessOptions& options) {
    options.environment = Variables{{with_nul, "value"}};
  });
  ExpectRefused(kInvalid, "variable with NUL", [&](ProcessOptions& options) {
    options.environment = Variables{{"A", with_nul}};
  });
  ExpectRefused(kInvalid, "working directory with NUL",
                [&](ProcessOptions& options) { options.working_directory = with_nul; });
  ExpectRefused(kInvalid, "path with NUL", [&](ProcessOptions& options) {
    options.standard_output = StandardStream::ToFile(with_nul);
  });
}

ISOPROC_CASE(ProcessOptions, PROC_69, DirectoryIsNoFile) {
  const TempDir dir;
  constexpr absl::StatusCode kDenied = absl::StatusCode::kPermissionDenied;
  ExpectRefused(kDenied, "input from a directory", [&](ProcessOptions& options) {
    options.standard_input = StandardStream::FromFile(dir.path().string());
  });
  ExpectRefused(kDenied, "output to a directory", [&](ProcessOptions& options) {
    options.standard_output = StandardStream::ToFile(dir.path().string());
  });
  ExpectRefused(kDenied, "errors at the end of a directory", [&](ProcessOptions& options) {
    options.standard_error = StandardStream::AppendToFile(dir.path().string());
  });
}

// Among them numbers of which the low 32 bits alone, or the whole with its sign, mean something.
ISOPROC_CASE(ProcessOptions, PROC_70, HandleThatIsNotOpenIsInvalid) {
  for (const int64_t native : {int64_t{-1}, int64_t{-2}, int64_t{1'000'000}, int64_t{1} << 32}) {
    ProcessOptions options = Killable();
    options.standard_error = StandardStream::FromHandle(native);
    const absl::Status status = Process::Start<DoNothing>(options).status();
    EXPECT_CODE(status, kInvalidArgument) << native;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(absl::StrCat(native)));
    Observe(absl::StrCat("handle ", native), status);
  }
}

ISOPROC_CASE(ProcessOptions, PROC_68_3, StartAfterARefusedOneWorks) {
  ProcessOptions options = Killable();
  options.working_directory = "isoproc-no-such-directory";
  EXPECT_CODE(Process::Start<DoNothing>(options), kNotFound);
  EXPECT_EQ(EndOf(Process::Start<Return>(Killable(), 3)), "exited 3");
}

}  // namespace
}  // namespace isoproc::conformance
