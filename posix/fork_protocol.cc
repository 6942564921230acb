#include "posix/fork_protocol.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/deadline.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/passing.h"
#include "posix/syscalls.h"
#include "posix/wait.h"

namespace isoproc::port::posix {
namespace {

constexpr size_t kUsualSize = size_t{16} << 10;
constexpr uint64_t kLargest = uint64_t{1} << 30;

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// Reads until `size` bytes are in `into`, which has room for them and perhaps more. `*done` counts
// what there is; the descriptors that come along go to `fds`. False: end of stream.
absl::StatusOr<bool> ReceiveUntil(int socket, size_t size, absl::Span<std::byte> into, size_t* done,
                                  std::vector<Fd>* fds) {
  while (*done < size) {
    Received received = ReceiveWithFds(socket, into.subspan(*done));
    if (received.size == 0 || (received.size < 0 && received.error == ECONNRESET)) return false;
    if (received.size < 0) {
      if (!WouldBlock(received.error)) return PosixError(received.error, "recvmsg");
      absl::Status status = PollOne(socket, POLLIN, Deadline::Never());
      if (!status.ok()) return status;
      continue;
    }
    *done += static_cast<size_t>(received.size);
    for (Fd& fd : received.fds) fds->push_back(std::move(fd));
  }
  return true;
}

}  // namespace

void SendStatus(int socket, const StatusRecord& record) {
  (void)RetryOnEintr(
      [&] { return sys.send(socket, &record, sizeof(record), MSG_DONTWAIT | MSG_NOSIGNAL); });
}

StatusReceived ReceiveStatus(int socket, int flags) {
  StatusReceived received;
  const ssize_t count = RetryOnEintr(
      [&] { return sys.recv(socket, &received.record, sizeof(received.record), flags); });
  if (count == static_cast<ssize_t>(sizeof(received.record)) &&
      received.record.magic == StatusRecord::kMagic) {
    received.kind = StatusReceived::Kind::kRecord;
  } else if (count >= 0 || errno == ECONNRESET) {
    // After any other error the peer may still be there, and is asked again.
    received.kind = StatusReceived::Kind::kEndOfStream;
  }
  return received;
}

absl::Status SendRequest(int server, RequestHeader header, const std::string& working_directory,
                         char* const* environment, absl::Span<const int> descriptors,
                         Deadline deadline) {
  std::string message(sizeof(header), '\0');
  message.append(working_directory.c_str(), working_directory.size() + 1);
  for (char* const* entry = environment; *entry != nullptr; ++entry) {
    message.append(*entry, std::strlen(*entry) + 1);
  }
  header.size = message.size() - sizeof(header);
  header.descriptors = static_cast<int32_t>(descriptors.size());
  std::memcpy(message.data(), &header, sizeof(header));

  absl::Span<const std::byte> rest(reinterpret_cast<const std::byte*>(message.data()),
                                   message.size());
  bool first = true;
  while (!rest.empty()) {
    const ssize_t count = first ? SendWithFds(server, rest, descriptors) : RetryOnEintr([&] {
      return sys.send(server, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    });
    const int error = errno;
    if (count >= 0) {
      rest.remove_prefix(static_cast<size_t>(count));
      first = false;
      continue;
    }
    if (error == EBADF && first) {
      return PosixErrorAs(absl::StatusCode::kInvalidArgument, error, "sendmsg");
    }
    if (!WouldBlock(error)) {
      // Half a request would be taken for the beginning of the next one: the server must not go on.
      if (!first) (void)::shutdown(server, SHUT_RDWR);
      return PosixError(error, "sendmsg");
    }
    if (absl::Status status = PollOne(server, POLLOUT, deadline); !status.ok()) {
      if (!first) (void)::shutdown(server, SHUT_RDWR);
      return status;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ForkRequest>> ReceiveRequest(int server) {
  auto request = std::make_unique<ForkRequest>();
  std::string& text = request->text;
  // Most requests arrive in one piece.
  text.resize(kUsualSize);
  const auto room = [&text] {
    return absl::MakeSpan(reinterpret_cast<std::byte*>(text.data()), text.size());
  };
  size_t done = 0;
  absl::StatusOr<bool> more =
      ReceiveUntil(server, sizeof(RequestHeader), room(), &done, &request->descriptors);
  if (!more.ok()) return more.status();
  if (!*more) return nullptr;
  std::memcpy(&request->header, text.data(), sizeof(RequestHeader));
  const uint64_t size = request->header.size;
  // The requester waits for an answer, so nothing follows the request.
  if (request->header.magic != RequestHeader::kMagic || size == 0 || size > kLargest ||
      done > sizeof(RequestHeader) + size) {
    return absl::DataLossError("not a request for a fork server");
  }
  text.resize(sizeof(RequestHeader) + size);
  more = ReceiveUntil(server, text.size(), room(), &done, &request->descriptors);
  if (!more.ok()) return more.status();
  if (!*more) return nullptr;
  text.erase(0, sizeof(RequestHeader));
  if (text.back() != '\0') return absl::DataLossError("not a request for a fork server");
  request->working_directory = text.c_str();
  char* const end = text.data() + text.size();
  for (char* entry = text.data() + std::strlen(text.data()) + 1; entry < end;
       entry += std::strlen(entry) + 1) {
    request->environment.push_back(entry);
  }
  request->environment.push_back(nullptr);
  const bool complete =
      request->descriptors.size() == static_cast<size_t>(request->header.descriptors) &&
      std::all_of(request->descriptors.begin(), request->descriptors.end(),
                  [](const Fd& fd) { return static_cast<bool>(fd); });
  if (!complete) request->descriptors.clear();
  return request;
}

}  // namespace isoproc::port::posix
