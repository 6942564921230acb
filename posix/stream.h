// Streams are connected Unix stream sockets.
#ifndef ISOPROC_POSIX_STREAM_H_
#define ISOPROC_POSIX_STREAM_H_

#include <cstddef>
#include <cstdint>
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
#include "posix/fd.h"
#include "posix/waitable.h"

namespace isoproc::port::posix {

class PosixStream final : public Stream, public Pollable {
 public:
  explicit PosixStream(Fd fd) : fd_(std::move(fd)) {}

  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline deadline) override;
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline deadline) override;
  absl::Status SendHandle(const Handle& handle, const ProcessIdentity& receiver,
                          Deadline deadline) override;
  absl::StatusOr<Handle> ReceiveHandle(Deadline deadline) override;
  void Interrupt() override;
  Handle Detach() override { return HandleOf(std::move(fd_)); }
  int64_t native() const override { return fd_.get(); }

  absl::StatusOr<int> Descriptor() override { return fd_.get(); }

  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

// The two ends of a socket pair, close-on-exec.
struct FdPair {
  Fd first;
  Fd second;
};
absl::StatusOr<FdPair> CreateSocketPair();

absl::StatusOr<StreamPair> CreateStreamPair();
absl::StatusOr<std::unique_ptr<Stream>> AdoptStream(Handle handle);

// See Port::AdoptBootstrap.
absl::StatusOr<std::unique_ptr<Stream>> AdoptBootstrap(std::string_view token,
                                                       absl::Span<const std::byte> expected);
// See Port::FindBootstrap.
std::optional<std::string> FindBootstrap(absl::Span<const std::byte> expected);

// The descriptor of a stream of this port.
int FdOfStream(const Stream& stream);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_STREAM_H_
