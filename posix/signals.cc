#include "posix/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "platform/base/termination.h"

namespace isoproc::port::posix {

ScopedSignalBlock::ScopedSignalBlock() {
  sigset_t all;
  sigfillset(&all);
  (void)::pthread_sigmask(SIG_SETMASK, &all, &mask_);
  (void)::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
}

ScopedSignalBlock::~ScopedSignalBlock() {
  (void)::pthread_setcancelstate(cancel_state_, nullptr);
  (void)::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
}

int LinuxSignalNumber(int signal) {
  static constexpr struct {
    int native;
    int number;
  } kNumbers[] = {
      {SIGHUP, 1},     {SIGINT, 2},   {SIGQUIT, 3},   {SIGILL, 4},   {SIGTRAP, 5},  {SIGABRT, 6},
      {SIGBUS, 7},     {SIGFPE, 8},   {SIGKILL, 9},   {SIGUSR1, 10}, {SIGSEGV, 11}, {SIGUSR2, 12},
      {SIGPIPE, 13},   {SIGALRM, 14}, {SIGTERM, 15},  {SIGCHLD, 17}, {SIGCONT, 18}, {SIGSTOP, 19},
      {SIGTSTP, 20},   {SIGTTIN, 21}, {SIGTTOU, 22},  {SIGURG, 23},  {SIGXCPU, 24}, {SIGXFSZ, 25},
      {SIGVTALRM, 26}, {SIGPROF, 27}, {SIGWINCH, 28}, {SIGIO, 29},   {SIGSYS, 31},
  };
  for (const auto& entry : kNumbers) {
    if (entry.native == signal) return entry.number;
  }
  return signal;
}

int WaitStatusOf(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return (info.si_status & 0x7f) | (info.si_code == CLD_DUMPED ? 0x80 : 0);
}

Termination TerminationOf(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return {.kind = Termination::Kind::kSignalled,
            .value = LinuxSignalNumber(WTERMSIG(wait_status))};
  }
  return {.kind = Termination::Kind::kExited, .value = WEXITSTATUS(wait_status)};
}

}  // namespace isoproc::port::posix
