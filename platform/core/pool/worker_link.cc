#include "platform/core/pool/worker_link.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/exit_status.h"
#include "isoproc/internal/task.h"
#include "platform/base/termination.h"
#include "platform/core/child.h"
#include "platform/core/pool/blocks.h"
#include "platform/core/pool/desk.h"
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

// Without asking whether it lives.
bool IsSame(const std::shared_ptr<const TaskCode>& one,
            const std::weak_ptr<const TaskCode>& other) {
  return !one.owner_before(other) && !other.owner_before(one);
}

}  // namespace

bool WorkerLink::IsQuick(const SendItems& items) const {
  const auto is_plain = [](const Slice& slice) { return slice.batch->luggage.empty(); };
  const auto is_its_code = [&](const auto& entry) { return IsSame(items.code, entry.second); };
  return (IsSame(items.code, code_) || std::any_of(codes_.begin(), codes_.end(), is_its_code)) &&
         std::all_of(items.items.begin(), items.items.end(), is_plain) &&
         SizeOfItems(items) <= kMostOnDesk;
}

absl::StatusOr<ChunkNote> WorkerLink::Prepare(const SendItems& items) {
  bool needs_arena = !items.code->object.luggage.kept.empty();
  for (const Slice& slice : items.items) needs_arena |= !slice.batch->luggage.kept.empty();
  if (needs_arena && !has_arena_) {
    const absl::Status sent = SendArena();
    if (!sent.ok()) return sent;
  }
  const absl::StatusOr<uint64_t> code = SendCode(items.code);
  if (!code.ok()) return code.status();

  ChunkNote chunk = {};
  chunk.size = SizeOfItems(items);
  chunk.flags = items.says_begun ? ChunkNote::kSaysBegun : 0;
  absl::Status put;
  if (chunk.size > kMostOnDesk) {
    put = PutLargeItems(chunk, [&](std::byte* into) { WriteItems(*code, items, into); });
  }
  // At last: other items would take it for theirs.
  if (put.ok()) put = PutLuggage(writer_, items);
  if (!put.ok()) return put;
  chunk.messages = writer_.messages();
  Flush();
  return chunk;
}

void WorkerLink::Give(const SendItems& items, const ChunkNote& chunk) {
  says_begun_ = items.says_begun;
  chunk_ = items.count;
  given_ += items.count;
  const auto write = [&](std::byte* into) { WriteItems(code_number_, items, into); };
  if (desk_.Give(chunk, write)) Ring();
}

absl::Status WorkerLink::PutLargeItems(ChunkNote& chunk,
                                       absl::FunctionRef<void(std::byte*)> write) {
  const auto is_free = [](uint32_t place) { return place == kItemsPlace; };
  const absl::StatusOr<BlockShelf::Loan> loan = writer_.PutBlock(chunk.size, is_free);
  if (!loan.ok()) return loan.status();
  if (loan->block != nullptr) {
    write(loan->block->bytes().data());
    chunk.place = ChunkNote::Place::kBlock;
    chunk.block = loan->place;
    keeps_blocks_ = true;
    return absl::OkStatus();
  }
  chunk.place = ChunkNote::Place::kStream;
  PoolMessage message;
  message.kind = PoolMessage::Kind::kItems;
  return writer_.PutInline(std::move(message), chunk.size, write);
}

void WorkerLink::Ring() {
  writer_.Put(PoolMessage::Kind::kLook);
  Flush();
}

absl::StatusOr<uint64_t> WorkerLink::SendCode(const std::shared_ptr<const TaskCode>& code) {
  if (IsSame(code, code_)) return code_number_;
  std::optional<uint64_t> known;
  for (auto entry = codes_.begin(); entry != codes_.end();) {
    const std::shared_ptr<const TaskCode> other = entry->second.lock();
    if (other == nullptr) {
      // No item can name it any more.
      const absl::Status put = PutForget(writer_, entry->first);
      if (!put.ok()) return put;
      entry = codes_.erase(entry);
      continue;
    }
    if (other == code) known = entry->first;
    ++entry;
  }
  if (!known.has_value()) {
    const absl::Status put =
        PutCode(writer_, {NameOf(*code->target), code->object.bytes}, code->object.luggage.blocks);
    if (!put.ok()) return put;
    known = ++last_code_;
    codes_[*known] = code;
  }
  code_ = code;
  code_number_ = *known;
  return code_number_;
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
  writer_.Put(PoolMessage::Kind::kDismiss);
  Flush();
}

void WorkerLink::LetGoOfBlocks() {
  writer_.Put(PoolMessage::Kind::kLetGo);
  writer_.blocks() = BlockShelf();
  reader_.LetGo();
  keeps_blocks_ = false;
  Flush();
}

void WorkerLink::Flush() {
  const absl::Status flushed = writer_.Flush(Now());
  if (!flushed.ok() && !absl::IsDeadlineExceeded(flushed)) is_deaf_ = true;
}

std::optional<PoolMessage> WorkerLink::Read() {
  if (is_silent_) return std::nullopt;
  absl::StatusOr<PoolMessage> message = reader_.Read(Now());
  if (message.ok()) {
    if (message->block != nullptr) KeepOrCopy(*message);
    if (!message->lost.ok() && message->place != BlockShelf::kOnce) desk_.LoseBlock(message->place);
    return *std::move(message);
  }
  if (!absl::IsDeadlineExceeded(message.status())) is_silent_ = true;
  return std::nullopt;
}

void WorkerLink::KeepOrCopy(PoolMessage& message) {
  const bool is_kept = message.place != BlockShelf::kOnce;
  if (is_kept) keeps_blocks_ = true;
  if (message.size <= kMostCopied) {
    const absl::Span<const std::byte> payload = message.payload();
    message.bytes.assign(reinterpret_cast<const char*>(payload.data()), payload.size());
    message.block = nullptr;
    if (is_kept) desk_.ReturnBlock(message.place);
  } else if (is_kept) {
    message.block = desk_.ReturnedLater(message.place, std::move(message.block));
  }
}

std::optional<DeskOfPool::Result> WorkerLink::TakeFromDesk() {
  if (!has_items()) return std::nullopt;
  std::optional<DeskOfPool::Result> result = desk_.Take(ended_);
  if (result.has_value()) Ended(result->flags);
  return result;
}

bool WorkerLink::TakeBegun() {
  begun_ = desk_.begun();
  // The item whose result is next, which need not be the last one that was begun.
  if (begun_ <= ended_ || told_ > ended_) return false;
  told_ = ended_ + 1;
  return true;
}

absl::Status WorkerLink::Kill() { return child_->KillTree(port::kSigKill); }

absl::StatusOr<ExitStatus> WorkerLink::Status() { return child_->Join(absl::ZeroDuration()); }

}  // namespace isoproc::internal
