// Children that are copies of the calling process.
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "posix/child_after_fork.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/fork_server.h"
#include "posix/forked_child.h"
#include "posix/os.h"
#include "posix/process.h"
#include "posix/report_pipe.h"
#include "posix/request.h"
#include "posix/signals.h"
#include "posix/stream.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

[[noreturn]] void RunForkedCopy(const SpawnRequest& request, const ChildSetup& setup,
                                StandardStreamSources* streams, ReportPipe* report,
                                char** environment, const ForkedEntry& entry) {
  report->read.reset();
  SetupFailure failure;
  if (!SetUpChild(setup, &failure)) {
    (void)RetryOnEintr([&] { return ::write(report->write.get(), &failure, sizeof(failure)); });
    ::_exit(127);
  }
  report->write.reset();
  for (Fd& fd : streams->opened) fd.reset();
  std::unique_ptr<Stream> bootstrap;
  if (request.bootstrap != nullptr) {
    // The object is a copy of the caller's, which is about to vanish from this process.
    bootstrap = std::make_unique<PosixStream>(FdOf(request.bootstrap->Detach()));
  }
  RunForkedEntry(std::move(bootstrap), environment, entry);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> Fork(const SpawnRequest& request, int own_threads,
                                                   const ForkedEntry& entry) {
  if (absl::Status status = Validate(request); !status.ok()) return status;
  const absl::StatusOr<int> threads = os::ThreadCount();
  if (!threads.ok()) return threads.status();
  if (*threads > 1 + own_threads) {
    // Only the calling thread exists in the copy; what the others hold is held for ever.
    return absl::FailedPreconditionError(
        "the process has several threads, so it cannot be forked (kFork)");
  }
  absl::StatusOr<StandardStreamSources> streams = OpenStandardStreams(request);
  if (!streams.ok()) return streams.status();
  StringArray environment;
  if (request.environment.has_value()) {
    environment = StringArray(EnvironmentStrings(*request.environment));
  }
  absl::StatusOr<ReportPipe> report = CreateReportPipe();
  if (!report.ok()) return report.status();
  ChildSetup setup;
  setup.group = GroupFor(request);
  if (!request.working_directory.empty()) {
    setup.working_directory = request.working_directory.c_str();
  }
  setup.standard_streams = streams->sources;

  pid_t pid;
  int error;
  {
    const ScopedSignalBlock block;
    pid = sys.fork();
    error = errno;
    if (pid == 0) {
      // The strings are in this frame, which the child never leaves.
      RunForkedCopy(request, setup, &*streams, &*report,
                    request.environment.has_value() ? environment.mutable_data() : nullptr, entry);
    }
  }
  if (pid < 0) return PosixError(error, "fork");
  report->write.reset();
  const absl::StatusOr<SetupFailure> failure = ReadReport(*report);
  report->read.reset();
  if (absl::Status status = CheckReport(pid, failure, request); !status.ok()) return status;
  return MakeOwnChild(pid, setup.group != ChildSetup::Group::kStay);
}

}  // namespace isoproc::port::posix
