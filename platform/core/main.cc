#include "isoproc/main.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/child_main.h"
#include "platform/core/runtime.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc {

void Init(int argc, char** argv) {
  internal::Runtime& runtime = internal::Runtime::Get();
  port::Port& port = runtime.port();
  std::optional<internal::BootstrapArgument> argument;
  if (argc == 2) argument = internal::ParseBootstrapArgument(argv[1]);
  if (argument.has_value()) {
    absl::StatusOr<std::unique_ptr<port::Stream>> stream =
        port.AdoptBootstrap(argument->token, argument->preamble);
    if (stream.ok()) internal::RunChild(*std::move(stream));
    // A child all the same, which must not run main as if a user had started it.
    if (!absl::IsNotFound(stream.status())) runtime.ExitNow(internal::kCannotRun);
  } else if (const auto token = port.FindBootstrap(internal::PreambleText())) {
    absl::StatusOr<std::unique_ptr<port::Stream>> stream =
        port.AdoptBootstrap(*token, internal::PreambleText());
    if (!stream.ok()) runtime.ExitNow(internal::kCannotRun);
    internal::RefuseToRun(*std::move(stream),
                          absl::FailedPreconditionError(
                              "in the child isoproc::Init(argc, argv) did not get the arguments of "
                              "main, by which it knows that it is one"));
  }
  runtime.InitMain(port.ProgramArguments(argc, argv));
}

absl::Status SetExecutable(std::string path) {
  if (path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("the path of an executable holds a NUL byte");
  }
  internal::Runtime::Get().SetExecutable(std::move(path));
  return absl::OkStatus();
}

}  // namespace isoproc
