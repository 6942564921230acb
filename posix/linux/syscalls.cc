#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "posix/linux/syscalls_linux.h"
#include "posix/os.h"

namespace isoproc::port::posix {
namespace {

// By number: C libraries got the functions years after the kernel.
int PidfdOpen(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }
int PidfdSendSignal(int pidfd, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

}  // namespace

constinit LinuxSyscalls linux_sys = {
    .pidfd_open = PidfdOpen,
    .pidfd_send_signal = PidfdSendSignal,
    .memfd_create = ::memfd_create,
    .fallocate = ::fallocate,
};

namespace os {

int Pipe(int fds[2]) { return ::pipe2(fds, O_CLOEXEC); }
int SocketPair(int type, int fds[2]) { return ::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds); }

void SuppressSigpipe(int) {}  // MSG_NOSIGNAL does

int ReceiveFlags() { return MSG_CMSG_CLOEXEC; }
void MarkReceived(int) {}

}  // namespace os
}  // namespace isoproc::port::posix
