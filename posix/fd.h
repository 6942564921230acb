// Owned file descriptors.
#ifndef ISOPROC_POSIX_FD_H_
#define ISOPROC_POSIX_FD_H_

#include <cstdint>
#include <utility>

#include "platform/port/handle.h"

namespace isoproc::port::posix {

// Closes `fd`, once, whatever close() says; errno is kept.
void CloseFd(int fd);

// Owns a descriptor. Move-only; -1 is none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (const int old = std::exchange(fd_, fd); old >= 0) CloseFd(old);
  }

 private:
  int fd_ = -1;
};

// Moves a fresh close-on-exec descriptor out of 0, 1 and 2: a program that has closed a standard
// stream goes on writing to its number, and must not reach a socket of ours. Returns the new
// descriptor, or -1 with errno set and `fd` closed. Passes -1 through.
int AboveStandardStreams(int fd);

// The descriptor as a port::Handle, and back.
Handle HandleOf(Fd fd);
Fd FdOf(Handle handle);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_FD_H_
