// How a child tells its parent that it could not begin.
#ifndef ISOPROC_POSIX_REPORT_PIPE_H_
#define ISOPROC_POSIX_REPORT_PIPE_H_

#include "absl/status/statusor.h"
#include "posix/child_after_fork.h"
#include "posix/fd.h"

namespace isoproc::port::posix {

struct ReportPipe {
  Fd read;
  Fd write;
};
absl::StatusOr<ReportPipe> CreateReportPipe();

// Blocks until the child has written a failure or has closed its end without one. Requires that the
// parent has closed `pipe.write`.
absl::StatusOr<SetupFailure> ReadReport(const ReportPipe& pipe);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_REPORT_PIPE_H_
