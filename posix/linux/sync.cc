// A parker sleeps on the token itself, which is a futex.
#include "platform/port/sync.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/deadline.h"
#include "posix/errors.h"
#include "posix/os.h"
#include "posix/wait.h"

namespace isoproc::port::posix::os {
namespace {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

// What ParkerCell::address begins with when the cell has an owner.
constexpr char kOwned = 'F';

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

 private:
  ParkerCell& cell_;
  const pid_t creator_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) {
  cell.token.store(0, std::memory_order_relaxed);
  __atomic_store_n(&cell.address[0], kOwned, __ATOMIC_RELEASE);
  return std::make_unique<FutexParker>(cell);
}

void Unpark(ParkerCell& cell) {
  if (__atomic_load_n(&cell.address[0], __ATOMIC_ACQUIRE) != kOwned) return;
  cell.token.store(1, std::memory_order_release);
  // Even if the token was there already: whoever put it may have died before this line.
  const int saved = errno;
  (void)::syscall(SYS_futex, reinterpret_cast<uint32_t*>(&cell.token), FUTEX_WAKE, INT_MAX, nullptr,
                  nullptr, 0);
  errno = saved;
}

}  // namespace isoproc::port::posix::os
