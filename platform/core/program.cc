#include "platform/core/program.h"

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

constexpr char kTeaching[] =
    "isoproc::Init was not called, so no process can be started. It must be the first statement of "
    "main, in this program and for its children, which are the same program started again:\n"
    "  int main(int argc, char** argv) {\n"
    "    isoproc::Init(argc, argv);\n"
    "(In a program whose main is not yours, name another one which calls Init by "
    "isoproc::SetExecutable.)";

// Each would start another one, without end.
constexpr char kChildWithoutInit[] =
    "this process is a child of isoproc that has not called isoproc::Init, so it cannot start "
    "processes: main must call isoproc::Init(argc, argv) first, and a program named with "
    "isoproc::SetExecutable must be one whose main does";

}  // namespace

void Program::InitMain(port::Port& port, std::vector<std::string> arguments) {
  const std::lock_guard lock(mutex_);
  if (facts_.ready) return;
  facts_.arguments = std::move(arguments);
  const absl::StatusOr<std::string> path =
      port.ProgramPath(facts_.arguments.empty() ? "" : facts_.arguments[0]);
  if (path.ok()) {
    facts_.path = *path;
    if (port.capabilities().replaceable_image && !port.capabilities().pinned_image) {
      facts_.identity = port.FileIdentity(*path).value_or("");
    }
  }
  facts_.ready = true;
}

void Program::InitChild(const StartMessage& message) {
  const std::lock_guard lock(mutex_);
  facts_ = {.ready = true,
            .arguments = message.program_arguments,
            .executable = message.executable,
            .path = message.program_path,
            .identity = message.program_identity};
}

void Program::SetExecutable(std::string path) {
  const std::lock_guard lock(mutex_);
  facts_.executable = std::move(path);
}

absl::Status Program::CheckReady(port::Port& port) {
  const std::lock_guard lock(mutex_);
  if (facts_.ready) return absl::OkStatus();
  if (facts_.executable.empty()) return absl::FailedPreconditionError(kTeaching);
  if (!port.FindBootstrap(PreambleText()).has_value()) return absl::OkStatus();
  return absl::FailedPreconditionError(kChildWithoutInit);
}

absl::StatusOr<Program::Image> Program::ImageToRun(port::Port& port) {
  const std::lock_guard lock(mutex_);
  if (!facts_.executable.empty()) return Image{facts_.executable, facts_.executable};
  const std::string argv0 = facts_.arguments.empty() ? "" : facts_.arguments[0];
  absl::StatusOr<std::string> path =
      facts_.path.empty() ? port.ProgramPath(argv0) : absl::StatusOr<std::string>(facts_.path);
  if (!path.ok()) return path.status();
  if (!facts_.identity.empty()) {
    const absl::StatusOr<std::string> identity = port.FileIdentity(*path);
    if (!identity.ok() && !absl::IsNotFound(identity.status())) return identity.status();
    if (!identity.ok() || *identity != facts_.identity) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the program file ", *path,
          " was replaced while the program runs, so that a child would be another program"));
    }
  }
  return Image{*path, argv0.empty() ? *path : argv0};
}

void Program::Describe(StartMessage& message) {
  const std::lock_guard lock(mutex_);
  message.program_arguments = facts_.arguments;
  message.executable = facts_.executable;
  message.program_path = facts_.path;
  message.program_identity = facts_.identity;
}

std::vector<std::string> Program::arguments() {
  const std::lock_guard lock(mutex_);
  return facts_.arguments;
}

}  // namespace isoproc::internal
