// The locks that are measured, each by its name: those of isoproc, of the system, and of peers that
// were installed when this was built.
#ifndef ISOPROC_BENCH_TESTED_LOCKS_H_
#define ISOPROC_BENCH_TESTED_LOCKS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "bench/lock_user.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {

// Where they are, in the process that makes them and in those that it tells.
struct LockPlace {
  std::string name;
  Lock lock;
  RLock rlock;
  RawArray<std::byte> memory;

  std::byte* bytes() const { return memory.span().data(); }
};

std::vector<std::string> TestedLocks();

// Null: it failed, and the standard error says why.
std::unique_ptr<LockUser> MakeLock(const std::string& name, LockPlace* place);
std::unique_ptr<LockUser> OpenLock(const LockPlace& place);

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_TESTED_LOCKS_H_
