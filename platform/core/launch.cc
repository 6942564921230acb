#include "platform/core/launch.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/codec.h"
#include "isoproc/exit_status.h"
#include "platform/core/child.h"
#include "platform/core/exit_status_payload.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// How long a child may take to be gone after its end of the stream is.
constexpr absl::Duration kDeathGrace = absl::Seconds(2);

// The child's answer. Its death also ends the wait: the end of the stream alone would not do, since
// whatever the child started before Init may hold a copy of its end.
absl::StatusOr<Frame> AwaitAnswer(port::Port& port, port::ChildProcess& process,
                                  port::Stream& control, port::Deadline deadline) {
  const std::array<port::Waitable*, 2> objects = {&control, &process.notice()};
  const absl::StatusOr<std::vector<size_t>> ready = port.WaitAny(objects, deadline);
  if (!ready.ok()) return ready.status();
  const bool has_ended = ready->front() != 0;
  return ReadFrame(control, has_ended ? port::Deadline::At(absl::ZeroDuration()) : deadline);
}

// Does what writes to the child and may be tried again; Unavailable also when the child has ended,
// since whatever it started before Init may hold a copy of its end, from which nobody reads.
absl::Status WriteWhileItRuns(port::Port& port, port::ChildProcess& process,
                              port::Deadline deadline,
                              absl::FunctionRef<absl::Status(port::Deadline slice)> write) {
  constexpr absl::Duration kSlice = absl::Milliseconds(100);
  while (true) {
    const absl::Duration now = port.Now();
    const absl::Status written =
        write(port::Deadline::After(now, std::min(deadline.Remaining(now), kSlice)));
    if (!absl::IsDeadlineExceeded(written) || deadline.Expired(port.Now())) return written;
    if (process.Wait(port::Deadline::At(absl::ZeroDuration())).ok()) {
      return absl::UnavailableError("the child has ended");
    }
  }
}

absl::Status RefusalToStatus(const std::string& payload) {
  const absl::StatusOr<RefusedMessage> refused = Decode<RefusedMessage>(payload);
  if (!refused.ok()) return refused.status();
  return absl::Status(static_cast<absl::StatusCode>(refused->code), refused->message);
}

// Why a child that gave no answer is gone. One that is forked does not come by Init.
absl::Status DeathToStatus(const port::Termination& termination, bool is_forked) {
  const absl::StatusOr<ExitStatus> exit_status = ToExitStatus(termination);
  if (!exit_status.ok()) return exit_status.status();
  absl::Status status;
  if (exit_status->kind() == ExitStatus::Kind::kExited) {
    status = absl::FailedPreconditionError(
        absl::StrCat("the child ", exit_status->ToString(),
                     is_forked ? " before it was ready: it could not be set up"
                               : " before it reached isoproc::Init(argc, argv), which must be the "
                                 "first statement of main"));
  } else {
    status = absl::AbortedError(
        absl::StrCat("the child was ", exit_status->ToString(), " before it was ready"));
  }
  SetExitStatus(*exit_status, status);
  return status;
}

// Waits until the child is ready. On failure the child has been reaped.
absl::Status ShakeHands(port::Port& port, port::ChildProcess& process, port::Stream& control,
                        std::string_view greeting_rest, std::string_view arguments,
                        absl::Span<const port::Handle> handles, port::Deadline deadline,
                        bool is_forked) {
  absl::Status told;
  for (std::string_view bytes : {greeting_rest, arguments}) {
    if (!told.ok()) break;
    told = WriteWhileItRuns(port, process, deadline,
                            [&](port::Deadline slice) { return WriteAll(control, bytes, slice); });
  }
  for (const port::Handle& handle : handles) {
    if (!told.ok()) break;
    told = WriteWhileItRuns(port, process, deadline, [&](port::Deadline slice) {
      return control.SendHandle(handle, {.pid = process.pid()}, slice);
    });
  }
  absl::Status failure;
  if (!told.ok() && !absl::IsUnavailable(told) && !absl::IsDeadlineExceeded(told)) {
    failure = told;  // the stream is dead, and the child waits for what will not come
  } else if (told.ok() || !deadline.Expired(port.Now())) {
    // A child that dies or refuses while it is told what to do says more in its answer.
    const absl::StatusOr<Frame> answer = AwaitAnswer(port, process, control, deadline);
    if (answer.ok() && answer->kind == FrameKind::kReady) return absl::OkStatus();
    if (answer.ok() && answer->kind == FrameKind::kRefused) {
      failure = RefusalToStatus(answer->payload);
    } else if (!answer.ok() && !absl::IsOutOfRange(answer.status()) &&
               !absl::IsDeadlineExceeded(answer.status())) {
      failure = answer.status();
    }
  }
  const bool too_late = deadline.Expired(port.Now());
  const absl::StatusOr<port::Termination> ended = process.Wait(port::Deadline::After(
      port.Now(), failure.ok() && !too_late ? kDeathGrace : absl::ZeroDuration()));
  if (!failure.ok() || !ended.ok()) {
    // It refused, or it closed its end without being the program that we mean, or time is up.
    const absl::Status killed = process.Kill(port::kSigKill);
    if (killed.ok()) process.Wait(port::Deadline::Never()).IgnoreError();
  }
  if (!failure.ok()) return failure;
  if (ended.ok()) return DeathToStatus(*ended, is_forked);
  if (too_late)
    return absl::DeadlineExceededError("the child was not ready in time; it was killed");
  return absl::FailedPreconditionError(
      "the child closed its bootstrap stream: is it a program that calls isoproc::Init?");
}

}  // namespace

absl::StatusOr<Launched> Launch(port::Port& port, port::SpawnRequest request,
                                const StartMessage& message, const std::string& arguments,
                                absl::Span<const port::Handle> handles, port::Deadline deadline,
                                Spawner spawn) {
  const absl::StatusOr<std::string> start = Encode(message);
  if (!start.ok()) return start.status();
  const Preamble preamble = MakePreamble(port);
  const std::string greeting = absl::StrCat(
      absl::string_view(reinterpret_cast<const char*>(preamble.data()), preamble.size()),
      FrameHeader(FrameKind::kStart, start->size()), *start,
      FrameHeader(FrameKind::kArguments, arguments.size()));

  absl::StatusOr<port::StreamPair> streams = port.CreateStreamPair();
  if (!streams.ok()) return streams.status();
  Launched launched;
  launched.control = std::move(streams->first);

  // What fits goes into the stream now: the preamble must be there, the rest saves a wake-up. Not
  // so if a fork server is asked: it may die after it forked and before it said so; a child that
  // had all it needs would run beside the one which is started in its place.
  std::string_view greeting_rest = greeting;
  std::string_view arguments_rest = arguments;
  const bool is_served = message.start_method == StartMethod::kForkServer;
  const size_t size_now = is_served ? preamble.size() : greeting.size();
  std::string_view rest_now = greeting_rest.substr(0, size_now);
  const port::Deadline now = port::Deadline::At(absl::ZeroDuration());
  absl::Status status = WriteAll(*launched.control, rest_now, now);
  greeting_rest.remove_prefix(size_now - rest_now.size());
  if (status.ok() && !is_served) status = WriteAll(*launched.control, arguments_rest, now);
  if (!status.ok() && !absl::IsDeadlineExceeded(status)) return status;
  if (greeting.size() - greeting_rest.size() < preamble.size()) {
    // The child would not know that it is one, and run main as if a user had started it.
    return absl::ResourceExhaustedError("a new stream has no room for its first bytes");
  }

  request.bootstrap = streams->second.get();
  request.bootstrap_prefix = BootstrapPrefix(preamble);
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> process = spawn(request, launched.control);
  if (!process.ok()) return process.status();
  launched.process = *std::move(process);
  streams->second.reset();

  status = ShakeHands(port, *launched.process, *launched.control, greeting_rest, arguments_rest,
                      handles, deadline, message.start_method != StartMethod::kSpawn);
  if (!status.ok()) return status;
  return launched;
}

}  // namespace isoproc::internal
