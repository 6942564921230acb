// Shared memory segments.
#ifndef ISOPROC_POSIX_MEMORY_H_
#define ISOPROC_POSIX_MEMORY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "platform/port/handle.h"
#include "platform/port/memory.h"

namespace isoproc::port::posix {

// See the functions of the same names of port::Port.
absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size);
absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle);
absl::StatusOr<std::unique_ptr<Segment>> CreateNamedSegment(const std::string& name, uint64_t size);
absl::StatusOr<std::unique_ptr<Segment>> OpenNamedSegment(const std::string& name,
                                                          SegmentAccess access);

// Whether an error of mmap says that the descriptor is not one of memory.
bool CannotBeMapped(int error);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_MEMORY_H_
