// The pool's end of one worker.
#ifndef ISOPROC_PLATFORM_CORE_POOL_WORKER_LINK_H_
#define ISOPROC_PLATFORM_CORE_POOL_WORKER_LINK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/exit_status.h"
#include "platform/core/child.h"
#include "platform/core/pool/desk.h"
#include "platform/core/pool/messages.h"
#include "platform/core/pool/scheduler.h"
#include "platform/core/shared/shared_block.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Thread safety: one thread at a time. But while one is in Read, another may do all else, but for
// asking whether blocks are kept, or the worker is silent or lost; and while one is in Prepare,
// another may use what says something of the desk. The destructor lets go of a worker that is dead.
class WorkerLink {
 public:
  // `has_arena`: the worker has that of the family.
  WorkerLink(std::shared_ptr<Child> child, std::unique_ptr<port::Stream> stream,
             std::shared_ptr<SharedBlock> desk, bool has_arena)
      : child_(std::move(child)),
        stream_(std::move(stream)),
        desk_(std::move(desk)),
        reader_(*stream_, 1),
        writer_(*stream_, {.pid = child_->pid()}),
        has_arena_(has_arena) {}

  int64_t pid() const { return child_->pid(); }

  // Sends what the worker needs for items, and those that are large. Meanwhile nothing is taken
  // from the desk, whatever the worker writes there.
  // Errors: none of the items will be given. As port::Segment::Share.
  absl::StatusOr<ChunkNote> Prepare(const SendItems& items);
  // Whether that takes no time: they are few bytes, and the worker knows their code.
  bool IsQuick(const SendItems& items) const;
  // What was prepared last: from now on the worker has it.
  void Give(const SendItems& items, const ChunkNote& chunk);
  // The worker has refused the items that were sent last. It may lack the block that they were in.
  void TakeBack() {
    given_ = ended_;
    writer_.blocks().Drop(kItemsPlace);
  }
  void Dismiss();
  // Writes what is still to be written, as far as there is room.
  void Flush();
  bool has_unsent() const { return !is_deaf_ && !writer_.empty(); }

  // The next message that is there.
  std::optional<PoolMessage> Read();

  // The worker rings from now on, or not, when there is something on the desk.
  void FallAsleep() { desk_.FallAsleep(); }
  void WakeUp() { desk_.WakeUp(); }
  // There is something on the desk that was not taken.
  bool has_news() const {
    return !desk_.is_broken() && (desk_.has_results() || (says_begun_ && begun_ < desk_.begun()));
  }
  // The next result that is on the desk, if the worker has items: what else lies there is made up.
  // One that came as a message is the next when there is none; then TakenFromStream is called.
  std::optional<DeskOfPool::Result> TakeFromDesk();
  void TakenFromStream(const PoolMessage& message) { Ended(message.flags); }
  // What was taken needs no room any more.
  void ClearDesk() { desk_.Clear(); }
  // Whether the worker has begun the item whose result is next. Once.
  bool TakeBegun();
  bool has_items() const { return ended_ < given_; }
  // There may be something on the desk of which the worker will not speak for a while: it does not
  // speak before each item of a chunk.
  bool needs_a_look() const {
    return chunk_ > 1 && has_items() && (ended_ + 1 < given_ || begun_ < given_);
  }
  bool desk_is_broken() const { return desk_.is_broken(); }
  // Nothing comes from it any more: it closed its stream, or broke it.
  bool is_silent() const { return is_silent_; }
  // It should be dead: nothing reaches it any more, or it is silent without being dismissed.
  bool is_lost() const { return is_deaf_ || (is_silent_ && !is_dismissed_); }
  // When the pool's patience ends with one that is lost, or was killed.
  absl::Duration kill_at = absl::InfiniteDuration();

  // Neither side keeps a block any more. Requires: the worker has no items.
  void LetGoOfBlocks();
  bool keeps_blocks() const { return keeps_blocks_ && !is_deaf_; }
  // When an item of its ended last.
  absl::Duration ended_at = -absl::InfiniteDuration();

  // With the processes that it started. Errors: it may live.
  absl::Status Kill();
  // How it ended. Errors: DeadlineExceeded: it lives.
  absl::StatusOr<ExitStatus> Status();

  port::Waitable& stream() { return *stream_; }
  // What becomes ready when the process has ended.
  absl::StatusOr<std::shared_ptr<port::Waitable>> notice() { return child_->PortWaitable(); }

 private:
  // One is enough: a worker has one chunk at a time, and is done with the last one.
  static constexpr uint32_t kItemsPlace = 0;

  // Gives its number.
  absl::StatusOr<uint64_t> SendCode(const std::shared_ptr<const TaskCode>& code);
  absl::Status SendArena();
  absl::Status PutLargeItems(ChunkNote& chunk, absl::FunctionRef<void(std::byte* into)> write);
  void Ring();
  // The next item, with these flags of its result.
  void Ended(uint32_t flags) {
    ++ended_;
    if ((flags & PoolMessage::kIsFull) != 0) given_ = ended_;
  }
  // What a message has in a block.
  void KeepOrCopy(PoolMessage& message);

  const std::shared_ptr<Child> child_;
  const std::unique_ptr<port::Stream> stream_;
  DeskOfPool desk_;
  PoolReader reader_;
  PoolWriter writer_;
  bool has_arena_;
  uint64_t given_ = 0;  // items, in all, but for those which the worker gave back
  uint64_t chunk_ = 0;  // of these, given last
  uint64_t ended_ = 0;
  uint64_t begun_ = 0;  // as far as seen
  uint64_t told_ = 0;   // of these, up to the one that TakeBegun spoke of
  // What the worker knows, by its number there.
  std::map<uint64_t, std::weak_ptr<const TaskCode>> codes_;
  std::weak_ptr<const TaskCode> code_;  // of the items that were sent last
  uint64_t code_number_ = 0;
  uint64_t last_code_ = 0;
  bool says_begun_ = false;  // of these items
  bool keeps_blocks_ = false;
  bool is_deaf_ = false;
  bool is_silent_ = false;
  bool is_dismissed_ = false;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_WORKER_LINK_H_
