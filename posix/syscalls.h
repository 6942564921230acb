// The system calls that the port makes, as a table that tests may change.
//
// A test puts its own function in an entry to see what is asked, to answer from a script, or to
// make the n-th call fail; nothing else writes here. What runs between fork and exec does not use
// the table: see child_after_fork.h.
#ifndef ISOPROC_POSIX_SYSCALLS_H_
#define ISOPROC_POSIX_SYSCALLS_H_

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>

namespace isoproc::port::posix {

struct Syscalls {
  int (*open)(const char* path, int flags, mode_t mode);
  int (*close)(int fd);
  int (*fcntl)(int fd, int command, long argument);
  // Both ends are close-on-exec.
  int (*pipe)(int fds[2]);
  int (*socketpair)(int type, int fds[2]);
  ssize_t (*read)(int fd, void* into, size_t size);
  ssize_t (*write)(int fd, const void* bytes, size_t size);
  ssize_t (*recv)(int fd, void* into, size_t size, int flags);
  ssize_t (*send)(int fd, const void* bytes, size_t size, int flags);
  ssize_t (*recvmsg)(int fd, msghdr* message, int flags);
  ssize_t (*sendmsg)(int fd, const msghdr* message, int flags);
  int (*poll)(pollfd* fds, nfds_t count, int milliseconds);
  // Runs `child(argument)` in a new process which may, until it execs or exits, share the memory of
  // this one. A function and not vfork() itself, since that may not be called through a pointer.
  pid_t (*run_in_child)(void (*child)(void* argument), void* argument);
  pid_t (*fork)();
  int (*waitid)(idtype_t type, id_t id, siginfo_t* info, int options);
  int (*kill)(pid_t pid, int signal);  // a negative pid means a group
  int (*ftruncate)(int fd, off_t size);
  int (*flock)(int fd, int operation);
  int (*link)(const char* path, const char* new_path);
  void* (*mmap)(void* address, size_t size, int protection, int flags, int fd, off_t offset);
  int (*munmap)(void* address, size_t size);
  int (*pthread_create)(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                        void* argument);  // returns the error, and leaves errno alone
};

extern Syscalls sys;

// Calls until the answer is not EINTR. Not for close(), which frees the descriptor even if it was
// interrupted, and not for poll(), which has to look at the time again.
template <typename Call>
auto RetryOnEintr(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_SYSCALLS_H_
