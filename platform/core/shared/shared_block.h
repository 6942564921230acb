// Memory of its own, for what is too large for the arena. The system frees it with the last process
// that has it.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_SHARED_BLOCK_H_
#define ISOPROC_PLATFORM_CORE_SHARED_SHARED_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Thread safety: any thread; the bytes are the users' to order.
class SharedBlock {
 public:
  // Errors: as port::Port::CreateSegment.
  static absl::StatusOr<std::shared_ptr<SharedBlock>> Create(uint64_t size);
  // Errors: as port::Port::MapSegment.
  static absl::StatusOr<std::shared_ptr<SharedBlock>> Open(port::Handle handle);

  absl::Span<std::byte> bytes() { return segment_->data(); }
  absl::StatusOr<port::Handle> Share() const { return segment_->Share(); }

 private:
  explicit SharedBlock(std::unique_ptr<port::Segment> segment) : segment_(std::move(segment)) {}
  static absl::StatusOr<std::shared_ptr<SharedBlock>> Of(
      absl::StatusOr<std::unique_ptr<port::Segment>> segment);

  const std::unique_ptr<port::Segment> segment_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_SHARED_BLOCK_H_
