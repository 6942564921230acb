#include "posix/syscalls.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/os.h"

namespace isoproc::port::posix {
namespace {

// open and fcntl are variadic, which a pointer in the table cannot be.
int Open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
int Fcntl(int fd, int command, long argument) { return ::fcntl(fd, command, argument); }

}  // namespace

// Constant-initialised: usable before any constructor of the program has run.
constinit Syscalls sys = {
    .open = Open,
    .close = ::close,
    .fcntl = Fcntl,
    .pipe = os::Pipe,
    .socketpair = os::SocketPair,
    .read = ::read,
    .write = ::write,
    .recv = ::recv,
    .send = ::send,
    .recvmsg = ::recvmsg,
    .sendmsg = ::sendmsg,
    .poll = ::poll,
    .run_in_child = os::RunInChild,
    .fork = ::fork,
    .waitid = ::waitid,
    .kill = ::kill,
    .ftruncate = ::ftruncate,
    .flock = ::flock,
    .link = ::link,
    .mmap = ::mmap,
    .munmap = ::munmap,
    .pthread_create = ::pthread_create,
};

}  // namespace isoproc::port::posix
