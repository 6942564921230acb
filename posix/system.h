// Time, randomness, processors and files.
#ifndef ISOPROC_POSIX_SYSTEM_H_
#define ISOPROC_POSIX_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace isoproc::port::posix {

// See the functions of the same names of port::Port.
void RandomBytes(absl::Span<std::byte> into);
int CpuCount();
int UsableCpuCount();
int64_t ProcessId();  // no call of the system but the first, as the hot paths ask [LIVE-06]
absl::StatusOr<std::string> FileIdentity(const std::string& path);

// See Port::EndFamily.
[[noreturn]] void EndFamily();

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_SYSTEM_H_
