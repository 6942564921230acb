#include "platform/core/fork_server.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/launch.h"
#include "platform/core/program.h"
#include "platform/core/runtime.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// A server does nothing but fork. One that owes an answer for so long is stopped, and will be for
// ever; a shorter silence may be that of a busy machine.
constexpr absl::Duration kPatience = absl::Seconds(10);

absl::StatusOr<Launched> LaunchServer(const std::string& executable, port::Deadline deadline) {
  Runtime& runtime = Runtime::Get();
  port::SpawnRequest request;
  if (executable.empty()) {
    absl::StatusOr<Program::Image> image = runtime.program().ImageToRun(runtime.port());
    if (!image.ok()) return image.status();
    request.program = std::move(image->path);
    request.arguments = {std::move(image->argv0)};
  } else {
    request.program = executable;
    request.arguments = {executable};
  }
  // It would hold the parent's streams open for as long as it lives.
  for (port::StandardStream& stream : request.standard_streams) {
    stream.kind = port::StandardStream::Kind::kNull;
  }
  StartMessage message;
  message.role = StartMessage::Role::kForkServer;
  return Launch(runtime.port(), std::move(request), message, "", {}, deadline,
                [&](const port::SpawnRequest& filled, std::unique_ptr<port::Stream>&) {
                  return runtime.port().Spawn(filled);
                });
}

void End(port::ChildProcess& server) {
  // Not by the end of its stream, of which a fork of this process may hold a copy.
  server.Kill(port::kSigKill).IgnoreError();
  server.Wait(port::Deadline::Never()).IgnoreError();
}

}  // namespace

absl::StatusOr<std::unique_ptr<port::ChildProcess>> ForkServer::Spawn(
    const std::string& executable, const port::SpawnRequest& request, port::Deadline deadline) {
  const absl::Status taken = TakeTurn(deadline);
  if (!taken.ok()) return taken;
  const Turn turn{*this};
  const absl::StatusOr<std::shared_ptr<Server>> server = Find(executable, deadline);
  if (!server.ok()) return server.status();
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> child = Ask(**server, request, deadline);
  if (absl::IsUnavailable(child.status())) Drop(executable, *server);
  return child;
}

absl::Status ForkServer::TakeTurn(port::Deadline deadline) {
  // Slices, since a wait_until far in the future overflows in some standard libraries.
  constexpr absl::Duration kSlice = absl::Hours(1);
  port::Port& port = Runtime::Get().port();
  std::unique_lock lock(mutex_);
  while (busy_) {
    const absl::Duration now = port.Now();
    if (deadline.Expired(now)) {
      return absl::DeadlineExceededError("the fork server was busy with other starts");
    }
    turn_given_.wait_until(
        lock, std::chrono::steady_clock::now() +
                  absl::ToChronoNanoseconds(std::min(deadline.Remaining(now), kSlice)));
  }
  busy_ = true;
  return absl::OkStatus();
}

void ForkServer::GiveTurn() {
  const std::lock_guard lock(mutex_);
  busy_ = false;
  turn_given_.notify_one();
}

absl::StatusOr<std::shared_ptr<ForkServer::Server>> ForkServer::Find(const std::string& executable,
                                                                     port::Deadline deadline) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(executable);
    if (found != servers_.end()) return found->second;
  }
  absl::StatusOr<Launched> launched = LaunchServer(executable, deadline);
  if (!launched.ok()) return launched.status();
  auto server = std::make_shared<Server>(Server{*std::move(launched), std::nullopt});
  const std::lock_guard lock(mutex_);
  servers_[executable] = server;
  return server;
}

absl::StatusOr<std::unique_ptr<port::ChildProcess>> ForkServer::Ask(
    Server& server, const port::SpawnRequest& request, port::Deadline deadline) {
  port::Port& port = Runtime::Get().port();
  const absl::Duration begin = port.Now();
  const port::Deadline limit =
      port::Deadline::After(begin, std::min(deadline.Remaining(begin), kPatience));
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> child =
      port.SpawnFromServer(*server.process.control, request, limit);
  if (!absl::IsDeadlineExceeded(child.status())) {
    server.silent_since.reset();
    return child;
  }
  if (!server.silent_since.has_value()) server.silent_since = begin;
  if (port.Now() - *server.silent_since < kPatience) return child;
  return absl::UnavailableError("the fork server does not answer");
}

void ForkServer::Drop(const std::string& executable, const std::shared_ptr<Server>& server) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(executable);
    if (found != servers_.end() && found->second == server) servers_.erase(found);
  }
  End(*server->process.process);
}

void ForkServer::Stop() {
  std::map<std::string, std::shared_ptr<Server>> servers;
  {
    // Not in turn: whoever asks a server that hangs is freed by its end.
    const std::lock_guard lock(mutex_);
    servers.swap(servers_);
  }
  for (const auto& [executable, server] : servers) End(*server->process.process);
}

}  // namespace isoproc::internal
