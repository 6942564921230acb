// How tasks ended, on the way from the pool to whoever asked.
#ifndef ISOPROC_INTERNAL_TASK_RESULTS_H_
#define ISOPROC_INTERNAL_TASK_RESULTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace isoproc::internal {

class SharedBlock;

using JobId = uint64_t;  // one call of a pool; never used again

// How one task ended.
struct TaskOutcome {
  absl::Status status;
  // If OK, the encoded result: `bytes`, or the first `size` bytes of `block`.
  std::string bytes;
  std::shared_ptr<SharedBlock> block;
  uint64_t size = 0;

  absl::Span<const std::byte> value() const;
};

// Where the outcomes of a job go.
class TaskSink {
 public:
  virtual ~TaskSink() = default;
  // Called with each item once, of which several may come together: item `first` and those that
  // follow it. The outcomes may be moved from. The pool is locked: it must not be called, nor user
  // code.
  virtual void Resolve(uint64_t first, absl::Span<TaskOutcome> outcomes) = 0;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_TASK_RESULTS_H_
