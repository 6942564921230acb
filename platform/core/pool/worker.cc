#include "platform/core/pool/worker.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/codec.h"
#include "isoproc/internal/target.h"
#include "isoproc/internal/task.h"
#include "isoproc/pool_options.h"
#include "platform/base/type_name.h"
#include "platform/core/known_process.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/items.h"
#include "platform/core/pool/messages.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/shared_block.h"
#include "platform/core/target_registry.h"
#include "platform/core/thread_end.h"
#include "platform/port/peak_memory.h"
#include "platform/port/port.h"

namespace isoproc {
namespace internal {
namespace {

constexpr size_t kMaxWhat = size_t{16} << 10;
// Results that are larger than this are copied once, into memory that the pool maps.
constexpr uint64_t kInlineResult = uint64_t{64} << 10;
// How long results may lie on the desk before the pool hears of them.
constexpr absl::Duration kSilence = absl::Milliseconds(1);

// Set before the worker's first user code, and constant then.
struct Self {
  std::optional<int64_t> number;
  int depth = 0;
  port::Handle stream;
};
Self& GetSelf() {
  static Self* const self = new Self;
  return *self;
}

TaskFailure ToFailure(const absl::Status& status) {
  return {static_cast<int>(status.code()), {}, std::string(status.message())};
}

// Whether this process is a fork of a worker.
std::atomic<bool> is_forked_copy = false;
// After user code: if it was forked, and this is the copy, here is nothing for it to do.
void EndForkedCopy() {
  if (is_forked_copy) Runtime::Get().ExitNow(0);
}

// Runs user code, as Guard.
template <class Body>
std::optional<TaskFailure> RunGuarded(Body body) {
  constexpr int kThrew = static_cast<int>(absl::StatusCode::kUnknown);
  try {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the task ends the worker, as if it returned from main
    ThreadEnd thread_end([] { std::exit(0); });
    body();
    thread_end.Returned();
    return std::nullopt;
  } catch (const std::exception& error) {
    return TaskFailure{kThrew, port::TypeName(typeid(error)),
                       std::string(error.what()).substr(0, kMaxWhat)};
  } catch (...) {
    return TaskFailure{kThrew, "unknown", "not a std::exception"};
  }
}
// Runs user code; its exception as a failure, or nothing.
template <class Body>
std::optional<TaskFailure> Guard(Body body) {
  std::optional<TaskFailure> failure = RunGuarded(std::move(body));
  EndForkedCopy();
  return failure;
}

class Worker {
 public:
  Worker(WorkerOrders orders, const Delivery& delivery, std::unique_ptr<port::Stream> stream)
      : orders_(std::move(orders)),
        blocks_(delivery.blocks),
        desk_(blocks_.back()),
        stream_(std::move(stream)),
        reader_(*stream_, (std::numeric_limits<uint32_t>::max)()),
        writer_(*stream_, Runtime::Get().parent()->pid) {
    Runtime::Get().port().RunInForkedCopies([] { is_forked_copy = true; });
  }

  // Returns when the pool wants no more of it, or is gone.
  void Run() {
    if (!Initialize() || !Say(PoolMessage::Kind::kReady)) return;
    while (true) {
      absl::StatusOr<PoolMessage> message = reader_.Read(port::Deadline::Never());
      if (!message.ok()) return;
      switch (message->kind) {
        case PoolMessage::Kind::kArena:
          if (!message->handles.empty()) InheritArena(std::move(message->handles.front()));
          break;
        case PoolMessage::Kind::kCode:
          Learn(*std::move(message));
          break;
        case PoolMessage::Kind::kForget:
          codes_.erase(ReadForget(*message));
          break;
        case PoolMessage::Kind::kItems:
          if (!RunItems(*std::move(message))) return;
          break;
        case PoolMessage::Kind::kDismiss:
          CallExitHook();
          return;
        default:
          return;
      }
    }
  }

 private:
  // What the items of a call have in common. To bind it runs user code; so that is left to the
  // first item, which has begun then, and fails if it ends the worker.
  struct Code {
    CodeMessage said;
    std::vector<port::Handle> handles;
    std::optional<absl::StatusOr<TaskFunction>> function;  // once it is bound
  };

  absl::StatusOr<Call> BindHook(const HookCall& hook, size_t first_block) {
    const absl::StatusOr<const Target*> target = FindTarget(hook.target);
    if (!target.ok()) return target.status();
    Delivery delivery;
    delivery.blocks.assign(blocks_.begin() + static_cast<ptrdiff_t>(first_block),
                           blocks_.begin() + static_cast<ptrdiff_t>(first_block + hook.blocks));
    absl::StatusOr<Call> call = (*target)->bind()(
        absl::MakeConstSpan(reinterpret_cast<const std::byte*>(hook.arguments.data()),
                            hook.arguments.size()),
        delivery);
    EndForkedCopy();
    return call;
  }

  // Also decodes the arguments of the exit hook, so that what they refer to lives until then.
  bool Initialize() {
    std::optional<TaskFailure> failure;
    const size_t blocks_of_first =
        orders_.initializer.has_value() ? orders_.initializer->blocks : 0;
    if (orders_.exit_hook.has_value()) {
      absl::StatusOr<Call> call = BindHook(*orders_.exit_hook, blocks_of_first);
      if (call.ok()) {
        exit_hook_ = *std::move(call);
      } else {
        failure = ToFailure(call.status());
      }
    }
    if (orders_.initializer.has_value() && !failure.has_value()) {
      absl::StatusOr<Call> call = BindHook(*orders_.initializer, 0);
      failure = call.ok() ? Guard([&call] { (*std::move(call))(); }) : ToFailure(call.status());
    }
    blocks_.clear();
    if (!failure.has_value()) return true;
    SayFailure(PoolMessage::Kind::kInitializerThrew, *failure);
    return false;
  }

  void CallExitHook() {
    if (!exit_hook_) return;
    const std::optional<TaskFailure> failure = Guard([this] { std::move(exit_hook_)(); });
    if (failure.has_value()) {
      std::fprintf(stderr, "Process %s: its exit hook threw %s: %s\n",
                   Runtime::Get().self()->name.c_str(), failure->type.c_str(),
                   failure->message.c_str());
    }
  }

  void Learn(PoolMessage message) {
    Code& code = codes_[++last_code_];
    absl::StatusOr<CodeMessage> said = Decode<CodeMessage>(message.payload());
    if (!message.lost.ok()) {
      code.function = message.lost;
    } else if (!said.ok()) {
      code.function = said.status();
    } else {
      code.said = *std::move(said);
      code.handles = std::move(message.handles);
    }
  }

  static absl::StatusOr<TaskFunction> Bind(Code& code) {
    const absl::StatusOr<const Target*> target = FindTarget(code.said.target);
    if (!target.ok()) return target.status();
    const absl::StatusOr<Delivery> delivery = Open(std::move(code.handles));
    if (!delivery.ok()) return delivery.status();
    const std::string object = std::move(code.said.object);
    // Named by the pool as a task, and found by that name: it is one.
    return static_cast<const TaskTarget*>(*target)->bind_task()(
        absl::MakeConstSpan(reinterpret_cast<const std::byte*>(object.data()), object.size()),
        *delivery);
  }

  static absl::StatusOr<std::string> CallTask(Code& code, const ReceivedItems::Item& item) {
    if (!code.function.has_value()) code.function = Bind(code);
    if (!code.function->ok()) return code.function->status();
    return (**code.function)(item.arguments, item.delivery);
  }

  // False when the pool is gone.
  bool RunItems(PoolMessage message) {
    const bool says_begun = (message.flags & PoolMessage::kSaysBegun) != 0;
    const absl::StatusOr<ReceivedItems> items = ReadItems(std::move(message));
    if (!items.ok()) return SayFailure(PoolMessage::Kind::kRefused, ToFailure(items.status()));
    const auto code = codes_.find(items->code);
    said_at_ = Runtime::Get().port().Now();
    for (size_t i = 0; i < items->items.size(); ++i) {
      const ReceivedItems::Item& item = items->items[i];
      desk_.Begin();
      if (says_begun && !Say(PoolMessage::Kind::kLook)) return false;
      absl::StatusOr<std::string> result = absl::NotFoundError("the worker lacks the task");
      std::optional<TaskFailure> failure;
      if (code != codes_.end()) failure = Guard([&] { result = CallTask(code->second, item); });
      if (!failure.has_value() && !result.ok()) failure = ToFailure(result.status());
      const bool is_full = IsFull();
      const uint32_t flags =
          (failure.has_value() ? PoolMessage::kFailed : 0) | (is_full ? PoolMessage::kIsFull : 0);
      const bool is_last = is_full || i + 1 == items->items.size();
      if (failure.has_value()) result = Encode(*failure);
      if (!Give(flags, result.value_or(std::string()), is_last)) return false;
      if (is_last) break;
    }
    return true;
  }

  // The result of the item that was begun last. False when the pool is gone.
  bool Give(uint32_t flags, const std::string& result, bool is_last) {
    if (!desk_.Put(flags, result)) {
      PoolMessage message =
          PoolMessage::Make(PoolMessage::Kind::kResult, result.size(), kInlineResult,
                            [&](std::byte* into) { CopyBytes(into, result); });
      message.flags = flags;
      said_at_ = Runtime::Get().port().Now();
      const absl::Status put = writer_.Put(std::move(message));
      if (put.ok()) return writer_.Flush(port::Deadline::Never()).ok();
      const std::string why = Encode(ToFailure(put)).value_or(std::string());
      return Give(flags | PoolMessage::kFailed, why, is_last);
    }
    if (!is_last && Runtime::Get().port().Now() < said_at_ + kSilence) return true;
    return Say(PoolMessage::Kind::kLook);
  }

  bool IsFull() const {
    if (orders_.max_memory == 0) return false;
    const uint64_t peak = port::PeakMemory().value_or(0);
    return peak > orders_.max_memory && peak > peak_at_start_;
  }

  bool Say(PoolMessage::Kind kind) {
    PoolMessage message;
    message.kind = kind;
    return Write(std::move(message));
  }
  bool SayFailure(PoolMessage::Kind kind, const TaskFailure& failure) {
    PoolMessage message;
    message.kind = kind;
    message.bytes = Encode(failure).value_or(std::string());
    return Write(std::move(message));
  }
  bool Write(PoolMessage message) {
    said_at_ = Runtime::Get().port().Now();
    return writer_.Put(std::move(message)).ok() && writer_.Flush(port::Deadline::Never()).ok();
  }

  const WorkerOrders orders_;
  SharedBlocks blocks_;
  DeskWriter desk_;
  absl::Duration said_at_;  // when the pool heard last of the worker
  const std::unique_ptr<port::Stream> stream_;
  PoolReader reader_;
  PoolWriter writer_;
  Call exit_hook_;
  std::map<uint64_t, Code> codes_;  // in the order in which they came, from 1 on
  uint64_t last_code_ = 0;
  // Some systems begin with the peak of the process that started this one.
  const uint64_t peak_at_start_ = orders_.max_memory == 0 ? 0 : port::PeakMemory().value_or(0);
};

absl::StatusOr<Call> BindWorker(absl::Span<const std::byte> bytes, const Delivery& delivery) {
  absl::StatusOr<WorkerOrders> orders = Decode<WorkerOrders>(bytes);
  if (!orders.ok()) return orders.status();
  Self& self = GetSelf();
  self.number = orders->number;
  self.depth = orders->depth;
  absl::StatusOr<std::unique_ptr<port::Stream>> stream =
      Runtime::Get().port().AdoptStream(std::move(self.stream));
  if (!stream.ok()) return stream.status();
  if (delivery.blocks.empty()) return absl::DataLossError("a worker without a desk");
  auto worker = std::make_unique<Worker>(*std::move(orders), delivery, *std::move(stream));
  absl::StatusOr<Call> call;
  call.emplace([worker = std::move(worker)] {
    worker->Run();
    return 0;
  });
  return call;
}

const Target worker_target("isoproc pool worker", 0, &BindWorker);

absl::StatusOr<Call> RefuseToStart(absl::Span<const std::byte>, const Delivery&) {
  return absl::InternalError("a task of a pool is no target of a process");
}

}  // namespace

TaskTarget::TaskTarget(const char* name, uint64_t file, TaskBinder binder)
    : Target(name, file, &RefuseToStart), bind_task_(binder) {}

const Target& WorkerTarget() { return worker_target; }

void InheritPoolStream(port::Handle stream) { GetSelf().stream = std::move(stream); }

int PoolDepth() { return GetSelf().depth; }

}  // namespace internal

std::optional<int64_t> WorkerNumber() { return internal::GetSelf().number; }

}  // namespace isoproc
