// Descriptors that travel along a socket (SCM_RIGHTS).
#ifndef ISOPROC_POSIX_PASSING_H_
#define ISOPROC_POSIX_PASSING_H_

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "posix/fd.h"

namespace isoproc::port::posix {

// More travel with no message of ours.
constexpr size_t kMostPassed = 8;

// Sends as many of `bytes` as fit now, not empty, with `fds` attached to the first of them. As
// send(): -1 and errno, and then nothing was sent; never blocks, raises no signal.
ssize_t SendWithFds(int socket, absl::Span<const std::byte> bytes, absl::Span<const int> fds);

struct Received {
  ssize_t size = -1;  // as recv()
  int error = 0;      // errno, if size is -1
  std::vector<Fd> fds;
  bool truncated = false;  // descriptors were lost: this process has no room for them
};

// Receives what is there, with its descriptors; never blocks.
Received ReceiveWithFds(int socket, absl::Span<std::byte> into);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_PASSING_H_
