// The list of all processes, for those that may not be opened.
#ifndef ISOPROC_WIN32_PROCESS_TABLE_H_
#define ISOPROC_WIN32_PROCESS_TABLE_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

namespace isoproc::port::win32 {

// When the process with the id `pid` began, as a FILETIME; nullopt if there is none.
absl::StatusOr<std::optional<uint64_t>> BirthOfAnyProcess(uint32_t pid);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_PROCESS_TABLE_H_
