// A parker sleeps on the token itself, which is a futex. One that listens sleeps in poll() on a
// datagram socket, which whoever gives the token rings.
#include "platform/port/sync.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/deadline.h"
#include "platform/port/waitable.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/syscalls.h"
#include "posix/wait.h"
#include "posix/waitable.h"

namespace isoproc::port::posix::os {
namespace {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

// What ParkerCell::address begins with when the cell has an owner, and when that listens: then the
// name of its socket follows.
constexpr char kOwned = 'F';
constexpr char kListening = 'L';

absl::StatusOr<Fd> DatagramSocket() {
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return PosixError(errno, "socket");
  fd.reset(AboveStandardStreams(fd.release()));
  if (!fd) return PosixError(errno, "fcntl");
  return fd;
}

// A socket in the abstract namespace, which leaves nothing behind. The kernel chooses its name, of
// a NUL and five characters ("unix(7)", autobind).
class Doorbell final : public Waitable, public Pollable {
 public:
  static constexpr size_t kNameSize = 5;

  // Tells its name to `cell`.
  static absl::StatusOr<std::unique_ptr<Doorbell>> Create(ParkerCell& cell) {
    absl::StatusOr<Fd> fd = DatagramSocket();
    if (!fd.ok()) return fd.status();
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    socklen_t size = sizeof(address.sun_family);
    if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
      return PosixError(errno, "bind");
    }
    size = sizeof(address);
    if (::getsockname(fd->get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return PosixError(errno, "getsockname");
    }
    for (size_t i = 0; i < kNameSize; ++i) {
      __atomic_store_n(&cell.address[1 + i], address.sun_path[1 + i], __ATOMIC_RELAXED);
    }
    return std::make_unique<Doorbell>(cell, *std::move(fd));
  }
  Doorbell(const ParkerCell& cell, Fd fd) : cell_(cell), fd_(std::move(fd)) {}

  absl::StatusOr<int> Descriptor() override { return fd_.get(); }
  bool Ready(bool signalled) override {
    if (signalled && cell_.token.load(std::memory_order_acquire) == 0) {
      // Before the token is looked at: who writes it later rings once more.
      char byte;
      while (RetryOnEintr([&] { return sys.recv(fd_.get(), &byte, 1, MSG_DONTWAIT); }) >= 0) {
      }
    }
    return cell_.token.load(std::memory_order_acquire) != 0;
  }

 private:
  const ParkerCell& cell_;
  const Fd fd_;
};

// The cell may hold anything, and its owner be dead: then nobody hears it.
void Ring(const ParkerCell& cell) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  for (size_t i = 0; i < Doorbell::kNameSize; ++i) {
    address.sun_path[1 + i] = __atomic_load_n(&cell.address[1 + i], __ATOMIC_RELAXED);
  }
  constexpr socklen_t kSize = offsetof(sockaddr_un, sun_path) + 1 + Doorbell::kNameSize;
  const absl::StatusOr<Fd> from = DatagramSocket();
  if (!from.ok()) return;  // the owner looks again by itself
  (void)RetryOnEintr([&] {
    return ::sendto(from->get(), "", 1, MSG_DONTWAIT | MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address), kSize);
  });
}

// Without FUTEX_PRIVATE_FLAG, as the two sides are different processes. Returns 0 or errno.
int FutexWait(std::atomic<uint32_t>& word, uint32_t expected, const timespec* until) {
  const long result = ::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_BITSET,
                                expected, until, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 ? 0 : errno;
}

class FutexParker final : public Parker {
 public:
  explicit FutexParker(ParkerCell& cell) : cell_(cell), creator_(::getpid()) {}
  ~FutexParker() override {
    // A fork of the owner has a copy of this object, but the cell is the owner's.
    if (::getpid() == creator_) __atomic_store_n(&cell_.address[0], '\0', __ATOMIC_RELEASE);
  }

  absl::Status Park(Deadline deadline) override {
    if (std::exchange(is_listening_, false)) {
      __atomic_store_n(&cell_.address[0], kOwned, __ATOMIC_RELEASE);
    }
    while (true) {
      if (cell_.token.exchange(0, std::memory_order_acquire) != 0) return absl::OkStatus();
      const absl::Duration now = Now();
      timespec until;
      if (!deadline.never()) {
        if (deadline.Expired(now)) return absl::DeadlineExceededError("the deadline is over");
        // The clock of FUTEX_WAIT_BITSET is that of Now().
        until = absl::ToTimespec(absl::Ceil(now + deadline.Remaining(now), absl::Nanoseconds(1)));
      }
      const int error = FutexWait(cell_.token, 0, deadline.never() ? nullptr : &until);
      if (error != 0 && error != EINTR && error != EAGAIN && error != ETIMEDOUT) {
        return PosixError(error, "futex");
      }
    }
  }

  absl::StatusOr<Waitable*> Listen() override {
    if (doorbell_ == nullptr) {
      absl::StatusOr<std::unique_ptr<Doorbell>> doorbell = Doorbell::Create(cell_);
      if (!doorbell.ok()) return doorbell.status();
      doorbell_ = *std::move(doorbell);
    }
    is_listening_ = true;
    __atomic_store_n(&cell_.address[0], kListening, __ATOMIC_RELEASE);
    return doorbell_.get();
  }

 private:
  ParkerCell& cell_;
  const pid_t creator_;
  std::unique_ptr<Doorbell> doorbell_;  // made when it is needed
  bool is_listening_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) {
  cell.token.store(0, std::memory_order_relaxed);
  __atomic_store_n(&cell.address[0], kOwned, __ATOMIC_RELEASE);
  return std::make_unique<FutexParker>(cell);
}

void Unpark(ParkerCell& cell) {
  const char owner = __atomic_load_n(&cell.address[0], __ATOMIC_ACQUIRE);
  if (owner != kOwned && owner != kListening) return;
  cell.token.store(1, std::memory_order_release);
  // Even if the token was there already: whoever put it may have died before this line.
  const int saved = errno;
  (void)::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&cell.token), FUTEX_WAKE, INT_MAX, nullptr,
                  nullptr, 0);
  if (owner == kListening) Ring(cell);
  errno = saved;
}

}  // namespace isoproc::port::posix::os
