// Shared memory is a section backed by the paging file, with a name or without.
#ifndef ISOPROC_WIN32_MEMORY_H_
#define ISOPROC_WIN32_MEMORY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/handle.h"
#include "platform/port/memory.h"

namespace isoproc::port::win32 {

absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size);
absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle);
absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name, uint64_t size);
absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                          SegmentAccess access);
absl::Status UnlinkSegment(const std::string& name);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_MEMORY_H_
