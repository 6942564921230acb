#include "platform/core/pool/worker_link.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/exit_status.h"
#include "isoproc/internal/task.h"
#include "platform/base/termination.h"
#include "platform/core/child.h"
#include "platform/core/pool/items.h"
#include "platform/core/pool/messages.h"
#include "platform/core/shared/family.h"
#include "platform/core/target_registry.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// A result that is not larger is copied out of its block. The block would keep a handle for as long
// as the result is kept, and a process has few.
constexpr uint64_t kMostCopied = uint64_t{1} << 20;

port::Deadline Now() { return port::Deadline::At(absl::ZeroDuration()); }

}  // namespace

absl::Status WorkerLink::Send(const SendItems& items) {
  bool needs_arena = !items.code->object.luggage.kept.empty();
  for (const auto& item : items.items) needs_arena |= !item->luggage.kept.empty();
  if (needs_arena && !has_arena_) {
    const absl::Status sent = SendArena();
    if (!sent.ok()) return sent;
  }
  const absl::StatusOr<uint64_t> code = SendCode(items.code);
  if (!code.ok()) return code.status();
  absl::StatusOr<PoolMessage> message = WriteItems(*code, items.items);
  if (!message.ok()) return message.status();
  if (items.says_begun) message->flags = PoolMessage::kSaysBegun;
  const absl::Status put = writer_.Put(*std::move(message));
  if (!put.ok()) return put;
  chunk_ = items.items.size();
  given_ += chunk_;
  return put;
}

absl::StatusOr<uint64_t> WorkerLink::SendCode(const std::shared_ptr<const TaskCode>& code) {
  std::optional<uint64_t> known;
  for (auto entry = codes_.begin(); entry != codes_.end();) {
    const std::shared_ptr<const TaskCode> other = entry->second.lock();
    if (other == nullptr) {
      // No item can name it any more.
      const absl::Status put = writer_.Put(WriteForget(entry->first));
      if (!put.ok()) return put;
      entry = codes_.erase(entry);
      continue;
    }
    if (other == code) known = entry->first;
    ++entry;
  }
  if (known.has_value()) return *known;
  absl::StatusOr<PoolMessage> message =
      WriteCode({NameOf(*code->target), code->object.bytes}, code->object.luggage.blocks);
  if (!message.ok()) return message.status();
  const absl::Status put = writer_.Put(*std::move(message));
  if (!put.ok()) return put;
  codes_[++last_code_] = code;
  return last_code_;
}

absl::Status WorkerLink::SendArena() {
  absl::StatusOr<std::optional<port::Handle>> arena = ArenaForChild();
  if (!arena.ok()) return arena.status();
  if (!arena->has_value()) return absl::OkStatus();
  PoolMessage message;
  message.kind = PoolMessage::Kind::kArena;
  message.handles.push_back(**std::move(arena));
  const absl::Status put = writer_.Put(std::move(message));
  if (put.ok()) has_arena_ = true;
  return put;
}

void WorkerLink::Dismiss() {
  is_dismissed_ = true;
  PoolMessage message;
  message.kind = PoolMessage::Kind::kDismiss;
  writer_.Put(std::move(message)).IgnoreError();  // it has no handles, which alone could fail
}

void WorkerLink::Flush() {
  const absl::Status flushed = writer_.Flush(Now());
  if (!flushed.ok() && !absl::IsDeadlineExceeded(flushed)) is_deaf_ = true;
}

std::optional<PoolMessage> WorkerLink::Read() {
  if (is_silent_) return std::nullopt;
  absl::StatusOr<PoolMessage> message = reader_.Read(Now());
  if (message.ok()) {
    if (message->block != nullptr && message->size <= kMostCopied) {
      const absl::Span<const std::byte> payload = message->payload();
      message->bytes.assign(reinterpret_cast<const char*>(payload.data()), payload.size());
      message->block = nullptr;
    }
    return *std::move(message);
  }
  if (!absl::IsDeadlineExceeded(message.status())) is_silent_ = true;
  return std::nullopt;
}

std::optional<PoolMessage> WorkerLink::TakeFromDesk() {
  std::optional<DeskReader::Result> result = desk_.Take(ended_);
  if (!result.has_value()) {
    seen_begun_ = desk_.begun();
    return std::nullopt;
  }
  ++ended_;
  PoolMessage message;
  message.kind = PoolMessage::Kind::kResult;
  message.flags = result->flags;
  message.bytes = std::move(result->bytes);
  message.size = message.bytes.size();
  return message;
}

absl::Status WorkerLink::Kill() { return child_->KillTree(port::kSigKill); }

absl::StatusOr<ExitStatus> WorkerLink::Status() { return child_->Join(absl::ZeroDuration()); }

}  // namespace isoproc::internal
