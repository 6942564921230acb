// Memory of its own: SharedMemory, and what is too large for the arena. The system frees it with
// the last process that has it.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_SHARED_BLOCK_H_
#define ISOPROC_PLATFORM_CORE_SHARED_SHARED_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
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
  // Errors: as the functions of port::Port.
  static absl::StatusOr<std::shared_ptr<SharedBlock>> CreateNamed(const std::string& name,
                                                                  uint64_t size);
  static absl::StatusOr<std::shared_ptr<SharedBlock>> OpenNamed(const std::string& name,
                                                                port::SegmentAccess access);
  // Errors: as port::Port::MapSegment.
  static absl::StatusOr<std::shared_ptr<SharedBlock>> Open(port::Handle handle);

  // None if it may only be read.
  absl::Span<std::byte> bytes() { return segment_->data(); }
  absl::Span<const std::byte> view() const { return segment_->view(); }
  absl::StatusOr<port::Handle> Share() const { return segment_->Share(); }

 private:
  explicit SharedBlock(std::unique_ptr<port::Segment> segment) : segment_(std::move(segment)) {}
  static absl::StatusOr<std::shared_ptr<SharedBlock>> Of(
      absl::StatusOr<std::unique_ptr<port::Segment>> segment);

  const std::unique_ptr<port::Segment> segment_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_SHARED_BLOCK_H_
