// A stream without a system: what is to be read is given, what is written is kept. A handle is the
// byte 'h' there, and an empty one is 'n'.
#ifndef ISOPROC_PLATFORM_TESTING_BYTE_STREAM_H_
#define ISOPROC_PLATFORM_TESTING_BYTE_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/port/port.h"

namespace isoproc::port {

class ByteStream final : public Stream {
 public:
  static constexpr size_t kAll = (std::numeric_limits<size_t>::max)();

  ByteStream() = default;
  // `input` is read to its end, which is the end of the stream. After each `pause` bytes a Read is
  // late once.
  explicit ByteStream(std::string input, size_t pause = kAll)
      : input_(std::move(input)), pause_(pause), until_pause_(pause) {}

  // After that many bytes, a Write is late.
  void set_room(size_t room) { room_ = room; }
  const std::string& written() const { return written_; }

  absl::StatusOr<size_t> Read(absl::Span<std::byte> into, Deadline) override {
    if (until_pause_ == 0) {
      until_pause_ = pause_;
      return absl::DeadlineExceededError("a pause");
    }
    const size_t size = (std::min)({into.size(), input_.size() - read_, until_pause_});
    if (size > 0) std::memcpy(into.data(), input_.data() + read_, size);
    read_ += size;
    if (until_pause_ != kAll) until_pause_ -= size;
    return size;
  }
  absl::StatusOr<size_t> Write(absl::Span<const std::byte> bytes, Deadline) override {
    const size_t size = (std::min)(bytes.size(), room_);
    if (size == 0) return absl::DeadlineExceededError("no room");
    written_.append(reinterpret_cast<const char*>(bytes.data()), size);
    room_ -= size;
    return size;
  }
  absl::Status SendHandle(const Handle& handle, const ProcessIdentity&,
                          Deadline deadline) override {
    const std::byte byte{static_cast<unsigned char>(handle ? 'h' : 'n')};
    return Write(absl::MakeConstSpan(&byte, 1), deadline).status();
  }
  absl::StatusOr<Handle> ReceiveHandle(Deadline deadline) override {
    std::byte byte{};
    const absl::StatusOr<size_t> size = Read(absl::MakeSpan(&byte, 1), deadline);
    if (!size.ok()) return size.status();
    if (*size == 0) return absl::OutOfRangeError("the end");
    if (byte == std::byte{'n'}) return Handle();
    if (byte != std::byte{'h'}) return absl::DataLossError("no handle");
    return NewHandle();
  }
  void Interrupt() override {}
  // A handle of nothing; how many of these are open.
  static Handle NewHandle() {
    ++open_;
    return Handle(1, [](int64_t) { --open_; });
  }
  static int open_handles() { return open_; }
  Handle Detach() override { return {}; }
  int64_t native() const override { return -1; }

 private:
  static inline int open_ = 0;

  std::string input_;
  size_t read_ = 0;
  size_t pause_ = kAll;
  size_t until_pause_ = kAll;
  std::string written_;
  size_t room_ = kAll;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_TESTING_BYTE_STREAM_H_
