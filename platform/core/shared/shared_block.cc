#include "platform/core/shared/shared_block.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/core/runtime.h"
#include "platform/port/port.h"

namespace isoproc::internal {

absl::StatusOr<std::shared_ptr<SharedBlock>> SharedBlock::Of(
    absl::StatusOr<std::unique_ptr<port::Segment>> segment) {
  if (!segment.ok()) return segment.status();
  return std::shared_ptr<SharedBlock>(new SharedBlock(*std::move(segment)));
}

absl::StatusOr<std::shared_ptr<SharedBlock>> SharedBlock::Create(uint64_t size) {
  return Of(Runtime::Get().port().CreateSegment(size));
}

absl::StatusOr<std::shared_ptr<SharedBlock>> SharedBlock::CreateNamed(const std::string& name,
                                                                      uint64_t size) {
  return Of(Runtime::Get().port().CreateNamedSegment(name, size));
}

absl::StatusOr<std::shared_ptr<SharedBlock>> SharedBlock::OpenNamed(const std::string& name,
                                                                    port::SegmentAccess access) {
  return Of(Runtime::Get().port().OpenNamedSegment(name, access));
}

absl::StatusOr<std::shared_ptr<SharedBlock>> SharedBlock::Open(port::Handle handle) {
  return Of(Runtime::Get().port().MapSegment(std::move(handle)));
}

}  // namespace isoproc::internal
