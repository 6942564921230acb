#include "conformance/api/child_program.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/temp_dir.h"
#include "gtest/gtest.h"
#include "isoproc/main.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

std::string Show(const port::Termination& end) {
  switch (end.kind) {
    case port::Termination::Kind::kExited:
      return absl::StrCat("exited ", end.value);
    case port::Termination::Kind::kSignalled:
      return absl::StrCat("signalled ", end.value);
    case port::Termination::Kind::kUnknown:
      break;
  }
  return "ended";
}

std::filesystem::path ThisProgram() {
  const absl::StatusOr<std::string> path = port::HostPort().ProgramPath(GetEnvironment().program);
  std::error_code error;
  std::filesystem::path program =
      std::filesystem::canonical(path.value_or(GetEnvironment().program), error);
  return error ? std::filesystem::path(GetEnvironment().program) : program;
}

}  // namespace

std::string ChildProgram(std::string_view name) {
  const std::filesystem::path program = ThisProgram();
  // It ends as this one does, where programs have endings.
  return (program.parent_path() / absl::StrCat("isoproc-conformance-", std::string(name)))
      .concat(program.extension().string())
      .string();
}

absl::StatusOr<ProgramRun> RunProgram(
    const std::string& path, const std::vector<std::string>& arguments,
    const std::function<void(port::SpawnRequest& request)>& adjust) {
  const TempDir directory;
  port::SpawnRequest request;
  request.program = path;
  request.arguments = {path};
  request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
  request.standard_streams[0].kind = port::StandardStream::Kind::kNull;
  request.standard_streams[1].kind = port::StandardStream::Kind::kAppendFile;
  request.standard_streams[1].path = directory.File("output");
  if (adjust != nullptr) adjust(request);
  const absl::StatusOr<std::unique_ptr<port::ChildProcess>> process =
      port::HostPort().Spawn(request);
  if (!process.ok()) return process.status();
  const absl::StatusOr<port::Termination> end = (*process)->Wait(Patiently());
  if (!end.ok()) {
    (*process)->KillTree(9).IgnoreError();
    (*process)->Wait(port::Deadline::Never()).IgnoreError();
    return end.status();
  }
  return ProgramRun{Show(*end), directory.Read("output")};
}

UseExecutable::UseExecutable(const std::string& path) {
  const absl::Status status = SetExecutable(path);
  EXPECT_TRUE(status.ok()) << status;
}

UseExecutable::~UseExecutable() {
  const absl::Status status = SetExecutable("");
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace isoproc::conformance
