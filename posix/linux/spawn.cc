#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>

#include "posix/os.h"

namespace isoproc::port::posix::os {

// vfork() and not fork(): its time does not grow with the memory of the caller. By name, since the
// compiler knows from the name that it returns twice; and alone in a function whose frame holds
// nothing that the child could spoil for the parent.
__attribute__((noinline)) pid_t RunInChild(void (*child)(void* argument), void* argument) {
  const pid_t pid = ::vfork();
  if (pid == 0) {
    child(argument);
    ::_exit(127);
  }
  return pid;
}

// Descriptors are born close-on-exec here: no lock is needed.
SpawnLock::SpawnLock() = default;
SpawnLock::~SpawnLock() = default;

int HighestDescriptor() { return -1; }

void CloseFrom(int first, int, int) noexcept {
  constexpr unsigned int kCloseOnExec = 1U << 2;  // CLOSE_RANGE_CLOEXEC
  if (::syscall(SYS_close_range, static_cast<unsigned int>(first), ~0U, kCloseOnExec) == 0) return;
  // Before Linux 5.11, and in sandboxes that do not know the call. Bounded: a limit of a thousand
  // million is not rare, and descriptors are given out from below.
  constexpr rlim_t kMost = 65536;
  rlimit limit = {.rlim_cur = kMost, .rlim_max = kMost};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const int end = static_cast<int>(std::min(limit.rlim_cur, kMost));
  for (int fd = first; fd < end; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace isoproc::port::posix::os
