#include "isoproc/wait.h"

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/runtime.h"
#include "platform/core/wait_source.h"
#include "platform/port/port.h"

namespace isoproc {

absl::StatusOr<std::vector<size_t>> Wait(absl::Span<const Waitable> objects,
                                         absl::Duration timeout) {
  std::vector<port::Waitable*> waitables;
  waitables.reserve(objects.size());
  for (const Waitable& object : objects) {
    const absl::StatusOr<port::Waitable*> waitable = object.source_->PortWaitable();
    if (!waitable.ok()) return waitable.status();
    waitables.push_back(*waitable);
  }
  internal::Runtime& runtime = internal::Runtime::Get();
  return runtime.port().WaitAny(waitables, runtime.DeadlineAfter(timeout));
}

}  // namespace isoproc
