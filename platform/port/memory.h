// Memory that several processes share.
#ifndef ISOPROC_PLATFORM_PORT_MEMORY_H_
#define ISOPROC_PLATFORM_PORT_MEMORY_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/handle.h"

namespace isoproc::port {

// A mapped segment of shared memory. It has no name; it lives until its last mapping and handle, in
// whatever process, is gone, also when those processes are killed.                      [MEM-01]
// The destructor unmaps it.
// Thread safety: data() and size() from any thread; access to the bytes is the users' to order.
class Segment {
 public:
  virtual ~Segment() = default;

  // The bytes: page-aligned, as many as asked for, all zero at creation.                [MEM-02]
  // The address differs between processes. Valid as long as this object.
  virtual absl::Span<std::byte> data() = 0;

  // A new handle to the same memory, to be sent to another process and given to
  // Port::MapSegment there.
  // Errors: ResourceExhausted.
  virtual absl::StatusOr<Handle> Share() const = 0;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_MEMORY_H_
