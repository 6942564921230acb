// Shared memory segments.
#ifndef ISOPROC_POSIX_MEMORY_H_
#define ISOPROC_POSIX_MEMORY_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "platform/port/handle.h"
#include "platform/port/memory.h"

namespace isoproc::port::posix {

// See the functions of the same names of port::Port.
absl::StatusOr<std::unique_ptr<Segment>> CreateSegment(uint64_t size);
absl::StatusOr<std::unique_ptr<Segment>> MapSegment(Handle handle);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_MEMORY_H_
