#include "platform/port/peak_memory.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "posix/linux/stat.h"

namespace isoproc::port {

absl::StatusOr<uint64_t> PeakMemory() {
  // Not getrusage: that begins with what the parent had, for a program that was just started.
  const absl::StatusOr<std::string> status = posix::os::ReadSmallFile("/proc/self/status");
  constexpr absl::string_view kField = "\nVmHWM:";
  const absl::string_view text = status.ok() ? absl::string_view(*status) : absl::string_view();
  const size_t field = text.find(kField);
  if (field != absl::string_view::npos) {
    const absl::string_view rest = text.substr(field + kField.size());
    uint64_t kibibytes = 0;
    if (absl::SimpleAtoi(rest.substr(0, rest.find(" kB\n")), &kibibytes)) return kibibytes << 10;
  }
  return absl::UnavailableError("/proc does not tell how much memory the process has had");
}

}  // namespace isoproc::port
