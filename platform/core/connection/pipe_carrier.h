// What has the objects in the messages of a pipe while nobody has them: an object of the arena,
// which stands for the pipe. Both ends hold it, so that it lives as long as the pipe does.
//
// It is made when it is first needed: for a message with objects, or when an end leaves its process
// for good, as the other one could not be told of it later.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_PIPE_CARRIER_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_PIPE_CARRIER_H_

#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/core/shared/shared_object.h"

namespace isoproc::internal {

// That of both ends, while these are in one process.
// Thread safety: any thread.
class PipeCarrier {
 public:
  // Of a new pipe.
  PipeCarrier() = default;
  // Of an end that has come from another process; null: the pipe has none.
  explicit PipeCarrier(std::shared_ptr<SharedObject> object)
      : object_(std::move(object)), is_final_(true) {}

  // Errors: FailedPrecondition: the pipe has none; as SharedObject::Create.
  absl::StatusOr<std::shared_ptr<SharedObject>> Get();

  // Null: there is none yet, or never will be.
  std::shared_ptr<SharedObject> Known();

  // Whether `other` is that of the same pipe, whose ends may have been in different processes.
  bool IsOfSamePipe(PipeCarrier& other);

  // For an end that leaves. Null, and never one from now on, if it cannot be made: the pipe then
  // carries bytes.
  std::shared_ptr<SharedObject> Part();

 private:
  std::mutex mutex_;
  std::shared_ptr<SharedObject> object_;
  bool is_final_ = false;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_PIPE_CARRIER_H_
