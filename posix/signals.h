// Signals around the start of a process, and their numbers.
#ifndef ISOPROC_POSIX_SIGNALS_H_
#define ISOPROC_POSIX_SIGNALS_H_

#include <signal.h>

#include "platform/base/termination.h"

namespace isoproc::port::posix {

// Blocks all signals of the calling thread, and keeps it from being cancelled, while a child may
// share its memory: no handler of the program may run in the child.
class ScopedSignalBlock {
 public:
  ScopedSignalBlock();
  ScopedSignalBlock(const ScopedSignalBlock&) = delete;
  ScopedSignalBlock& operator=(const ScopedSignalBlock&) = delete;
  ~ScopedSignalBlock();

 private:
  sigset_t mask_;
  int cancel_state_;
};

// The number that Linux gives to `signal`; the number itself if Linux has no such signal.
int LinuxSignalNumber(int signal);

// What waitpid() would have said where waitid() said `info`.
int WaitStatusOf(const siginfo_t& info);

// What a wait status says.
Termination TerminationOf(int wait_status);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_SIGNALS_H_
