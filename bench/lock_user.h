// A lock between processes, whoever made it.
#ifndef ISOPROC_BENCH_LOCK_USER_H_
#define ISOPROC_BENCH_LOCK_USER_H_

#include <cstdint>

namespace isoproc::bench {

class LockUser {
 public:
  virtual ~LockUser() = default;
  // Takes and releases the lock, and adds 1 to `counter` in between: all that, `times` times. The
  // loop is in here, so that it costs the same for all. False: it failed.
  virtual bool Use(int times, volatile uint64_t& counter) = 0;
};

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_LOCK_USER_H_
