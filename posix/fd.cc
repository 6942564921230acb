#include "posix/fd.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "platform/port/handle.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

void CloseNative(int64_t native) { CloseFd(static_cast<int>(native)); }

}  // namespace

void CloseFd(int fd) {
  const int saved = errno;
  (void)sys.close(fd);
  errno = saved;
}

int AboveStandardStreams(int fd) {
  if (fd < 0 || fd > 2) return fd;
  const int moved = sys.fcntl(fd, F_DUPFD_CLOEXEC, 3);
  CloseFd(fd);
  return moved;
}

Handle HandleOf(Fd fd) { return Handle(fd.release(), CloseNative); }

Fd FdOf(Handle handle) { return handle ? Fd(static_cast<int>(handle.release())) : Fd(); }

}  // namespace isoproc::port::posix
