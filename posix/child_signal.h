// How a fork server learns that one of its children has ended.
#ifndef ISOPROC_POSIX_CHILD_SIGNAL_H_
#define ISOPROC_POSIX_CHILD_SIGNAL_H_

#include <memory>

#include "absl/status/statusor.h"

namespace isoproc::port::posix {

// Turns SIGCHLD into a readable descriptor. The library leaves that signal alone everywhere else; a
// fork server is a process of its own, in which nothing but the server runs. One object at a time.
class ChildSignal {
 public:
  virtual ~ChildSignal() = default;

  // Readable when a child may have ended since the last Clear().
  virtual int descriptor() const = 0;
  virtual void Clear() = 0;

  // In a forked child: closes what it shares with the server and gives SIGCHLD back its default.
  // Changes as little memory as it can, since each page that is written to is copied.
  virtual void LeaveInChild() = 0;
};

namespace os {
absl::StatusOr<std::unique_ptr<ChildSignal>> CreateChildSignal();
}  // namespace os

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_CHILD_SIGNAL_H_
