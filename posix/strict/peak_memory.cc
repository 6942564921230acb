#include "platform/port/peak_memory.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "posix/errors.h"

namespace isoproc::port {

absl::StatusOr<uint64_t> PeakMemory() {
  struct rusage usage;
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return posix::PosixError(errno, "getrusage");
  if (usage.ru_maxrss <= 0) return absl::UnavailableError("getrusage does not tell ru_maxrss");
    // POSIX does not say in what.
#if defined(__APPLE__)
  constexpr uint64_t kUnit = 1;
#else
  constexpr uint64_t kUnit = 1024;
#endif
  return static_cast<uint64_t>(usage.ru_maxrss) * kUnit;
}

}  // namespace isoproc::port
