// A queue between pretended processes.
#ifndef ISOPROC_PLATFORM_CORE_TESTS_SHARED_QUEUE_UNDER_TEST_H_
#define ISOPROC_PLATFORM_CORE_TESTS_SHARED_QUEUE_UNDER_TEST_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/queue_layout.h"
#include "platform/core/shared/shared_queue.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/support.h"

namespace isoproc::internal {

// The queue in one process.
class QueueEnd {
 public:
  QueueEnd(Arena& arena, const QueueView& view, uint64_t name)
      : arena_(arena), queue_(arena, view, name) {}

  absl::Status Put(const std::string& text, absl::Duration timeout = absl::InfiniteDuration()) {
    return queue_.Put(
        Me(arena_),
        absl::MakeConstSpan(reinterpret_cast<const std::byte*>(text.data()), text.size()), timeout);
  }
  absl::StatusOr<std::string> Get(absl::Duration timeout = absl::InfiniteDuration()) {
    SharedQueue::Taken taken;
    const absl::Status got = queue_.Get(Me(arena_), taken, timeout);
    if (!got.ok()) return got;
    return TextOf(taken.bytes());
  }
  // What Get gives, or the code why it gives nothing.
  std::string Show(absl::Duration timeout = absl::ZeroDuration());
  absl::StatusOr<SharedQueue::Lease> GetLease(absl::Duration timeout = absl::InfiniteDuration()) {
    return queue_.GetLease(Me(arena_), timeout);
  }
  SharedQueue& queue() { return queue_; }
  Stamp self() { return Me(arena_); }

  static std::string TextOf(absl::Span<const std::byte> bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

 private:
  Arena& arena_;
  SharedQueue queue_;
};

class QueueUnderTest {
 public:
  // Items of up to 112 bytes are kept in slots, larger ones in buffers.
  QueueUnderTest(PretendedProcess& maker, uint64_t capacity, uint64_t bytes);

  // The end of the process that `arena` is of, which holds the queue from then on.
  std::unique_ptr<QueueEnd> In(Arena& arena) const;
  const ObjectName& name() const { return name_; }
  // Of the message whose first unit this is.
  Atomic<uint64_t>& SizeOfBuffer(uint64_t unit) const;
  // Buffers and leases that are in use, whoever has them.
  std::string InUse() const;
  // Whether each buffer is a block, and the last block ends with the memory.
  bool BlocksAreRight() const;

 private:
  QueueShape shape_;
  ObjectName name_;
  absl::Span<std::byte> memory_;
};

// So large that it needs a buffer, and recognisable in each part.
std::string LargeText(int number);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_TESTS_SHARED_QUEUE_UNDER_TEST_H_
