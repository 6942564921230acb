// The family of a child is a job object.
#ifndef ISOPROC_WIN32_JOB_H_
#define ISOPROC_WIN32_JOB_H_

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// The job of one child. Members may break away by intent (CREATE_BREAKAWAY_FROM_JOB).
class Job {
 public:
  // `dies_with_us`: the system ends all members when this process ends, however that happens. It does
  // so when the last handle to the job is closed, and this process has the only one.
  static absl::StatusOr<Job> Create(bool dies_with_us);

  Job(Job&&) = default;
  // Closes the job; see LetGo().
  ~Job() = default;

  HANDLE get() const { return job_.get(); }

  // Ends all members, with exit code `code`.
  absl::Status Terminate(uint32_t code);

  // From now on the members live on when the job is closed.
  void LetGo();

 private:
  explicit Job(UniqueHandle job) : job_(std::move(job)) {}

  UniqueHandle job_;
};

// Ends the other members of the innermost job of the calling process.
void TerminateOthersInOwnJob();

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_JOB_H_
