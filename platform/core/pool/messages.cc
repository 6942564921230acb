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
#include "platform/core/pool/blocks.h"
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

absl::StatusOr<TaskFailure> ReadFailure(const PoolMessage& message) {
  absl::StatusOr<TaskFailure> failure = Decode<TaskFailure>(message.payload());
  if (!failure.ok()) return failure;
  constexpr int kLast = static_cast<int>(absl::StatusCode::kUnauthenticated);
  if (failure->code < 1 || failure->code > kLast) {
    return absl::DataLossError(absl::StrCat("a failure with code ", failure->code, " is none"));
  }
  return failure;
}

absl::Status PoolWriter::PutFrame(const PoolMessage& message, size_t handles) {
  const PoolReader::Header header = {
      PoolReader::kMagic,
      static_cast<uint32_t>(message.kind),
      message.flags,
      static_cast<uint32_t>(handles),
      message.block == nullptr ? message.bytes.size() : message.size,
      message.block == nullptr ? uint64_t{0} : uint64_t{message.place} + 1};
  std::string frame;
  const absl::Status grown = Resize(frame, sizeof(header) + message.bytes.size());
  if (!grown.ok()) return grown;
  std::memcpy(frame.data(), &header, sizeof(header));
  message.bytes.copy(frame.data() + sizeof(header), message.bytes.size());
  pieces_.push_back(Piece{std::move(frame), {}});
  ++messages_;
  return absl::OkStatus();
}

void PoolWriter::Put(PoolMessage::Kind kind) {
  PoolMessage message;
  message.kind = kind;
  PutFrame(message, 0).IgnoreError();  // so little memory there always is
}

absl::Status PoolWriter::Put(PoolMessage message) {
  const absl::Status put = PutFrame(message, message.handles.size());
  if (!put.ok()) return put;
  for (port::Handle& handle : message.handles) pieces_.push_back(Piece{{}, std::move(handle)});
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> PoolWriter::PutLarge(PoolMessage message, uint64_t size,
                                              uint64_t inline_size,
                                              absl::FunctionRef<bool(uint32_t)> is_free,
                                              absl::FunctionRef<void(std::byte*)> fill) {
  absl::StatusOr<BlockShelf::Loan> loan = BlockShelf::Loan();
  if (size > inline_size) loan = PutBlock(size, is_free);
  if (!loan.ok()) return loan.status();
  absl::Status put;
  if (loan->block == nullptr) {
    put = PutInline(std::move(message), size, fill);
  } else {
    fill(loan->block->bytes().data());
    message.block = std::move(loan->block);
    message.place = loan->place;
    message.size = size;
    put = Put(std::move(message));
  }
  if (!put.ok()) return put;
  return loan->place;
}

absl::Status PoolWriter::PutInline(PoolMessage message, uint64_t size,
                                   absl::FunctionRef<void(std::byte*)> fill) {
  const absl::Status grown = size > kMostInline ? NoRoom() : Resize(message.bytes, size);
  if (!grown.ok()) return grown;
  fill(BytesOf(message.bytes));
  return Put(std::move(message));
}

absl::StatusOr<BlockShelf::Loan> PoolWriter::PutBlock(uint64_t size,
                                                      absl::FunctionRef<bool(uint32_t)> is_free) {
  absl::StatusOr<BlockShelf::Loan> loan = blocks_.Take(size, is_free);
  if (!loan.ok()) return BlockShelf::Loan();
  if (!loan->is_new) return loan;
  absl::StatusOr<port::Handle> handle = loan->block->Share();
  if (!handle.ok()) return handle.status();
  PoolMessage message;
  message.kind = PoolMessage::Kind::kBlock;
  message.flags = loan->place;
  const absl::Status put = PutFrame(message, 1);
  if (!put.ok()) return put;
  pieces_.push_back(Piece{{}, *std::move(handle)});
  blocks_.IsKnown(loan->place);
  return loan;
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
        header_.block > BlockShelf::kPlaces + 1 ||
        (header_.block == 0 && header_.size > kMostInline)) {
      return absl::DataLossError("not a message of a pool");
    }
    has_header_ = true;
    have_ = 0;
  }
  if (header_.block == 0) {
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
  ++messages_;
  const absl::Status taken = TakeBlock(message);
  if (!taken.ok()) return taken;
  return message;
}

absl::Status PoolReader::TakeBlock(PoolMessage& message) {
  if (message.kind == PoolMessage::Kind::kBlock) {
    if (message.handles.size() != 1 || message.flags > BlockShelf::kOnce) {
      return absl::DataLossError("not a block");
    }
    auto& block = blocks_[message.flags];
    if (message.lost.ok()) {
      block = SharedBlock::Open(std::move(message.handles.front()));
    } else {
      block = message.lost;
    }
    const bool is_lost = absl::IsResourceExhausted(block.status());
    return is_lost ? absl::OkStatus() : block.status();
  }
  if (header_.block == 0) return absl::OkStatus();
  message.place = static_cast<uint32_t>(header_.block - 1);
  absl::StatusOr<std::shared_ptr<SharedBlock>> block = Block(message.place);
  if (absl::IsResourceExhausted(block.status())) {
    message.lost = block.status();
    return absl::OkStatus();
  }
  if (!block.ok()) return block.status();
  message.block = *std::move(block);
  if (message.block->bytes().size() < message.size) {
    return absl::DataLossError("a block that is smaller than its payload");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<SharedBlock>> PoolReader::Block(uint32_t place) {
  auto& here = blocks_[place];
  absl::StatusOr<std::shared_ptr<SharedBlock>> block = here;
  if (place == BlockShelf::kOnce) here = std::shared_ptr<SharedBlock>();
  if (block.ok() && *block == nullptr) return absl::DataLossError("there is no such block");
  return block;
}

void PoolReader::LetGo() { blocks_.fill(std::shared_ptr<SharedBlock>()); }

}  // namespace isoproc::internal
