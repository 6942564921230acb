// What the machine and the program are. See "the system" in platform/port/port.h.
#ifndef ISOPROC_WIN32_SYSTEM_H_
#define ISOPROC_WIN32_SYSTEM_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace isoproc::port::win32 {

absl::Duration Now();
void RandomBytes(absl::Span<std::byte> into);
int CpuCount();
int UsableCpuCount();
std::vector<std::string> ProgramArguments(int argc, char** argv);
absl::StatusOr<std::string> ProgramPath();
absl::StatusOr<std::string> FileIdentity(const std::string& path);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_SYSTEM_H_
