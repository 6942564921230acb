// Makes the n-th system call fail.
#ifndef ISOPROC_POSIX_TESTS_FAULT_TABLE_H_
#define ISOPROC_POSIX_TESTS_FAULT_TABLE_H_

#include <string>

#include "posix/tests/support.h"

namespace isoproc::port::posix {

// While it lives, the `n`-th call through the table that can have the error `error` fails with it.
// Counts the calls of all threads. One at a time.
class FaultTable {
 public:
  FaultTable(int n, int error);
  FaultTable(const FaultTable&) = delete;
  FaultTable& operator=(const FaultTable&) = delete;
  ~FaultTable();

  bool fired() const;
  // The name of the call that failed.
  std::string victim() const;

 private:
  const ScopedSyscalls restored_;
};

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_TESTS_FAULT_TABLE_H_
