// Park and unpark: each parker is an event with a name that only its cell tells.
#ifndef ISOPROC_WIN32_SYNC_H_
#define ISOPROC_WIN32_SYNC_H_

#include <memory>

#include "absl/status/statusor.h"
#include "platform/port/sync.h"

namespace isoproc::port::win32 {

absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell);
void Unpark(ParkerCell& cell);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_SYNC_H_
