// The state behind ResultStream: takes items from an input, at most so many beyond what was given.
#ifndef ISOPROC_INTERNAL_STREAM_STATE_H_
#define ISOPROC_INTERNAL_STREAM_STATE_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/batch.h"
#include "isoproc/internal/task.h"
#include "isoproc/internal/task_results.h"
#include "isoproc/pool_options.h"

namespace isoproc::internal {

class PoolCore;

// Thread safety: Await, Next and Abandon from one thread at a time.
class StreamState final : public TaskSink {
 public:
  // Adds the next item; nullopt at the end. May throw what the input throws.
  using Pull = absl::AnyInvocable<std::optional<absl::Status>(BatchWriter& items)>;

  // Errors: InvalidArgument: the options; FailedPrecondition and Aborted: as Pool::Apply.
  static absl::StatusOr<std::shared_ptr<StreamState>> Start(std::shared_ptr<PoolCore> pool,
                                                            std::shared_ptr<const TaskCode> code,
                                                            const StreamOptions& options,
                                                            bool ordered, Pull pull);

  void Resolve(uint64_t first, absl::Span<TaskOutcome> outcomes) override;

  // Takes what there is room for from the input, however long that takes; then waits until Next has
  // something to give. Errors: DeadlineExceeded; FailedPrecondition: this process is a fork.
  absl::Status Await(absl::Duration timeout);
  // Takes from the input as Await does. In a fork gives an error, then the end.
  std::optional<TaskOutcome> Next();
  // An error of what Next gave last, with its place in the input.
  absl::Status Named(const absl::Status& error) const;
  // Nobody wants the rest. To be called before the last reference goes.
  void Abandon();

 private:
  StreamState(std::shared_ptr<PoolCore> pool, uint64_t chunk_size, uint64_t look_ahead,
              bool ordered, Pull pull)
      : pool_(std::move(pool)),
        chunk_size_(chunk_size),
        look_ahead_(look_ahead),
        ordered_(ordered),
        pull_(std::move(pull)) {}
  // Takes from the input what there is room for.
  void Refill();
  // Looks at the workers' desks for a while, if there is nothing next. Gives what is left of
  // `timeout`.
  absl::Duration Help(absl::Duration timeout);
  // Requires the lock.
  bool HasNext() const {
    if (given_ == taken_) return true;  // that it is over
    return ordered_ ? !window_.empty() && window_.front().has_value() : !arrived_.empty();
  }
  void Place(uint64_t position, TaskOutcome outcome);

  const std::shared_ptr<PoolCore> pool_;
  const uint64_t chunk_size_;
  const uint64_t look_ahead_;
  const bool ordered_;
  Pull pull_;
  JobId job_ = 0;
  bool input_over_ = false;
  std::exception_ptr input_failed_;
  bool refused_ = false;          // in a fork
  std::optional<uint64_t> last_;  // where that stood in the input which Next gave last

  std::mutex mutex_;
  std::condition_variable placed_;
  uint64_t taken_ = 0;  // from the input
  uint64_t given_ = 0;  // to the user
  // Where the items of the job that are not resolved stand in the input, of which some never become
  // items.
  std::map<uint64_t, uint64_t> positions_;
  uint64_t items_ = 0;
  std::deque<std::optional<TaskOutcome>> window_;         // if ordered, from given_ on
  std::deque<std::pair<uint64_t, TaskOutcome>> arrived_;  // if not, with the place in the input
};

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_STREAM_STATE_H_
