// The family of a child is a job object.
#ifndef ISOPROC_WIN32_JOB_H_
#define ISOPROC_WIN32_JOB_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// The job of one child. Members may break away by intent (CREATE_BREAKAWAY_FROM_JOB).
class Job {
 public:
  // `dies_with_us`: the system ends all members when this process ends, however that happens. It
  // does so when the last handle to the job is closed, and this process has the only one.
  static absl::StatusOr<Job> Create(bool dies_with_us);

  Job(Job&&) = default;
  // Closes the job; see LetGo().
  ~Job() = default;

  HANDLE get() const { return job_.get(); }

  // How the child finds the job in which it is, when it is to end its family: see TerminateOwnJob.
  // Only known to this process and the child, and only their user may open it.
  const std::string& name() const { return name_; }

  // Ends all members, with exit code `code`.
  absl::Status Terminate(uint32_t code);

  // From now on the members live on when the job is closed.
  void LetGo();

 private:
  Job(UniqueHandle job, std::string name) : job_(std::move(job)), name_(std::move(name)) {}

  UniqueHandle job_;
  std::string name_;
};

// Ends the members of the job `name`, with exit code 1, if the calling process is one of them; it
// ends then, too. Does nothing if the job is closed.
void TerminateOwnJob(const std::string& name);

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_JOB_H_
