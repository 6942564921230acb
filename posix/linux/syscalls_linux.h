// The system calls that only Linux has, replaceable as those of posix/syscalls.h.
#ifndef ISOPROC_POSIX_LINUX_SYSCALLS_LINUX_H_
#define ISOPROC_POSIX_LINUX_SYSCALLS_LINUX_H_

#include <sys/types.h>
#include <sys/wait.h>

namespace isoproc::port::posix {

struct LinuxSyscalls {
  int (*pidfd_open)(pid_t pid);
  int (*pidfd_send_signal)(int pidfd, int signal);
  int (*memfd_create)(const char* name, unsigned int flags);
  int (*fallocate)(int fd, int mode, off_t offset, off_t size);
};

extern LinuxSyscalls linux_sys;

// waitid() by pidfd; not in the headers of every C library.
inline constexpr auto kWaitByPidfd = static_cast<idtype_t>(3);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_LINUX_SYSCALLS_LINUX_H_
