#include "platform/core/connection/message_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/connection/message.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// Copying so much costs less than another system call.
constexpr size_t kJoinedSize = size_t{16} << 10;

constexpr std::byte ByteOf(Verdict verdict) { return static_cast<std::byte>(verdict); }
constexpr char CharOf(Verdict verdict) { return static_cast<char>(verdict); }

MessageBlock MakeBlock(absl::Span<const std::byte> payload) {
  MessageBlock block{};
  MessageHeader header;
  header.size = payload.size();
  std::memcpy(block.data(), &header, sizeof(header));
  const size_t size = (std::min)(payload.size(), kInlineSize);
  if (size > 0) std::memcpy(block.data() + sizeof(header), payload.data(), size);
  block.back() = ByteOf(payload.size() > kInlineSize ? Verdict::kGoesOn : Verdict::kWhole);
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

// What follows on the first `written` bytes of a block if it is to be given up.
std::string RestOfBlock(const MessageBlock& block, size_t written) {
  if (written == 0) return "";
  std::string rest(reinterpret_cast<const char*>(block.data()) + written, kBlockSize - written);
  rest.back() = CharOf(Verdict::kGivenUp);
  return rest;
}

// The same for a chunk of `size` bytes. Nobody will look at them.
std::string RestOfChunk(size_t size, size_t written) {
  std::string rest(size - written, '\0');
  rest.push_back(CharOf(Verdict::kGivenUp));
  return rest;
}

}  // namespace

absl::Status MessageWriter::PayOwed(port::Stream& stream, port::Deadline deadline) {
  if (owed_.empty()) return absl::OkStatus();
  size_t written = 0;
  const absl::Status status = WriteCounting(
      stream, absl::MakeConstSpan(reinterpret_cast<const std::byte*>(owed_.data()), owed_.size()),
      deadline, written);
  owed_.erase(0, written);
  return status;
}

absl::Status MessageWriter::Write(port::Stream& stream, absl::Span<const std::byte> payload,
                                  port::Deadline deadline) {
  absl::Status status = PayOwed(stream, deadline);
  if (!status.ok()) return status;
  const MessageBlock block = MakeBlock(payload);
  payload.remove_prefix((std::min)(payload.size(), kInlineSize));
  size_t written = 0;
  if (payload.empty()) {
    status = WriteCounting(stream, block, deadline, written);
    if (!status.ok()) owed_ = RestOfBlock(block, written);
    return status;
  }
  if (payload.size() < kJoinedSize) {
    std::array<std::byte, kBlockSize + kJoinedSize> joined;
    std::memcpy(joined.data(), block.data(), kBlockSize);
    std::memcpy(joined.data() + kBlockSize, payload.data(), payload.size());
    joined[kBlockSize + payload.size()] = ByteOf(Verdict::kWhole);
    status =
        WriteCounting(stream, absl::MakeConstSpan(joined.data(), kBlockSize + payload.size() + 1),
                      deadline, written);
    if (status.ok()) return status;
    owed_ = written < kBlockSize ? RestOfBlock(block, written)
                                 : RestOfChunk(payload.size(), written - kBlockSize);
    return status;
  }
  status = WriteCounting(stream, block, deadline, written);
  if (!status.ok()) {
    owed_ = RestOfBlock(block, written);
    return status;
  }
  bool is_first = true;
  while (!payload.empty()) {
    const absl::Span<const std::byte> chunk = payload.subspan(0, kChunkSize);
    payload.remove_prefix(chunk.size());
    written = 0;
    // The end of the chunk and its verdict together.
    std::array<std::byte, kJoinedSize> tail;
    const size_t tail_size = (std::min)(chunk.size(), kJoinedSize - 1);
    std::memcpy(tail.data(), chunk.data() + chunk.size() - tail_size, tail_size);
    tail[tail_size] = ByteOf(payload.empty() ? Verdict::kWhole : Verdict::kGoesOn);
    // A reader who is always faster would keep this from looking at the clock.
    const bool is_late = !is_first && deadline.Expired(port::HostPort().Now());
    is_first = false;
    status = is_late ? absl::DeadlineExceededError("the message was not sent in time")
                     : WriteCounting(stream, chunk.subspan(0, chunk.size() - tail_size), deadline,
                                     written);
    if (status.ok()) {
      status =
          WriteCounting(stream, absl::MakeConstSpan(tail.data(), tail_size + 1), deadline, written);
    }
    if (!status.ok()) {
      owed_ = RestOfChunk(chunk.size(), written);
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace isoproc::internal
