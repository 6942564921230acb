#include "posix/report_pipe.h"

#include <sys/types.h>

#include <cerrno>

#include "absl/status/statusor.h"
#include "posix/child_after_fork.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {

absl::StatusOr<ReportPipe> CreateReportPipe() {
  int fds[2];
  if (sys.pipe(fds) != 0) return PosixError(errno, "pipe");
  ReportPipe pipe;
  pipe.write.reset(fds[1]);
  pipe.read.reset(AboveStandardStreams(fds[0]));
  if (!pipe.read) return PosixError(errno, "fcntl");
  pipe.write.reset(AboveStandardStreams(pipe.write.release()));
  if (!pipe.write) return PosixError(errno, "fcntl");
  return pipe;
}

absl::StatusOr<SetupFailure> ReadReport(const ReportPipe& pipe) {
  SetupFailure failure;
  const ssize_t count =
      RetryOnEintr([&] { return sys.read(pipe.read.get(), &failure, sizeof(failure)); });
  if (count < 0) return PosixError(errno, "read");
  if (count != static_cast<ssize_t>(sizeof(failure))) return SetupFailure();
  return failure;
}

}  // namespace isoproc::port::posix
