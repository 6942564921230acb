// How much memory the calling process has had. A part of the contract of a port, port.h, and as
// HostPort() defined by its library.
#ifndef ISOPROC_PLATFORM_PORT_PEAK_MEMORY_H_
#define ISOPROC_PLATFORM_PORT_PEAK_MEMORY_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace isoproc::port {

// The most of the machine's memory that the process has ever had, in bytes, what it shares with
// others included: never less than now, and never less than before.                     [SYS-06]
// Thread safety: any thread.
// Errors:    Unavailable: the system does not tell.
absl::StatusOr<uint64_t> PeakMemory();

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_PEAK_MEMORY_H_
