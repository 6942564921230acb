// How a process ended, in terms that are the same on every system.
#ifndef ISOPROC_PLATFORM_BASE_TERMINATION_H_
#define ISOPROC_PLATFORM_BASE_TERMINATION_H_

namespace isoproc::port {

// The two signals that end a child, by their numbers on Linux, on every system.
inline constexpr int kSigKill = 9;
inline constexpr int kSigTerm = 15;

struct Termination {
  enum class Kind {
    kExited,     // by itself; `value` is the exit code, 0 to 255
    kSignalled,  // killed or crashed; `value` is the signal number as on Linux
    kUnknown,    // it has ended, but somebody else took its exit status
  };
  Kind kind = Kind::kUnknown;
  int value = 0;

  friend bool operator==(const Termination&, const Termination&) = default;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_BASE_TERMINATION_H_
