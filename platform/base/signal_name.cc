#include "platform/base/signal_name.h"

#include <array>
#include <cstddef>

namespace isoproc::port {

const char* SignalName(int signal) {
  // signal(7), x86 and ARM.
  static constexpr std::array<const char*, 32> kNames = {
      "unknown", "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
      "SIGFPE",  "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
      "unknown", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
      "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};
  if (signal < 0 || signal >= static_cast<int>(kNames.size())) return "unknown";
  return kNames[static_cast<size_t>(signal)];
}

}  // namespace isoproc::port
