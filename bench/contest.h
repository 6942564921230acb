// Two processes that want the same lock.
#ifndef ISOPROC_BENCH_CONTEST_H_
#define ISOPROC_BENCH_CONTEST_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "bench/lock_user.h"
#include "bench/tested_locks.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {

class Contest {
 public:
  // `name`: of a tested lock. Each process takes it `times` times in each run.
  Contest(std::string name, int times) : name_(std::move(name)), times_(times) {}
  Contest(const Contest&) = delete;
  Contest& operator=(const Contest&) = delete;
  // Ends the other process.
  ~Contest();

  // Starts the other process at the first call, which it sleeps through between two runs. False: it
  // failed, or the lock let both in at once.
  bool Run();

 private:
  bool Begin();

  const std::string name_;
  const int times_;
  LockPlace place_;
  std::unique_ptr<LockUser> lock_;
  RawArray<std::byte> field_;
  Semaphore go_;
  std::optional<Process> partner_;
};

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_CONTEST_H_
