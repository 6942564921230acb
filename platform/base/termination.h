// How a process ended, in terms that are the same on every system.
#ifndef ISOPROC_PLATFORM_BASE_TERMINATION_H_
#define ISOPROC_PLATFORM_BASE_TERMINATION_H_

#include <cstdint>

namespace isoproc::port {

struct Termination {
  enum class Kind {
    kExited,     // by itself; `value` is the exit code, 0 to 255
    kSignalled,  // killed or crashed; `value` is the signal number as on Linux
    kUnknown,    // it has ended, but somebody else took its exit status
  };
  Kind kind = Kind::kUnknown;
  int value = 0;
  int64_t native = 0;  // what the system said: a wait status, a 32-bit exit code

  friend bool operator==(const Termination& a, const Termination& b) {
    return a.kind == b.kind && a.value == b.value;
  }
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_TERMINATION_H_
