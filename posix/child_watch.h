// How the end of a child is learnt. Who the child's parent is, and what the system offers, differ.
#ifndef ISOPROC_POSIX_CHILD_WATCH_H_
#define ISOPROC_POSIX_CHILD_WATCH_H_

#include <sys/types.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "platform/port/waitable.h"
#include "posix/waitable.h"

namespace isoproc::port::posix {

// As a Waitable: ready when the child has ended.
// Thread safety: Collect and Signal by one thread at a time, all else from any number of threads.
class ChildWatch : public Waitable, public Pollable {
 public:
  struct End {
    // What waitpid() would have said; nullopt: somebody else took it.
    std::optional<int> wait_status;
  };

  // Blocks until the child has ended or `deadline`; takes nothing.
  virtual absl::Status AwaitEnd(Deadline deadline) = 0;

  enum class State {
    kRunning,
    kEnded,  // its process id is still its own
    kGone,   // somebody else has reaped it, and its process id may be anybody's
  };
  // Takes nothing.
  virtual absl::StatusOr<State> Look() = 0;

  // Reaps the child; nullopt if it still runs. Not called again after it gave an End.
  virtual absl::StatusOr<std::optional<End>> Collect() = 0;

  // As kill(), for the child alone. Not called after Collect() gave an End.
  virtual int Signal(int signal) = 0;
};

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_CHILD_WATCH_H_
