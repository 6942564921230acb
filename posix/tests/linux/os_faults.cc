#include "posix/tests/os_faults.h"

#include <sys/types.h>

#include "posix/linux/syscalls_linux.h"

namespace isoproc::port::posix {
namespace {

LinuxSyscalls real;

}  // namespace

void InstallOsFaults() {
  real = linux_sys;
  linux_sys.pidfd_open = [](pid_t pid) {
    return InjectFault("pidfd_open", false) ? -1 : real.pidfd_open(pid);
  };
  linux_sys.memfd_create = [](const char* name, unsigned int flags) {
    return InjectFault("memfd_create", false) ? -1 : real.memfd_create(name, flags);
  };
  linux_sys.fallocate = [](int fd, int mode, off_t offset, off_t size) {
    return InjectFault("fallocate", true) ? -1 : real.fallocate(fd, mode, offset, size);
  };
}

void RemoveOsFaults() { linux_sys = real; }

}  // namespace isoproc::port::posix
