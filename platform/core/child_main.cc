#include "platform/core/child_main.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/codec.h"
#include "isoproc/internal/archive.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "platform/base/type_name.h"
#include "platform/core/connection/moving_end.h"
#include "platform/core/parent_monitor.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/shared_block.h"
#include "platform/core/target_registry.h"
#include "platform/core/thread_end.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

constexpr int kUncaughtException = 1;
constexpr size_t kMaxWhat = size_t{16} << 10;  // so that a report fits into the stream unread
// A parent that does not read, because it was stopped, must not keep its child from ending.
constexpr absl::Duration kReportTimeout = absl::Seconds(1);

// Tells the parent why the target cannot run.
[[noreturn]] void Refuse(port::Stream& control, const absl::Status& reason) {
  Runtime& runtime = Runtime::Get();
  const absl::StatusOr<std::string> payload =
      Encode(RefusedMessage{static_cast<int>(reason.code()), std::string(reason.message())});
  if (payload.ok()) {
    WriteFrame(control, FrameKind::kRefused, *payload, runtime.DeadlineAfter(kReportTimeout))
        .IgnoreError();
  }
  runtime.ExitNow(kCannotRun);
}

void ReportException(port::Stream& control, const std::string& type, const std::string& what) {
  Runtime& runtime = Runtime::Get();
  const std::string line = absl::StrCat("Process ", CurrentProcess().name(),
                                        ": uncaught exception ", type, ": ", what, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);  // at once, since it has no buffer
  const absl::StatusOr<std::string> payload = Encode(ThrewMessage{type, what.substr(0, kMaxWhat)});
  if (!payload.ok()) return;
  WriteFrame(control, FrameKind::kThrew, *payload, runtime.DeadlineAfter(kReportTimeout))
      .IgnoreError();
}

[[noreturn]] void EndChild(StartMethod start_method, int code) {
  Runtime& runtime = Runtime::Get();
  if (start_method == StartMethod::kFork) {
    // Exit handlers and static destructors are the parent's; children are not.
    runtime.EndChildren();
    std::fflush(nullptr);
    runtime.ExitNow(code);
  }
  std::exit(code);  // NOLINT(concurrency-mt-unsafe): the end of main, wherever it is
}

// Gives the exit code.
int RunTarget(Call call, port::Stream& control, StartMethod start_method) {
  try {
    ThreadEnd thread_end([start_method] { EndChild(start_method, 0); });
    const int code = std::move(call)() & 0xFF;
    thread_end.Returned();
    return code;
  } catch (const std::exception& error) {
    ReportException(control, port::TypeName(typeid(error)), error.what());
  } catch (...) {
    ReportException(control, "unknown", "not a std::exception");
  }
  return kUncaughtException;
}

// What the parent says first.
struct Orders {
  StartMessage message;
  std::string arguments;  // not decoded yet
  std::vector<port::Handle> blocks;
  std::vector<port::Handle> ends;
};
absl::StatusOr<std::vector<port::Handle>> ReceiveHandles(port::Stream& control, uint32_t count) {
  std::vector<port::Handle> handles;
  for (uint32_t i = 0; i < count; ++i) {
    absl::StatusOr<port::Handle> handle = control.ReceiveHandle(port::Deadline::Never());
    if (!handle.ok()) return handle.status();
    handles.push_back(*std::move(handle));
  }
  return handles;
}
absl::StatusOr<Orders> ReadOrders(port::Stream& control) {
  Preamble preamble;
  const absl::Status status = ReadAll(control, absl::MakeSpan(preamble), port::Deadline::Never());
  if (!status.ok()) return status;
  const absl::StatusOr<Frame> start = ReadFrame(control, port::Deadline::Never());
  if (!start.ok()) return start.status();
  absl::StatusOr<Frame> arguments = ReadFrame(control, port::Deadline::Never());
  if (!arguments.ok()) return arguments.status();
  absl::StatusOr<StartMessage> message = Decode<StartMessage>(start->payload);
  if (!message.ok()) return message.status();
  if (message->has_arena) {
    absl::StatusOr<port::Handle> arena = control.ReceiveHandle(port::Deadline::Never());
    if (!arena.ok()) return arena.status();
    InheritArena(*std::move(arena));
  }
  absl::StatusOr<std::vector<port::Handle>> blocks = ReceiveHandles(control, message->blocks);
  if (!blocks.ok()) return blocks.status();
  absl::StatusOr<std::vector<port::Handle>> ends = ReceiveHandles(control, message->ends);
  if (!ends.ok()) return ends.status();
  return Orders{*std::move(message), std::move(arguments->payload), *std::move(blocks),
                *std::move(ends)};
}

[[noreturn]] void RunForkServer(std::unique_ptr<port::Stream> control) {
  Runtime& runtime = Runtime::Get();
  absl::Status status = WriteFrame(*control, FrameKind::kReady, "", port::Deadline::Never());
  if (status.ok()) status = runtime.port().ServeForks(std::move(control), &RunChild);
  runtime.ExitNow(status.ok() ? 0 : kCannotRun);
}

}  // namespace

void RunChild(std::unique_ptr<port::Stream> stream) {
  Runtime& runtime = Runtime::Get();
  runtime.port().PrepareChild();
  absl::StatusOr<Orders> orders = ReadOrders(*stream);
  if (!orders.ok()) {
    // The parent died, or gave up, while it said what to do.
    runtime.ExitNow(kCannotRun);
  }
  if (orders->message.role == StartMessage::Role::kForkServer) RunForkServer(std::move(stream));

  runtime.InitChild(orders->message);
  port::Stream& control = *stream.release();  // lives as long as the monitor thread
  absl::Status status = runtime.parent_monitor().Start(control, orders->message);
  if (!status.ok()) Refuse(control, status);
  const absl::StatusOr<const Target*> target = FindTarget(orders->message.target);
  if (!target.ok()) Refuse(control, target.status());
  Delivery delivery;
  for (port::Handle& handle : orders->blocks) {
    absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Open(std::move(handle));
    if (!block.ok()) Refuse(control, block.status());
    delivery.blocks.push_back(*std::move(block));
  }
  for (port::Handle& handle : orders->ends) {
    absl::StatusOr<std::unique_ptr<port::Stream>> end =
        runtime.port().AdoptStream(std::move(handle));
    if (!end.ok()) Refuse(control, end.status());
    delivery.ends.push_back(std::make_shared<ArrivedEnd>(*std::move(end)));
  }
  absl::StatusOr<Call> call = (*target)->bind()(
      absl::MakeConstSpan(reinterpret_cast<const std::byte*>(orders->arguments.data()),
                          orders->arguments.size()),
      delivery);
  if (!call.ok()) Refuse(control, call.status());
  orders->arguments = std::string();
  status = WriteFrame(control, FrameKind::kReady, "", port::Deadline::Never());
  if (!status.ok()) runtime.ExitNow(kCannotRun);
  for (const std::shared_ptr<ArrivedEnd>& end : delivery.ends) end->Settle();
  delivery = Delivery();

  const StartMethod start_method = orders->message.start_method;
  EndChild(start_method, RunTarget(*std::move(call), control, start_method));
}

void RefuseToRun(std::unique_ptr<port::Stream> stream, const absl::Status& reason) {
  // It listens when it has said all.
  if (ReadOrders(*stream).ok()) Refuse(*stream, reason);
  Runtime::Get().ExitNow(kCannotRun);
}

}  // namespace isoproc::internal
