#include "platform/core/fork_server.h"

#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/launch.h"
#include "platform/core/program.h"
#include "platform/core/runtime.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {
absl::StatusOr<std::unique_ptr<port::ChildProcess>> ForkServer::Spawn(
    const port::SpawnRequest& request, port::Deadline deadline) {
  const std::lock_guard lock(mutex_);
  if (!server_.has_value()) {
    const absl::Status started = Start(deadline);
    if (!started.ok()) return started;
  }
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> child =
      Runtime::Get().port().SpawnFromServer(*server_->control, request);
  if (absl::IsUnavailable(child.status())) StopLocked();  // somebody killed it
  return child;
}

absl::Status ForkServer::Start(port::Deadline deadline) {
  Runtime& runtime = Runtime::Get();
  const absl::StatusOr<Program::Image> image = runtime.program().ImageToRun(runtime.port());
  if (!image.ok()) return image.status();
  port::SpawnRequest request;
  request.program = image->path;
  request.arguments = {image->argv0};
  // It would hold the parent's streams open for as long as it lives.
  for (port::StandardStream& stream : request.standard_streams) {
    stream.kind = port::StandardStream::Kind::kNull;
  }
  StartMessage message;
  message.role = StartMessage::Role::kForkServer;
  absl::StatusOr<Launched> launched =
      Launch(runtime.port(), std::move(request), message, "", deadline,
             [&](const port::SpawnRequest& filled, std::unique_ptr<port::Stream>&) {
               return runtime.port().Spawn(filled);
             });
  if (!launched.ok()) return launched.status();
  server_ = *std::move(launched);
  return absl::OkStatus();
}

void ForkServer::Stop() {
  const std::lock_guard lock(mutex_);
  StopLocked();
}

void ForkServer::StopLocked() {
  if (!server_.has_value()) return;
  // Not by the end of its stream, of which a fork of this process may hold a copy.
  server_->process->Kill(port::kSigKill).IgnoreError();
  server_->process->Wait(port::Deadline::Never()).IgnoreError();
  server_.reset();
}

}  // namespace isoproc::internal
