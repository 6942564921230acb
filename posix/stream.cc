#include "posix/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "platform/port/handle.h"
#include "platform/port/stream.h"
#include "posix/child_after_fork.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/os.h"
#include "posix/passing.h"
#include "posix/syscalls.h"
#include "posix/wait.h"

namespace isoproc::port::posix {
namespace {

// In the place of a handle: there is none.
constexpr std::byte kNoHandle{'n'};

// Some systems refuse sizes that do not fit into an int.
constexpr size_t kMostAtOnce = size_t{1} << 30;

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// A connected Unix stream socket, in so far as the system tells.
bool IsStreamSocket(int fd) {
  sockaddr_storage address;
  socklen_t size = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (address.ss_family != AF_UNIX) return false;
  int type = 0;
  size = sizeof(type);
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

// A child finds its stream at the same number always, so nothing else can be meant.
constexpr std::string_view kBootstrapToken = "3";
static_assert(kBootstrapFd == 3);

bool IsBootstrap(absl::Span<const std::byte> expected) {
  std::byte first[64];
  if (expected.empty() || expected.size() > sizeof(first)) return false;
  if (!IsStreamSocket(kBootstrapFd)) return false;
  const ssize_t count = RetryOnEintr(
      [&] { return sys.recv(kBootstrapFd, first, expected.size(), MSG_PEEK | MSG_DONTWAIT); });
  return count == static_cast<ssize_t>(expected.size()) &&
         std::memcmp(first, expected.data(), expected.size()) == 0;
}

}  // namespace

absl::StatusOr<size_t> PosixStream::Read(absl::Span<std::byte> into, Deadline deadline) {
  const size_t size = std::min(into.size(), kMostAtOnce);
  // Asked first and slept later: when there is data, this is the only system call. So it is when
  // there is no deadline, unless somebody has made the descriptor non-blocking.
  const int flags = deadline.never() ? 0 : MSG_DONTWAIT;
  while (true) {
    const ssize_t count =
        RetryOnEintr([&] { return sys.recv(fd_.get(), into.data(), size, flags); });
    const int error = errno;
    if (count >= 0) return static_cast<size_t>(count);
    // The peer closed while bytes of ours were still unread at its side; its own have come already.
    if (error == ECONNRESET) return size_t{0};
    if (!WouldBlock(error)) return PosixError(error, "recv");
    if (absl::Status status = PollOne(fd_.get(), POLLIN, deadline); !status.ok()) return status;
  }
}

absl::StatusOr<size_t> PosixStream::Write(absl::Span<const std::byte> bytes, Deadline deadline) {
  const size_t size = std::min(bytes.size(), kMostAtOnce);
  while (true) {
    const ssize_t count = RetryOnEintr(
        [&] { return sys.send(fd_.get(), bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL); });
    const int error = errno;
    if (count >= 0) return static_cast<size_t>(count);
    if (!WouldBlock(error)) return PosixError(error, "send");
    if (absl::Status status = PollOne(fd_.get(), POLLOUT, deadline); !status.ok()) return status;
  }
}

absl::Status PosixStream::SendHandle(const Handle& handle, const ProcessIdentity&,
                                     Deadline deadline) {
  if (!handle) return Write(absl::MakeConstSpan(&kNoHandle, 1), deadline).status();
  const int fd = static_cast<int>(handle.native());
  // Descriptors travel with bytes; this one is theirs alone.
  const std::byte carrier{'h'};
  while (true) {
    const ssize_t count = SendWithFds(fd_.get(), absl::MakeConstSpan(&carrier, 1), {&fd, 1});
    const int error = errno;
    if (count >= 0) return absl::OkStatus();
    if (!WouldBlock(error)) return PosixError(error, "sendmsg");
    if (absl::Status status = PollOne(fd_.get(), POLLOUT, deadline); !status.ok()) return status;
  }
}

absl::StatusOr<Handle> PosixStream::ReceiveHandle(Deadline deadline) {
  std::byte carrier;
  while (true) {
    Received received = ReceiveWithFds(fd_.get(), absl::MakeSpan(&carrier, 1));
    if (received.size == 0 || (received.size < 0 && received.error == ECONNRESET)) {
      return absl::OutOfRangeError("end of stream");
    }
    if (received.size > 0) {
      if (received.truncated) return PosixError(EMFILE, "recvmsg");
      if (received.fds.empty() && carrier == kNoHandle) return Handle();
      if (received.fds.size() != 1) {
        return absl::DataLossError("no handle at this place of the stream");
      }
      return HandleOf(std::move(received.fds.front()));
    }
    if (!WouldBlock(received.error)) {
      const absl::StatusCode code = StatusCodeOf(received.error);
      const bool is_shortage = code == absl::StatusCode::kResourceExhausted;
      return PosixErrorAs(is_shortage ? absl::StatusCode::kAborted : code, received.error,
                          "recvmsg");
    }
    if (absl::Status status = PollOne(fd_.get(), POLLIN, deadline); !status.ok()) return status;
  }
}

// Fails if the peer has gone, and then nobody waits.
void PosixStream::Interrupt() { (void)::shutdown(fd_.get(), SHUT_RDWR); }

absl::StatusOr<FdPair> CreateSocketPair() {
  int fds[2];
  if (sys.socketpair(SOCK_STREAM, fds) != 0) return PosixError(errno, "socketpair");
  FdPair pair;
  pair.second.reset(fds[1]);
  pair.first.reset(AboveStandardStreams(fds[0]));
  if (!pair.first) return PosixError(errno, "fcntl");
  pair.second.reset(AboveStandardStreams(pair.second.release()));
  if (!pair.second) return PosixError(errno, "fcntl");
  return pair;
}

absl::StatusOr<StreamPair> CreateStreamPair() {
  absl::StatusOr<FdPair> fds = CreateSocketPair();
  if (!fds.ok()) return fds.status();
  StreamPair pair;
  pair.first = std::make_unique<PosixStream>(std::move(fds->first));
  pair.second = std::make_unique<PosixStream>(std::move(fds->second));
  return pair;
}

absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle) {
  Fd fd = FdOf(std::move(handle));
  if (!fd || !IsStreamSocket(fd.get())) {
    return absl::InvalidArgumentError("the handle is not a stream");
  }
  os::SuppressSigpipe(fd.get());
  return std::make_unique<PosixStream>(std::move(fd));
}

absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(std::string_view token,
                                                       absl::Span<const std::byte> expected) {
  const auto not_found = [] { return absl::NotFoundError("no bootstrap stream"); };
  if (token != kBootstrapToken || !IsBootstrap(expected)) return not_found();
  if (sys.fcntl(kBootstrapFd, F_SETFD, FD_CLOEXEC) != 0) return not_found();
  os::SuppressSigpipe(kBootstrapFd);
  return std::make_unique<PosixStream>(Fd(kBootstrapFd));
}

std::optional<std::string> FindBootstrap(absl::Span<const std::byte> expected) {
  // Each child makes itself the owner of its stream, and stays so when others get a copy.
  if (sys.fcntl(kBootstrapFd, F_GETOWN, 0) != ::getpid()) return std::nullopt;
  if (!IsBootstrap(expected)) return std::nullopt;
  return std::string(kBootstrapToken);
}

int FdOfStream(const Stream& stream) { return static_cast<const PosixStream&>(stream).fd(); }

}  // namespace isoproc::port::posix
