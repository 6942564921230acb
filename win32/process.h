// Children of this process.
#ifndef ISOPROC_WIN32_PROCESS_H_
#define ISOPROC_WIN32_PROCESS_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "win32/job.h"
#include "win32/unique_handle.h"

namespace isoproc::port::win32 {

// See Port::Spawn.
absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const SpawnRequest& request);

// The child with the process id `pid`; `process` allows all, and `job` is its family.
std::unique_ptr<ChildProcess> MakeChild(uint32_t pid, UniqueHandle process, Job job);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_PROCESS_H_
