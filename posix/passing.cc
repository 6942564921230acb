#include "posix/passing.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "absl/types/span.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/syscalls.h"

namespace isoproc::port::posix {
namespace {

union ControlBuffer {
  cmsghdr alignment;
  char bytes[CMSG_SPACE(sizeof(int) * kMostPassed)];
};

}  // namespace

ssize_t SendWithFds(int socket, absl::Span<const std::byte> bytes, absl::Span<const int> fds) {
  iovec part = {.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
  ControlBuffer control;
  std::memset(&control, 0, sizeof(control));
  msghdr message;
  std::memset(&message, 0, sizeof(message));
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen =
      static_cast<decltype(message.msg_controllen)>(CMSG_SPACE(sizeof(int) * fds.size()));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = static_cast<decltype(header->cmsg_len)>(CMSG_LEN(sizeof(int) * fds.size()));
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  return RetryOnEintr([&] { return sys.sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

Received ReceiveWithFds(int socket, absl::Span<std::byte> into) {
  Received received;
  iovec part = {.iov_base = into.data(), .iov_len = into.size()};
  ControlBuffer control;
  std::memset(&control, 0, sizeof(control));
  msghdr message;
  std::memset(&message, 0, sizeof(message));
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  const os::SpawnLock lock;  // held shortly: nothing here waits
  received.size = RetryOnEintr(
      [&] { return sys.recvmsg(socket, &message, MSG_DONTWAIT | os::ReceiveFlags()); });
  if (received.size < 0) {
    received.error = errno;
    return received;
  }
  received.truncated = (message.msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      os::MarkReceived(fd);
      received.fds.emplace_back(AboveStandardStreams(fd));
      if (!received.fds.back()) received.truncated = true;
    }
  }
  return received;
}

}  // namespace isoproc::port::posix
