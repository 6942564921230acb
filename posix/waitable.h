// What the waitable objects of this port have in common.
#ifndef ISOPROC_POSIX_WAITABLE_H_
#define ISOPROC_POSIX_WAITABLE_H_

#include "absl/status/statusor.h"

namespace isoproc::port::posix {

// Readiness is a descriptor that becomes readable, with two exceptions for systems and moments
// where there is none: the object may ask to be asked again from time to time, and may deny that
// the descriptor meant what it said.
// Thread safety: all functions from any number of threads.
class Pollable {
 public:
  // Nothing to poll: Ready() is called every kRecheckPeriodMs.
  static constexpr int kNone = -1;
  static constexpr int kRecheckPeriodMs = 20;

  virtual ~Pollable() = default;

  // The descriptor to poll for reading, which stays open as long as the object, or kNone.
  virtual absl::StatusOr<int> Descriptor() = 0;

  // Whether the object is ready; `signalled`: poll says so of its descriptor. If this is false
  // although signalled, Descriptor() has changed.
  virtual bool Ready(bool signalled) { return signalled; }
};

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_WAITABLE_H_
