// Descriptors that are born inheritable are made close-on-exec under the mutex that also guards the
// birth of children, so that no child of isoproc gets one. A program that forks by itself can.
#include "posix/syscalls.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "posix/fd.h"
#include "posix/os.h"
#include "posix/strict/locks.h"

namespace isoproc::port::posix::os {
namespace {

int CloseOnExec(int fds[2]) {
  for (int i = 0; i < 2; ++i) {
    if (::fcntl(fds[i], F_SETFD, FD_CLOEXEC) != 0) {
      const int error = errno;
      ::close(fds[0]);
      ::close(fds[1]);
      errno = error;
      return -1;
    }
  }
  return 0;
}

}  // namespace

int Pipe(int fds[2]) {
  const std::lock_guard<std::mutex> lock(DescriptorMutex());
  return ::pipe(fds) == 0 ? CloseOnExec(fds) : -1;
}

int SocketPair(int type, int fds[2]) {
  const std::lock_guard<std::mutex> lock(DescriptorMutex());
  if (::socketpair(AF_UNIX, type, 0, fds) != 0 || CloseOnExec(fds) != 0) return -1;
  SuppressSigpipe(fds[0]);
  SuppressSigpipe(fds[1]);
  return 0;
}

void SuppressSigpipe(int fd) {
// Older systems of Apple have this option in place of the flag MSG_NOSIGNAL.
#if defined(SO_NOSIGPIPE)
  const int on = 1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#else
  (void)fd;
#endif
}

int ReceiveFlags() { return 0; }

// Called under SpawnLock, as recvmsg() was.
void MarkReceived(int fd) { (void)::fcntl(fd, F_SETFD, FD_CLOEXEC); }

}  // namespace isoproc::port::posix::os
