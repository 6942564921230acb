#include "posix/linux/stat.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix::os {

std::optional<ProcessStat> ParseStat(std::string_view text) {
  // The second field is the program's name in parentheses, and may hold spaces and parentheses.
  const size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string_view::npos || end_of_name + 2 > text.size()) return std::nullopt;
  const std::string_view rest = text.substr(end_of_name + 2);
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(rest.data(), rest.size()), ' ');
  // Numbered from 1 in proc(5), the first of `fields` being number 3.
  constexpr size_t kState = 3 - 3;
  constexpr size_t kThreads = 20 - 3;
  constexpr size_t kStartTime = 22 - 3;
  ProcessStat stat;
  if (fields.size() <= kStartTime || fields[kState].size() != 1 ||
      !absl::SimpleAtoi(fields[kThreads], &stat.threads) ||
      !absl::SimpleAtoi(fields[kStartTime], &stat.start_time)) {
    return std::nullopt;
  }
  stat.state = fields[kState][0];
  return stat;
}

absl::StatusOr<std::string> ReadSmallFile(const char* path) {
  const Fd fd(RetryOnEintr([&] { return sys.open(path, O_RDONLY | O_CLOEXEC, 0); }));
  if (!fd) return PosixError(errno, "open");
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t count = RetryOnEintr([&] { return sys.read(fd.get(), buffer, sizeof(buffer)); });
    if (count < 0) return PosixError(errno, "read");
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace isoproc::port::posix::os
