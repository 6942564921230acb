#include "posix/child_after_fork.h"

// Used here and nowhere else between fork and exec, all async-signal-safe:
//   _exit chdir close dup2 execve fcntl getpid open setpgid setsid sigaction sigemptyset
//   sigprocmask write
// and os::CloseFrom(), which says the same of itself. Not the table in syscalls.h: a hook of a test
// would run in memory that belongs to the parent.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "posix/os.h"

namespace isoproc::port::posix {
namespace {

// 0, 1, 2 and the bootstrap stream: no source of one of them may stand where another one goes.
constexpr int kFirstFree = kBootstrapFd + 1;

bool Fail(SetupFailure* failure, SetupStage stage, int error) noexcept {
  failure->stage = stage;
  failure->error = error;
  failure->magic = SetupFailure::kMagic;
  return false;
}

// Opens the null device as `target`.
bool NullDeviceAt(int target, SetupFailure* failure) noexcept {
  const int fd = ::open("/dev/null", O_RDWR);
  if (fd < 0) return Fail(failure, SetupStage::kNullDevice, errno);
  if (fd == target) return true;
  const int result = ::dup2(fd, target);
  const int error = errno;
  ::close(fd);
  return result >= 0 || Fail(failure, SetupStage::kNullDevice, error);
}

// Makes `target` an inheritable copy of `source`.
bool Place(int source, int target, SetupFailure* failure) noexcept {
  const int result = source == target ? ::fcntl(target, F_SETFD, 0) : ::dup2(source, target);
  return result >= 0 || Fail(failure, SetupStage::kDescriptors, errno);
}

// Moves `*fd` out of the range that is about to be overwritten, unless it is at home already.
bool MoveAway(int* fd, int home, SetupFailure* failure) noexcept {
  if (*fd < 0 || *fd == home || *fd >= kFirstFree) return true;
  const int moved = ::fcntl(*fd, F_DUPFD_CLOEXEC, kFirstFree);
  if (moved < 0) return Fail(failure, SetupStage::kDescriptors, errno);
  *fd = moved;
  return true;
}

bool PlaceStandardStreams(const std::array<int, 3>& sources, SetupFailure* failure) noexcept {
  for (int target = 0; target < 3; ++target) {
    const int source = sources[static_cast<size_t>(target)];
    if (source >= 0) {
      if (!Place(source, target, failure)) return false;
    } else if (source == ChildSetup::kNullDevice) {
      if (!NullDeviceAt(target, failure)) return false;
    } else if (::fcntl(target, F_SETFD, 0) != 0) {
      if (!NullDeviceAt(target, failure)) return false;
    }
  }
  return true;
}

bool SetUpGroupAndDirectory(const ChildSetup& setup, SetupFailure* failure) noexcept {
  if (setup.group == ChildSetup::Group::kSession) {
    if (::setsid() < 0) return Fail(failure, SetupStage::kGroup, errno);
  } else if (setup.group != ChildSetup::Group::kStay) {
    const pid_t group = setup.group == ChildSetup::Group::kJoin ? setup.joined_group : 0;
    if (::setpgid(0, group) != 0) return Fail(failure, SetupStage::kGroup, errno);
  }
  if (!setup.signals_are_reset) ResetSignals();
  if (setup.working_directory != nullptr && ::chdir(setup.working_directory) != 0) {
    return Fail(failure, SetupStage::kDirectory, errno);
  }
  return true;
}

bool MoveStandardStreamsAway(std::array<int, 3>* sources, SetupFailure* failure) noexcept {
  for (int target = 0; target < 3; ++target) {
    if (!MoveAway(&(*sources)[static_cast<size_t>(target)], target, failure)) return false;
  }
  return true;
}

bool SetUpExec(const ExecSetup& setup, SetupFailure* failure, int* report) noexcept {
  std::array<int, 3> sources = setup.standard_streams;
  int bootstrap = setup.bootstrap;
  // First of all, so that a failure of any later step can be told.
  if (!MoveAway(report, /*home=*/-1, failure)) return false;
  if (!SetUpGroupAndDirectory(setup, failure)) return false;
  if (!MoveStandardStreamsAway(&sources, failure)) return false;
  if (!MoveAway(&bootstrap, kBootstrapFd, failure)) return false;
  if (!PlaceStandardStreams(sources, failure)) return false;
  if (bootstrap >= 0) {
    if (!Place(bootstrap, kBootstrapFd, failure)) return false;
    // The mark by which FindBootstrap() knows whose stream it is: it survives exec, and a process
    // that inherits the stream from this one is not its owner.
    (void)::fcntl(kBootstrapFd, F_SETOWN, ::getpid());
  }
  os::CloseFrom(bootstrap >= 0 ? kFirstFree : kBootstrapFd, *report, setup.highest_descriptor);
  return true;
}

}  // namespace

void ResetSignals() noexcept {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  // The numbers that cannot be set (SIGKILL, SIGSTOP, those of the C library) refuse; so be it.
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);  // a macro on some systems
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool SetUpChild(const ChildSetup& setup, SetupFailure* failure) noexcept {
  std::array<int, 3> sources = setup.standard_streams;
  return SetUpGroupAndDirectory(setup, failure) && MoveStandardStreamsAway(&sources, failure) &&
         PlaceStandardStreams(sources, failure);
}

void ExecChild(void* argument) noexcept {
  auto& setup = *static_cast<ExecSetup*>(argument);
  setup.ran = 1;
  int report = setup.report;
  SetupFailure failure;
  if (SetUpExec(setup, &failure, &report)) {
    ::execve(setup.program, setup.arguments, setup.environment);
    Fail(&failure, SetupStage::kExec, errno);
  }
  setup.failure = failure;
  // If nobody can be told, the parent sees the exit code, as of a program that ended by itself.
  while (::write(report, &failure, sizeof(failure)) < 0 && errno == EINTR) {
  }
  ::_exit(127);
}

}  // namespace isoproc::port::posix
