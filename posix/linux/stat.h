// What /proc says of a process.
#ifndef ISOPROC_POSIX_LINUX_STAT_H_
#define ISOPROC_POSIX_LINUX_STAT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace isoproc::port::posix::os {

struct ProcessStat {
  char state = '?';
  int64_t threads = 0;
  uint64_t start_time = 0;  // clock ticks since boot
};

// Parses the text of /proc/<pid>/stat; nullopt if it is none.
std::optional<ProcessStat> ParseStat(std::string_view text);

// Reads a small file whole. The text of files in /proc is of one moment only if it is read at once.
absl::StatusOr<std::string> ReadSmallFile(const char* path);

}  // namespace isoproc::port::posix::os

#endif  // ISOPROC_POSIX_LINUX_STAT_H_
