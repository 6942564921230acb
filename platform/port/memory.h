// Memory that several processes share.
#ifndef ISOPROC_PLATFORM_PORT_MEMORY_H_
#define ISOPROC_PLATFORM_PORT_MEMORY_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/handle.h"

namespace isoproc::port {

// What the holder of a segment may do with its bytes.
enum class SegmentAccess { kReadWrite, kReadOnly };

// A mapped segment of shared memory. It lives until its last mapping and handle, in whatever
// process, is gone, also when those processes are killed.                               [MEM-01]
// The destructor unmaps it.
//
// A segment may have a name, by which processes of the same user find it. The name lives as long
// as the segment, unless it is unlinked before: then the segment lives on without it, and the name
// is free.                                                                     [MEM-06, MEM-07]
// Thread safety: data() and view() from any thread; access to the bytes is the users' to order.
class Segment {
 public:
  virtual ~Segment() = default;

  // The bytes: page-aligned, as many as asked for, all zero at creation.                [MEM-02]
  // The address differs between processes. Valid as long as this object. None in a segment that was
  // opened with kReadOnly: to write there would end the process.                        [MEM-08]
  virtual absl::Span<std::byte> data() = 0;
  // The same bytes, which every holder may read.
  virtual absl::Span<const std::byte> view() const = 0;

  // A new handle to the same memory, to be sent to another process and given to
  // Port::MapSegment there, with the access that this object has.
  // Errors: ResourceExhausted.
  virtual absl::StatusOr<Handle> Share() const = 0;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_MEMORY_H_
