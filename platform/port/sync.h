// Sleeping until another process says so.
#ifndef ISOPROC_PLATFORM_PORT_SYNC_H_
#define ISOPROC_PLATFORM_PORT_SYNC_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "platform/port/waitable.h"

namespace isoproc::port {

// The shared half of a parker: lives in a Segment, and all zero means "nobody's". The port that
// owns a cell writes `address` before anybody else may see the cell; after that, only `token`
// changes, and `address` when its owner begins or ceases to listen.
//   token    written by Unpark (to 1, commits the wake) and by the owner's Park (to 0); a dead
//            owner's token is repaired by nobody, as nobody sleeps on it.
//   address  the port's own: where the owner can be woken. Left behind by a dead owner; waking it
//            is harmless.
struct ParkerCell {
  std::atomic<uint32_t> token;
  uint32_t reserved;
  char address[56];
};
static_assert(sizeof(ParkerCell) == 64);
static_assert(std::atomic<uint32_t>::is_always_lock_free);

// The private half: what one thread sleeps on. The destructor gives the cell back; it removes what
// the system holds for it.
// Thread safety: Park by one thread at a time.
class Parker {
 public:
  virtual ~Parker() = default;

  // Takes the token, and sleeps until there is one.
  // Blocks:    until Unpark was called on the cell since the last OK of Park, or `deadline`.
  // On OK:     the token is taken: two Unparks before one Park wake once.               [PARK-01]
  //            What the waker wrote before Unpark is visible.                           [PARK-02]
  // Errors:    DeadlineExceeded: the token was not taken. It may wake late, never early. [PARK-03]
  virtual absl::Status Park(Deadline deadline) = 0;

  // For a thread that waits for other things besides: what is ready while there is a token, until
  // the next Park. It takes none; Park does. Lives as long as the parker.                [PARK-05]
  // Errors:    ResourceExhausted.
  virtual absl::StatusOr<Waitable*> Listen() = 0;
};

// Tells the processor that the calling thread only looks at a word over and over, so that it does
// so at less cost to others. Returns at once; on some processors it does nothing.
void RelaxProcessor();

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_SYNC_H_
