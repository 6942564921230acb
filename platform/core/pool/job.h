// What one call of the pool submitted: its items, and what is known of those that are not resolved.
#ifndef ISOPROC_PLATFORM_CORE_POOL_JOB_H_
#define ISOPROC_PLATFORM_CORE_POOL_JOB_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/task_results.h"

namespace isoproc::internal {

struct TaskCode;

// All of one call.
struct JobRequest {
  std::shared_ptr<TaskSink> sink;
  std::shared_ptr<const TaskCode> code;
  Batches items;
  uint64_t chunk_size = 1;
  absl::Duration task_timeout = absl::InfiniteDuration();
  absl::Duration total_timeout = absl::InfiniteDuration();  // of all items, from Submit on
  int retries = 0;
  bool cancel_rest_on_error = false;
  bool more_to_come = false;  // Append may follow, until Finish
};

// How many items a worker gets at a time if nobody says so.
uint64_t DefaultChunkSize(uint64_t items, int processes);

// Items that follow each other in a batch.
struct Slice {
  std::shared_ptr<const Batch> batch;
  size_t first;
  size_t count;
};

// An item that is not resolved is in `pending`, or a worker has it.
struct Job {
  // Items that follow each other.
  struct Range {
    uint64_t first = 0;  // index in the job
    uint64_t count = 0;
  };
  struct Part {
    std::shared_ptr<const Batch> batch;
    uint64_t unresolved;
  };
  struct Losses {
    int lost = 0;      // workers that died with it
    int returned = 0;  // workers that died before they began it
  };

  JobId id = 0;
  JobRequest request;               // without its items
  std::map<uint64_t, Part> parts;   // by the index of the first item; while any is not resolved
  std::deque<Range> pending;        // what no worker has, as it is to be given
  std::map<uint64_t, Losses> lost;  // by index: items whose workers died
  uint64_t next_index = 0;
  uint64_t unresolved = 0;
  bool more_to_come = false;
  bool cancelling = false;

  // Gives where they stand.
  Range Add(Batches items);
  // Their arguments are not needed any more.
  void Forget(Range items);
  std::vector<Slice> Slices(Range items) const;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_JOB_H_
