#include "posix/tests/fault_table.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "posix/syscalls.h"
#include "posix/tests/os_faults.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

std::atomic<int> countdown{0};
std::atomic<int> injected{0};
std::atomic<const char*> failed{nullptr};
Syscalls real;

// The calls that POSIX lets a signal interrupt; to the others it cannot happen.
constexpr bool kInterruptible = true;
constexpr bool kUninterrupted = false;

// Stands in for the entry `Member` of the table.
template <auto Member>
const char* name = "";

template <auto Member, bool interruptible, typename Signature>
struct Wrapper;

template <auto Member, bool interruptible, typename Result, typename... Arguments>
struct Wrapper<Member, interruptible, Result (*)(Arguments...)> {
  static Result Call(Arguments... arguments) {
    if (InjectFault(name<Member>, interruptible)) {
      if constexpr (std::is_pointer_v<Result>) {
        return MAP_FAILED;
      } else {
        return -1;
      }
    }
    return (real.*Member)(arguments...);
  }
};

template <auto Member, bool interruptible>
void Wrap(const char* called) {
  using Signature = std::remove_reference_t<decltype(real.*Member)>;
  name<Member> = called;
  sys.*Member = Wrapper<Member, interruptible, Signature>::Call;
}

// Says its error by its value.
int CreateThread(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                 void* argument) {
  if (InjectFault("pthread_create", kUninterrupted)) return EAGAIN;
  return real.pthread_create(thread, attributes, body, argument);
}

}  // namespace

bool InjectFault(const char* call, bool interruptible) {
  if (injected == EINTR && !interruptible) return false;
  if (countdown.fetch_sub(1) != 1) return false;
  failed = call;
  errno = injected;
  return true;
}

FaultTable::FaultTable(int n, int error) {
  real = sys;
  countdown = n;
  injected = error;
  failed = nullptr;
  Wrap<&Syscalls::open, kInterruptible>("open");
  Wrap<&Syscalls::fcntl, kUninterrupted>("fcntl");
  Wrap<&Syscalls::pipe, kUninterrupted>("pipe");
  Wrap<&Syscalls::socketpair, kUninterrupted>("socketpair");
  Wrap<&Syscalls::read, kInterruptible>("read");
  Wrap<&Syscalls::write, kInterruptible>("write");
  Wrap<&Syscalls::recv, kInterruptible>("recv");
  Wrap<&Syscalls::send, kInterruptible>("send");
  Wrap<&Syscalls::recvmsg, kInterruptible>("recvmsg");
  Wrap<&Syscalls::sendmsg, kInterruptible>("sendmsg");
  Wrap<&Syscalls::poll, kInterruptible>("poll");
  Wrap<&Syscalls::run_in_child, kUninterrupted>("run_in_child");
  Wrap<&Syscalls::waitid, kInterruptible>("waitid");
  Wrap<&Syscalls::ftruncate, kInterruptible>("ftruncate");
  Wrap<&Syscalls::flock, kInterruptible>("flock");
  Wrap<&Syscalls::link, kUninterrupted>("link");
  Wrap<&Syscalls::mmap, kUninterrupted>("mmap");
  // Not kill and close: nothing that they can say is a shortage.
  sys.pthread_create = CreateThread;
  InstallOsFaults();
}

FaultTable::~FaultTable() { RemoveOsFaults(); }

bool FaultTable::fired() const { return failed.load() != nullptr; }

std::string FaultTable::victim() const { return fired() ? failed.load() : "no fault"; }

}  // namespace isoproc::port::posix
