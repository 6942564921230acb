#include "platform/core/pool/worker.h"

#include <algorithm>
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
#include "platform/core/connection/moving_end.h"
#include "platform/core/known_process.h"
#include "platform/core/pool/blocks.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/items.h"
#include "platform/core/pool/messages.h"
#include "platform/core/runtime.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/shared_block.h"
#include "platform/core/shared/spin.h"
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
// The time is asked for after so many items, at most, that took next to no time.
constexpr int kMostUntimed = 64;
constexpr absl::Duration kNextToNothing = absl::Microseconds(100);

// Set before the worker's first user code, and constant then.
struct Self {
  std::optional<int64_t> number;
  int depth = 0;
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
  Worker(WorkerOrders orders, const Delivery& delivery)
      : orders_(std::move(orders)),
        blocks_(delivery.blocks),
        desk_(blocks_.back()),
        stream_(delivery.ends.back()->Take()),
        reader_(*stream_, (std::numeric_limits<uint32_t>::max)()),
        writer_(*stream_, Runtime::Get().parent()->identity) {
    Runtime::Get().port().RunInForkedCopies([] { is_forked_copy = true; });
  }

  // Returns when the pool wants no more of it, or is gone.
  void Run() {
    if (!Initialize() || !Say(PoolMessage::Kind::kReady)) return;
    while (true) {
      if (desk_.has_chunk() || Spin()) {
        if (!RunChunk()) return;
      } else if (desk_.FallAsleep()) {
        const absl::Duration begin = Runtime::Get().port().Now();
        const bool goes_on = Obey(reader_.Read(port::Deadline::Never()));
        desk_.WakeUp();
        if (!goes_on) return;
        spin_.Learn(Runtime::Get().port().Now() - begin < absl::Nanoseconds(SpinTime::kLongest));
      }
    }
  }

 private:
  // Whether a chunk came soon.
  bool Spin() {
    if (processors_ < 2) return false;
    const bool found = spin_.Look(Runtime::Get().port(), [this] { return desk_.has_chunk(); });
    if (found) spin_.Learn(true);
    return found;
  }

  // False: it was the last one.
  bool Obey(absl::StatusOr<PoolMessage> message) {
    if (!message.ok()) return false;
    switch (message->kind) {
      case PoolMessage::Kind::kArena:
        if (!message->handles.empty()) InheritArena(std::move(message->handles.front()));
        return true;
      case PoolMessage::Kind::kCode:
        Learn(*std::move(message));
        return true;
      case PoolMessage::Kind::kForget:
        codes_.erase(ReadForget(*message));
        return true;
      case PoolMessage::Kind::kLuggage:
        luggage_ = message->lost.ok() ? Open(std::move(message->handles)) : message->lost;
        return true;
      case PoolMessage::Kind::kItems:
        items_ = std::move(message->bytes);
        return true;
      case PoolMessage::Kind::kLetGo:
        reader_.LetGo();
        writer_.blocks() = BlockShelf();
        return true;
      case PoolMessage::Kind::kBlock:
      case PoolMessage::Kind::kLook:
        return true;
      case PoolMessage::Kind::kDismiss:
        CallExitHook();
        return false;
      default:
        return false;
    }
  }

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
    absl::StatusOr<SharedBlocks> blocks = Open(std::move(code.handles));
    if (!blocks.ok()) return blocks.status();
    Delivery delivery;
    delivery.blocks = *std::move(blocks);
    const std::string object = std::move(code.said.object);
    // Named by the pool as a task, and found by that name: it is one.
    return static_cast<const TaskTarget*>(*target)->bind_task()(
        absl::MakeConstSpan(reinterpret_cast<const std::byte*>(object.data()), object.size()),
        delivery);
  }

  static absl::Status CallTask(Code& code, const ItemsReader::Item& item, std::string& result) {
    if (!code.function.has_value()) code.function = Bind(code);
    if (!code.function->ok()) return code.function->status();
    return (**code.function)(item.arguments, item.delivery, result);
  }

  // Where the items of a chunk are.
  absl::StatusOr<absl::Span<const std::byte>> Find(const ChunkNote& chunk) {
    switch (chunk.place) {
      case ChunkNote::Place::kDesk:
        return desk_.items(chunk.size);
      case ChunkNote::Place::kStream:
        return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(items_.data()),
                                   items_.size());
      case ChunkNote::Place::kBlock:
        break;
    }
    absl::StatusOr<std::shared_ptr<SharedBlock>> block = reader_.Block(chunk.block);
    if (!block.ok()) return block.status();
    block_ = *std::move(block);
    return block_->bytes().subspan(0, static_cast<size_t>(chunk.size));
  }

  absl::StatusOr<ItemsReader> ReadItems(const ChunkNote& chunk) {
    absl::StatusOr<SharedBlocks> luggage = std::exchange(luggage_, SharedBlocks());
    if (!luggage.ok()) return luggage.status();
    const absl::StatusOr<absl::Span<const std::byte>> bytes = Find(chunk);
    if (!bytes.ok()) return bytes.status();
    return ItemsReader::Read(*bytes, *std::move(luggage));
  }

  // False when the pool is gone.
  bool RunChunk() {
    const ChunkNote chunk = desk_.TakeChunk();
    while (reader_.messages() < chunk.messages) {
      if (!Obey(reader_.Read(port::Deadline::Never()))) return false;
    }
    absl::StatusOr<ItemsReader> items = ReadItems(chunk);
    const bool goes_on = items.ok()
                             ? RunItems(*items, (chunk.flags & ChunkNote::kSaysBegun) != 0)
                             : SayFailure(PoolMessage::Kind::kRefused, ToFailure(items.status()));
    items_ = std::string();
    block_ = nullptr;
    return goes_on;
  }

  // False when the pool is gone.
  bool RunItems(ItemsReader& items, bool says_begun) {
    const auto code = codes_.find(items.code());
    if (items.left() > 1) rung_at_ = timed_at_ = Runtime::Get().port().Now();
    untimed_ = 0;
    untimed_most_ = 1;
    while (items.left() > 0) {
      const ItemsReader::Item item = items.Next();
      desk_.Begin();
      if (says_begun && desk_.MustRing() && !Say(PoolMessage::Kind::kLook)) return false;
      absl::Status status;
      std::optional<TaskFailure> failure;
      if (code == codes_.end()) {
        status = absl::NotFoundError("the worker lacks the task");
      } else {
        failure = Guard([&] { status = CallTask(code->second, item, result_); });
      }
      if (!failure.has_value() && !status.ok()) failure = ToFailure(status);
      const bool is_full = IsFull();
      const uint32_t flags =
          (failure.has_value() ? PoolMessage::kFailed : 0) | (is_full ? PoolMessage::kIsFull : 0);
      const bool is_last = is_full || items.left() == 0;
      if (failure.has_value()) result_ = Encode(*failure).value_or(std::string());
      if (!Give(flags, is_last)) return false;
      if (is_last) break;
    }
    // One that was large would be kept as long as there is none that is larger.
    if (result_.capacity() > kInlineResult) result_ = std::string();
    return true;
  }

  // The result of the item that was begun last. False when the pool is gone.
  bool Give(uint32_t flags, bool is_last) {
    if (!desk_.Put(flags, result_)) return Send(flags);
    if (!is_last && !IsTimeToRing()) return true;
    return !desk_.MustRing() || Say(PoolMessage::Kind::kLook);
  }

  bool IsTimeToRing() {
    if (++untimed_ < untimed_most_) return false;
    untimed_ = 0;
    const absl::Duration now = Runtime::Get().port().Now();
    const bool is_quick = now < std::exchange(timed_at_, now) + kNextToNothing;
    untimed_most_ = is_quick ? (std::min)(2 * untimed_most_, kMostUntimed) : 1;
    if (now < rung_at_ + kSilence) return false;
    rung_at_ = now;
    return true;
  }

  // A result for which the desk has no room.
  bool Send(uint32_t flags) {
    PoolMessage message;
    message.kind = PoolMessage::Kind::kResult;
    message.flags = flags;
    const auto is_free = [this](uint32_t place) {
      if (desk_.IsLost(place)) writer_.blocks().Drop(place);
      return desk_.has_block(place);
    };
    const absl::StatusOr<uint32_t> place =
        writer_.PutLarge(std::move(message), result_.size(), kInlineResult, is_free,
                         [this](std::byte* into) { CopyBytes(into, result_); });
    if (place.ok()) {
      if (*place != BlockShelf::kOnce) desk_.LendBlock(*place);
      return writer_.Flush(port::Deadline::Never()).ok();
    }
    result_ = Encode(ToFailure(place.status())).value_or(std::string());
    return Send(flags | PoolMessage::kFailed);
  }

  bool IsFull() const {
    if (orders_.max_memory == 0) return false;
    const uint64_t peak = port::PeakMemory().value_or(0);
    return peak > orders_.max_memory && peak > peak_at_start_;
  }

  bool Say(PoolMessage::Kind kind) {
    writer_.Put(kind);
    return writer_.Flush(port::Deadline::Never()).ok();
  }
  bool SayFailure(PoolMessage::Kind kind, const TaskFailure& failure) {
    PoolMessage message;
    message.kind = kind;
    message.bytes = Encode(failure).value_or(std::string());
    return writer_.Put(std::move(message)).ok() && writer_.Flush(port::Deadline::Never()).ok();
  }

  const WorkerOrders orders_;
  SharedBlocks blocks_;
  DeskOfWorker desk_;
  const std::shared_ptr<port::Stream> stream_;
  PoolReader reader_;
  PoolWriter writer_;
  Call exit_hook_;
  std::map<uint64_t, Code> codes_;  // in the order in which they came, from 1 on
  uint64_t last_code_ = 0;
  // Some systems begin with the peak of the process that started this one.
  const uint64_t peak_at_start_ = orders_.max_memory == 0 ? 0 : port::PeakMemory().value_or(0);

  const int processors_ = Runtime::Get().port().UsableCpuCount();
  SpinTime spin_;
  // Of the chunk.
  absl::StatusOr<SharedBlocks> luggage_ = SharedBlocks();
  std::string items_;                   // if they came through the stream
  std::shared_ptr<SharedBlock> block_;  // if they are in one
  std::string result_;
  absl::Duration rung_at_;  // when the pool was to hear of results
  absl::Duration timed_at_;
  int untimed_ = 0;  // items, since then
  int untimed_most_ = 1;
};

absl::StatusOr<Call> BindWorker(absl::Span<const std::byte> bytes, const Delivery& delivery) {
  absl::StatusOr<WorkerOrders> orders = Decode<WorkerOrders>(bytes);
  if (!orders.ok()) return orders.status();
  Self& self = GetSelf();
  self.number = orders->number;
  self.depth = orders->depth;
  if (delivery.blocks.empty() || delivery.ends.empty()) {
    return absl::DataLossError("a worker without a desk or a stream");
  }
  auto worker = std::make_unique<Worker>(*std::move(orders), delivery);
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

int PoolDepth() { return GetSelf().depth; }

}  // namespace internal

std::optional<int64_t> WorkerNumber() { return internal::GetSelf().number; }

}  // namespace isoproc
