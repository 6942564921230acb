#include "platform/core/pool/messages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "isoproc/codec.h"
#include "platform/core/shared/shared_block.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

std::byte* BytesOf(std::string& text) { return reinterpret_cast<std::byte*>(text.data()); }

// A payload grows as its bytes arrive, so that a wrong size is no wrong allocation.
constexpr uint64_t kReadPiece = uint64_t{1} << 20;

absl::Status NoRoom() {
  return absl::ResourceExhaustedError("there is no memory for so large a message");
}
absl::Status Resize(std::string& bytes, uint64_t size) {
  try {
    bytes.resize(static_cast<size_t>(size));
    return absl::OkStatus();
  } catch (const std::bad_alloc&) {
    return NoRoom();
  }
}

}  // namespace

absl::Span<const std::byte> PoolMessage::payload() const {
  if (block == nullptr) {
    return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size());
  }
  return block->bytes().subspan(0, static_cast<size_t>(size));
}

PoolMessage PoolMessage::Make(Kind kind, uint64_t size, uint64_t inline_size,
                              absl::FunctionRef<void(std::byte* into)> fill) {
  PoolMessage message;
  message.kind = kind;
  message.size = size;
  if (size > inline_size) {
    absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Create(size);
    if (block.ok()) message.block = *std::move(block);
  }
  if (message.block != nullptr) {
    fill(message.block->bytes().data());
    return message;
  }
  message.lost = size > kMostInline ? NoRoom() : Resize(message.bytes, size);
  if (message.lost.ok()) fill(BytesOf(message.bytes));
  return message;
}

absl::StatusOr<TaskFailure> ReadFailure(const PoolMessage& message) {
  absl::StatusOr<TaskFailure> failure = Decode<TaskFailure>(message.payload());
  if (!failure.ok()) return failure;
  constexpr int kLast = static_cast<int>(absl::StatusCode::kUnauthenticated);
  if (failure->code < 1 || failure->code > kLast) {
    return absl::DataLossError(absl::StrCat("a failure with code ", failure->code, " is none"));
  }
  return failure;
}

absl::Status PoolWriter::Put(PoolMessage message) {
  if (!message.lost.ok()) return message.lost;
  PoolReader::Header header = {PoolReader::kMagic,
                               static_cast<uint32_t>(message.kind),
                               message.flags,
                               static_cast<uint32_t>(message.handles.size()),
                               message.block == nullptr ? message.bytes.size() : message.size,
                               message.block != nullptr};
  port::Handle of_block;
  if (message.block != nullptr) {
    absl::StatusOr<port::Handle> handle = message.block->Share();
    if (!handle.ok()) return handle.status();
    of_block = *std::move(handle);
    ++header.handles;
  }
  std::string frame;
  const absl::Status grown = Resize(frame, sizeof(header) + message.bytes.size());
  if (!grown.ok()) return grown;
  std::memcpy(frame.data(), &header, sizeof(header));
  message.bytes.copy(frame.data() + sizeof(header), message.bytes.size());
  pieces_.push_back(Piece{std::move(frame), {}});
  if (of_block) pieces_.push_back(Piece{{}, std::move(of_block)});
  for (port::Handle& handle : message.handles) pieces_.push_back(Piece{{}, std::move(handle)});
  return absl::OkStatus();
}

absl::Status PoolWriter::Flush(port::Deadline deadline) {
  while (!pieces_.empty()) {
    Piece& piece = pieces_.front();
    if (piece.bytes.empty()) {
      const absl::Status sent = stream_.SendHandle(piece.handle, receiver_, deadline);
      if (!sent.ok()) return sent;
    } else {
      while (written_ < piece.bytes.size()) {
        const absl::StatusOr<size_t> written = stream_.Write(
            absl::MakeConstSpan(reinterpret_cast<const std::byte*>(piece.bytes.data()) + written_,
                                piece.bytes.size() - written_),
            deadline);
        if (!written.ok()) return written.status();
        written_ += *written;
      }
    }
    written_ = 0;
    pieces_.pop_front();
  }
  return absl::OkStatus();
}

absl::Status PoolReader::Fill(std::byte* into, size_t size, port::Deadline deadline) {
  while (have_ < size) {
    const absl::StatusOr<size_t> read =
        stream_.Read(absl::MakeSpan(into + have_, size - have_), deadline);
    if (!read.ok()) return read.status();
    if (*read == 0) return absl::OutOfRangeError("the stream has ended");
    have_ += *read;
  }
  return absl::OkStatus();
}

absl::StatusOr<PoolMessage> PoolReader::Read(port::Deadline deadline) {
  if (!has_header_) {
    const absl::Status filled =
        Fill(reinterpret_cast<std::byte*>(&header_), sizeof(header_), deadline);
    if (!filled.ok()) return filled;
    if (header_.magic != kMagic || header_.handles > most_handles_ ||
        (header_.in_block == 0 && header_.size > kMostInline)) {
      return absl::DataLossError("not a message of a pool");
    }
    has_header_ = true;
    have_ = 0;
  }
  if (header_.in_block == 0) {
    while (have_ < header_.size) {
      const uint64_t piece = (std::max)(kReadPiece, uint64_t{have_});
      const absl::Status grown = Resize(bytes_, (std::min)(header_.size, have_ + piece));
      if (!grown.ok()) return grown;
      const absl::Status filled = Fill(BytesOf(bytes_), bytes_.size(), deadline);
      if (!filled.ok()) return filled;
    }
  }
  while (handles_.size() < header_.handles) {
    absl::StatusOr<port::Handle> handle = stream_.ReceiveHandle(deadline);
    if (absl::IsResourceExhausted(handle.status())) {
      lost_ = handle.status();
      handle.emplace();
    }
    if (!handle.ok()) return handle.status();
    handles_.push_back(*std::move(handle));
  }
  PoolMessage message;
  message.kind = static_cast<PoolMessage::Kind>(header_.kind);
  message.flags = header_.flags;
  message.size = header_.size;
  message.bytes = std::exchange(bytes_, std::string());
  message.handles = std::exchange(handles_, {});
  message.lost = std::exchange(lost_, absl::OkStatus());
  has_header_ = false;
  have_ = 0;
  if (header_.in_block != 0 && message.lost.ok()) {
    if (message.handles.empty()) return absl::DataLossError("a payload without its block");
    absl::StatusOr<std::shared_ptr<SharedBlock>> block =
        SharedBlock::Open(std::move(message.handles.front()));
    message.handles.erase(message.handles.begin());
    if (absl::IsResourceExhausted(block.status())) {
      message.lost = block.status();
      return message;
    }
    if (!block.ok()) return block.status();
    message.block = *std::move(block);
    if (message.block->bytes().size() < message.size) {
      return absl::DataLossError("a block that is smaller than its payload");
    }
  }
  return message;
}

}  // namespace isoproc::internal
