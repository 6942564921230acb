// How a child is started.
#include "platform/core/start.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/process.h"
#include "isoproc/process_options.h"
#include "platform/core/child.h"
#include "platform/core/child_main.h"
#include "platform/core/children.h"
#include "platform/core/connection/connection_end.h"
#include "platform/core/connection/moving_end.h"
#include "platform/core/fork_server.h"
#include "platform/core/launch.h"
#include "platform/core/parent_monitor.h"
#include "platform/core/program.h"
#include "platform/core/request.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/shared_block.h"
#include "platform/core/target_registry.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc {
namespace internal {
namespace {

absl::StatusOr<std::unique_ptr<port::ChildProcess>> SpawnBy(const StartMessage& message,
                                                            const port::SpawnRequest& request,
                                                            std::unique_ptr<port::Stream>& own_end,
                                                            port::Deadline deadline) {
  Runtime& runtime = Runtime::Get();
  switch (message.start_method) {
    case StartMethod::kSpawn:
      return runtime.port().Spawn(request);
    case StartMethod::kForkServer:
      return runtime.fork_server().Spawn(message.executable, request, deadline);
    case StartMethod::kFork: {
      std::fflush(nullptr);  // or the child would write what is buffered here once more
      const int own_threads = runtime.parent_monitor().running() ? 1 : 0;
      return runtime.port().Fork(request, own_threads, [&](std::unique_ptr<port::Stream> stream) {
        own_end.reset();
        runtime.ForgetChildrenAfterFork();
        ConnectionEnd::CloseAllAfterFork();
        RunChild(std::move(stream));
      });
    }
  }
  return absl::InvalidArgumentError("no such start method");
}

bool Has(StartMethod method, const port::Capabilities& capabilities) {
  switch (method) {
    case StartMethod::kSpawn:
      return capabilities.processes;
    case StartMethod::kForkServer:
      return capabilities.fork_server;
    case StartMethod::kFork:
      return capabilities.fork;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Child>> StartChild(const ProcessOptions& options,
                                                  const Target& target,
                                                  const Arguments& arguments) {
  return StartChildWithStream(options, target, arguments, port::Handle());
}

absl::StatusOr<std::shared_ptr<Child>> StartChildWithStream(const ProcessOptions& options,
                                                            const Target& target,
                                                            const Arguments& arguments,
                                                            port::Handle stream) {
  Runtime& runtime = Runtime::Get();
  const absl::Status ready = runtime.program().CheckReady(runtime.port());
  if (!ready.ok()) return ready;
  if (!Has(options.start_method, runtime.port().capabilities())) {
    return absl::UnimplementedError(absl::StrCat("this platform (",
                                                 runtime.port().capabilities().profile,
                                                 ") does not have the start method asked for"));
  }
  if (options.name.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("the name of a process holds a NUL byte");
  }
  runtime.children().ReapAbandoned();

  port::SpawnRequest request = ToRequest(options);
  if (options.start_method == StartMethod::kSpawn) {
    absl::StatusOr<Program::Image> image = runtime.program().ImageToRun(runtime.port());
    if (!image.ok()) return image.status();
    request.program = std::move(image->path);
    request.arguments = {std::move(image->argv0)};
  }
  StartMessage message = runtime.DescribeChild();
  message.target = NameOf(target);
  if (!options.name.empty()) message.name = options.name;
  message.start_method = options.start_method;
  message.detached = options.detached;
  std::vector<port::Handle> handles;
  absl::StatusOr<std::optional<port::Handle>> arena = ArenaForChild();
  if (!arena.ok()) return arena.status();
  message.has_arena = arena->has_value();
  if (arena->has_value()) handles.push_back(**std::move(arena));
  for (const std::shared_ptr<SharedBlock>& block : arguments.luggage.blocks) {
    absl::StatusOr<port::Handle> handle = block->Share();
    if (!handle.ok()) return handle.status();
    handles.push_back(*std::move(handle));
  }
  message.blocks = static_cast<uint32_t>(arguments.luggage.blocks.size());
  for (const std::shared_ptr<MovingEnd>& end : arguments.luggage.ends) {
    handles.push_back(end->BorrowHandle());
  }
  message.ends = static_cast<uint32_t>(arguments.luggage.ends.size());
  if (stream) {
    handles.push_back(std::move(stream));
    ++message.ends;
  }

  const port::Deadline deadline = runtime.DeadlineAfter(options.start_timeout);
  const auto spawn = [&](const port::SpawnRequest& filled, std::unique_ptr<port::Stream>& own_end) {
    return SpawnBy(message, filled, own_end, deadline);
  };
  absl::StatusOr<Launched> launched =
      Launch(runtime.port(), request, message, arguments.bytes, handles, deadline, spawn);
  if (absl::IsUnavailable(launched.status()) && options.start_method == StartMethod::kForkServer) {
    // The server had died or hung. If it forked first, that child finds its stream at the end and
    // exits.
    launched = Launch(runtime.port(), request, message, arguments.bytes, handles, deadline, spawn);
    if (absl::IsUnavailable(launched.status())) {
      return absl::AbortedError("two fork servers did not answer");
    }
  }
  if (absl::IsDeadlineExceeded(launched.status())) {
    return absl::DeadlineExceededError(absl::StrCat(
        "process '", message.name, "' was not ready within its start_timeout of ",
        absl::FormatDuration(options.start_timeout), ": ", launched.status().message()));
  }
  if (!launched.ok()) return launched.status();
  for (const std::shared_ptr<MovingEnd>& end : arguments.luggage.ends) end->HasArrived();
  auto child = std::make_shared<Child>(
      Child::Traits{std::move(message.name), options.at_exit, options.exit_timeout,
                    options.detached, options.start_method},
      std::move(launched->process), std::move(launched->control));
  runtime.children().Add(child);
  return child;
}

}  // namespace internal

std::vector<StartMethod> StartMethods() {
  const port::Capabilities& capabilities = internal::Runtime::Get().port().capabilities();
  std::vector<StartMethod> methods;
  for (const StartMethod method :
       {StartMethod::kSpawn, StartMethod::kForkServer, StartMethod::kFork}) {
    if (internal::Has(method, capabilities)) methods.push_back(method);
  }
  return methods;
}

}  // namespace isoproc
