#include "platform/core/connection/message_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/connection/message.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// Copying so much costs less than another system call.
constexpr size_t kJoinedSize = size_t{16} << 10;
// Of a longer chunk, what goes with the block, and with the verdict.
constexpr size_t kHeadSize = kJoinedSize / 4;
constexpr size_t kTailSize = kJoinedSize / 4;

constexpr std::byte ByteOf(Verdict verdict) { return static_cast<std::byte>(verdict); }

MessageBlock MakeBlock(absl::Span<const std::byte> payload, Verdict last) {
  MessageBlock block{};
  MessageHeader header;
  header.size = payload.size();
  std::memcpy(block.data(), &header, sizeof(header));
  const size_t size = (std::min)(payload.size(), kInlineSize);
  if (size > 0) std::memcpy(block.data() + sizeof(header), payload.data(), size);
  block.back() = ByteOf(payload.size() > kInlineSize ? Verdict::kGoesOn : last);
  return block;
}

// Writes all of `bytes`, and counts them in `written`, also if it fails.
absl::Status WriteCounting(port::Stream& stream, absl::Span<const std::byte> bytes,
                           port::Deadline deadline, size_t& written) {
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> size = stream.Write(bytes, deadline);
    if (!size.ok()) return size.status();
    written += *size;
    bytes.remove_prefix(*size);
  }
  return absl::OkStatus();
}

// Writes `before`, the chunk and its verdict, and counts them in `written`, also if it fails. What
// is short does not go alone.
absl::Status WriteChunk(port::Stream& stream, absl::Span<const std::byte> before,
                        absl::Span<const std::byte> chunk, Verdict verdict, port::Deadline deadline,
                        size_t& written) {
  std::array<std::byte, kBlockSize + kJoinedSize> joined;
  size_t size = 0;
  const auto join = [&](absl::Span<const std::byte> bytes) {
    std::memcpy(joined.data() + size, bytes.data(), bytes.size());
    size += bytes.size();
  };
  const auto write = [&] {
    return WriteCounting(stream, absl::MakeConstSpan(joined.data(), std::exchange(size, 0)),
                         deadline, written);
  };
  if (!before.empty()) join(before);
  if (chunk.size() >= kJoinedSize) {
    absl::Span<const std::byte> rest = chunk;
    if (!before.empty()) {
      join(rest.first(kHeadSize));
      rest.remove_prefix(kHeadSize);
      if (absl::Status status = write(); !status.ok()) return status;
    }
    const size_t middle = rest.size() - kTailSize;
    absl::Status status = WriteCounting(stream, rest.first(middle), deadline, written);
    if (!status.ok()) return status;
    chunk = rest.subspan(middle);
  }
  join(chunk);
  joined[size++] = ByteOf(verdict);
  return write();
}

// What follows on the first `written` bytes of a block if it is to be given up.
OwedBytes RestOfBlock(const MessageBlock& block, size_t written) {
  if (written == 0) return {};
  return {absl::MakeConstSpan(block).subspan(written), kBlockSize - written};
}

// The same for a chunk of `size` bytes. Nobody will look at them.
OwedBytes RestOfChunk(size_t size, size_t written) { return {{}, size - written + 1}; }

}  // namespace

MessageBlock BlockOfParcel(const Enclosed& enclosed) {
  MessageBlock block{};
  std::memcpy(block.data(), &MessageHeader::kParcelMagic, sizeof(uint64_t));
  std::memcpy(block.data() + sizeof(uint64_t), &enclosed, sizeof(enclosed));
  block.back() = ByteOf(Verdict::kGoesOn);
  return block;
}

OwedBytes::OwedBytes(absl::Span<const std::byte> begin, size_t size) : size_(size) {
  const size_t known = (std::min)(begin.size(), begin_.size());
  if (known > 0) std::memcpy(begin_.data(), begin.data(), known);
}

size_t OwedBytes::CopyTo(absl::Span<std::byte> into) const {
  const size_t size = (std::min)(into.size(), size_);
  for (size_t i = 0; i < size; ++i) into[i] = i < begin_.size() ? begin_[i] : std::byte{0};
  if (size > 0 && size == size_) into[size - 1] = ByteOf(Verdict::kGivenUp);
  return size;
}

void OwedBytes::RemovePrefix(size_t size) {
  size_ -= size;
  const size_t known = (std::min)(size, begin_.size());
  std::rotate(begin_.begin(), begin_.begin() + known, begin_.end());
  std::fill(begin_.end() - known, begin_.end(), std::byte{0});
}

MessageWriter::MessageWriter(const std::string& owed, bool owes_handle)
    : owes_handle_(owes_handle),
      owed_(absl::MakeConstSpan(reinterpret_cast<const std::byte*>(owed.data()), owed.size()),
            owed.size()) {}

std::string MessageWriter::owed() const {
  std::string bytes(owed_.size(), '\0');
  owed_.CopyTo(absl::MakeSpan(reinterpret_cast<std::byte*>(bytes.data()), bytes.size()));
  return bytes;
}

absl::Status MessageWriter::PayOwed(port::Stream& stream, port::Deadline deadline) {
  if (owes_handle_) {
    absl::Status status = stream.SendHandle(port::Handle(), /*receiver=*/{}, deadline);
    if (!status.ok()) return status;
    owes_handle_ = false;
  }
  while (!owed_.empty()) {
    std::array<std::byte, kJoinedSize> next;
    const size_t size = owed_.CopyTo(absl::MakeSpan(next));
    const absl::StatusOr<size_t> written =
        stream.Write(absl::MakeConstSpan(next.data(), size), deadline);
    if (!written.ok()) return written.status();
    owed_.RemovePrefix(*written);
  }
  return absl::OkStatus();
}

absl::Status MessageWriter::WriteBlock(port::Stream& stream, const MessageBlock& block,
                                       port::Deadline deadline) {
  size_t written = 0;
  absl::Status status = WriteCounting(stream, block, deadline, written);
  if (!status.ok()) owed_ = RestOfBlock(block, written);
  return status;
}

absl::Status MessageWriter::WriteWith(const Enclosed& enclosed, OutgoingHandles& handles,
                                      port::Stream& stream, absl::Span<const std::byte> payload,
                                      port::Deadline deadline) {
  absl::Status status = PayOwed(stream, deadline);
  if (!status.ok()) return status;
  const MessageBlock block = BlockOfParcel(enclosed);
  status = WriteBlock(stream, block, deadline);
  if (!status.ok()) return status;
  const bool has_handles = !handles.handles.empty();
  status =
      WritePayload(stream, payload, has_handles ? Verdict::kHandles : Verdict::kWhole, deadline);
  if (status.ok() && has_handles) status = WriteHandles(stream, handles, deadline);
  // Or the parcel would be the next message's.
  if (!status.ok() && owed_.empty() && !owes_handle_) owed_ = OwedBytes(block, kBlockSize);
  return status;
}

absl::Status MessageWriter::WriteHandles(port::Stream& stream, OutgoingHandles& handles,
                                         port::Deadline deadline) {
  for (const port::Handle& handle : handles.handles) {
    absl::Status sent = stream.SendHandle(handle, handles.receiver, deadline);
    if (!sent.ok()) {
      owes_handle_ = true;
      return sent;
    }
    ++handles.sent;
  }
  const std::byte verdict = ByteOf(Verdict::kWhole);
  absl::Status status = stream.Write(absl::MakeConstSpan(&verdict, 1), deadline).status();
  if (!status.ok()) owed_ = OwedBytes({}, 1);
  return status;
}

absl::Status MessageWriter::WriteNothing(port::Stream& stream, port::Deadline deadline) {
  absl::Status status = PayOwed(stream, deadline);
  if (!status.ok()) return status;
  return WriteBlock(stream, MakeBlock({}, Verdict::kGivenUp), deadline);
}

absl::Status MessageWriter::Write(port::Stream& stream, absl::Span<const std::byte> payload,
                                  port::Deadline deadline) {
  absl::Status status = PayOwed(stream, deadline);
  if (!status.ok()) return status;
  return WritePayload(stream, payload, Verdict::kWhole, deadline);
}

absl::Status MessageWriter::WritePayload(port::Stream& stream, absl::Span<const std::byte> payload,
                                         Verdict last, port::Deadline deadline) {
  const MessageBlock block = MakeBlock(payload, last);
  payload.remove_prefix((std::min)(payload.size(), kInlineSize));
  if (payload.empty()) return WriteBlock(stream, block, deadline);
  // The block comes with the first chunk.
  for (absl::Span<const std::byte> before = block; !payload.empty(); before = {}) {
    const absl::Span<const std::byte> chunk = payload.subspan(0, kChunkSize);
    payload.remove_prefix(chunk.size());
    size_t written = 0;
    // A reader who is always faster would keep this from looking at the clock.
    const bool is_late = before.empty() && deadline.Expired(port::HostPort().Now());
    absl::Status status =
        is_late ? absl::DeadlineExceededError("the message was not sent in time")
                : WriteChunk(stream, before, chunk, payload.empty() ? last : Verdict::kGoesOn,
                             deadline, written);
    if (!status.ok()) {
      owed_ = written < before.size() ? RestOfBlock(block, written)
                                      : RestOfChunk(chunk.size(), written - before.size());
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace isoproc::internal
