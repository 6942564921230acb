#include "platform/core/connection/message_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/connection/message.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// Memory of longer messages is not kept for the next.
constexpr size_t kKeptSize = 2 * kChunkSize;

// A copy of less costs no more than the call of the system that it would take to read a chunk and
// its verdict apart.
constexpr uint64_t kDirectSize = uint64_t{16} << 10;

// Memory is asked for as bytes come, and is still in the processor's cache when they do.
constexpr size_t kStepSize = size_t{128} << 10;

// Does what may need more memory than there is; nothing has changed then.
absl::Status WithMemory(absl::FunctionRef<void()> grow) {
  try {
    grow();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("there is no memory for the next message");
  } catch (const std::length_error&) {
    return absl::ResourceExhaustedError("the next message is larger than memory can be");
  }
  return absl::OkStatus();
}

// Of the chunk that begins at `begin` of a message of `size` bytes.
size_t EndOfChunk(size_t begin, uint64_t size) {
  return begin + static_cast<size_t>((std::min<uint64_t>)(size - begin, kChunkSize));
}

}  // namespace

absl::Status MessageReader::Corrupt() {
  Lose();
  state_ = State::kCorrupt;
  return absl::DataLossError("what came over the connection is no message of isoproc");
}

absl::Status MessageReader::AtEnd() {
  has_ended_ = true;
  if (block_filled_ == 0 && enclosed_.parcel == 0) {
    return absl::OutOfRangeError(kOtherEndIsClosed);
  }
  Lose();
  return absl::DataLossError("the connection ended inside a message");
}

absl::StatusOr<size_t> MessageReader::ReadSome(port::Stream& stream, absl::Span<std::byte> into,
                                               port::Deadline deadline) {
  if (replayed_ == replay_.size()) {
    // A stream that always has more would never look at the clock.
    if (read_in_call_ >= kChunkSize) {
      if (deadline.Expired(port::HostPort().Now())) {
        return absl::DeadlineExceededError("the message has not come in time");
      }
      read_in_call_ = 0;
    }
    const absl::StatusOr<size_t> size = stream.Read(into, deadline);
    if (size.ok()) read_in_call_ += *size;
    return size;
  }
  const size_t size = (std::min)(into.size(), replay_.size() - replayed_);
  std::memcpy(into.data(), replay_.data() + replayed_, size);
  replayed_ += size;
  return size;
}

absl::Status MessageReader::Begin(port::Stream& stream, port::Deadline deadline) {
  if (state_ == State::kCorrupt) return Corrupt();
  while (!HasBegun() || IsDiscarded()) {
    if (HasBegun()) {
      const absl::Status finished = Finish(stream, deadline);
      if (!finished.ok()) return finished;
      if (HasBegun()) Lose();
      continue;
    }
    while (block_filled_ < kBlockSize) {
      const absl::StatusOr<size_t> size =
          ReadSome(stream, absl::MakeSpan(block_).subspan(block_filled_), deadline);
      if (!size.ok()) return size.status();
      if (*size == 0) return AtEnd();
      block_filled_ += *size;
    }
    MessageHeader header;
    std::memcpy(&header, block_.data(), sizeof(header));
    const auto verdict = static_cast<Verdict>(block_.back());
    if (header.magic != MessageHeader::kMagic) {
      if (header.magic != MessageHeader::kParcelMagic || !TakeParcel(verdict)) return Corrupt();
      continue;
    }
    if (verdict == Verdict::kGivenUp) {
      Lose();
      continue;
    }
    const bool goes_on = verdict == Verdict::kGoesOn || verdict == Verdict::kDiscarded;
    if (header.size <= kInlineSize ? verdict != LastVerdict() : !goes_on) return Corrupt();
    size_ = header.size;
    if (goes_on) {
      if (long_.size() < kInlineSize) long_.resize(kInlineSize);
      std::memcpy(long_.data(), block_.data() + sizeof(header), kInlineSize);
      long_read_ = kInlineSize;
    }
    state_ = StateAfter(verdict);
  }
  return absl::OkStatus();
}

MessageReader::State MessageReader::StateAfter(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWhole:
      return State::kWhole;
    case Verdict::kHandles:
      return State::kAtHandles;
    default:
      return State::kInPayload;
  }
}

absl::Status MessageReader::Judge(Verdict verdict) {
  if (verdict == Verdict::kGivenUp) {
    Lose();
    return absl::OkStatus();
  }
  if (verdict != (long_read_ == size_ ? LastVerdict() : Verdict::kGoesOn)) return Corrupt();
  state_ = StateAfter(verdict);
  return absl::OkStatus();
}

// A block that is not the beginning of a message.
bool MessageReader::TakeParcel(Verdict verdict) {
  if (verdict == Verdict::kGivenUp) {
    Lose();
    return true;
  }
  if (verdict != Verdict::kGoesOn || enclosed_.parcel != 0) return false;
  std::memcpy(&enclosed_, block_.data() + sizeof(uint64_t), sizeof(enclosed_));
  block_filled_ = 0;
  return enclosed_.parcel != 0 && enclosed_.handles() <= kMostHandles;
}

absl::Status MessageReader::FinishHandles(port::Stream& stream, port::Deadline deadline) {
  // What an owner before has read holds no handles: an end that may have read some does not move.
  if (replayed_ < replay_.size()) return Corrupt();
  while (handles_.size() < enclosed_.handles()) {
    const absl::Status grown =
        WithMemory([&] { handles_.reserve(static_cast<size_t>(enclosed_.handles())); });
    if (!grown.ok()) return grown;
    absl::StatusOr<port::Handle> handle = stream.ReceiveHandle(deadline);
    if (absl::IsOutOfRange(handle.status())) return AtEnd();
    if (absl::IsDataLoss(handle.status())) return Corrupt();
    if (absl::IsResourceExhausted(handle.status())) {
      handle = port::Handle();  // it is lost, but not what is behind it
    } else if (absl::IsAborted(handle.status())) {
      return absl::ResourceExhaustedError(handle.status().message());
    } else if (!handle.ok()) {
      return handle.status();
    } else if (!*handle) {
      Lose();
      return absl::OkStatus();
    }
    if (IsDiscarded()) handle->reset();
    handles_.push_back(*std::move(handle));
  }
  std::byte verdict{};
  const absl::StatusOr<size_t> size = ReadSome(stream, absl::MakeSpan(&verdict, 1), deadline);
  if (!size.ok()) return size.status();
  if (*size == 0) return AtEnd();
  switch (static_cast<Verdict>(verdict)) {
    case Verdict::kWhole:
      state_ = State::kWhole;
      return absl::OkStatus();
    case Verdict::kGivenUp:
      Lose();
      return absl::OkStatus();
    default:
      return Corrupt();
  }
}

absl::Status MessageReader::Finish(port::Stream& stream, port::Deadline deadline) {
  while (state_ == State::kInPayload || state_ == State::kAtHandles) {
    if (state_ == State::kAtHandles) {
      const absl::Status finished = FinishHandles(stream, deadline);
      if (!finished.ok()) return finished;
      continue;
    }
    if (chunk_end_ == 0) {
      if (IsDiscarded()) ForgetChunks();
      chunk_end_ = EndOfChunk(long_read_, size_);
    }
    while (long_read_ <= chunk_end_) {
      const size_t end = (std::min)(chunk_end_ + 1, long_read_ + kStepSize);
      const absl::Status grown = WithMemory([&] {
        // As much as may be taken ahead: most often all.
        if (long_read_ == kInlineSize) long_.reserve(chunk_end_ + 1);
        if (long_.size() < end) long_.resize(end);
      });
      if (!grown.ok()) return grown;
      const absl::StatusOr<size_t> size = ReadSome(
          stream,
          absl::MakeSpan(reinterpret_cast<std::byte*>(long_.data()), end).subspan(long_read_),
          deadline);
      if (!size.ok()) return size.status();
      if (*size == 0) return AtEnd();
      long_read_ += *size;
    }
    const auto verdict = static_cast<Verdict>(long_[chunk_end_]);
    long_read_ = std::exchange(chunk_end_, 0);
    const absl::Status judged = Judge(verdict);
    if (!judged.ok()) return judged;
  }
  return absl::OkStatus();
}

absl::Status MessageReader::FinishDirectly(port::Stream& stream, port::Deadline deadline,
                                           absl::Span<std::byte> into) {
  // Before anything is read: what has come is kept here if the time is over.
  const absl::Status grown = WithMemory([&] { long_.reserve(static_cast<size_t>(size_) + 1); });
  if (!grown.ok()) return grown;
  std::memcpy(into.data(), long_.data(), kInlineSize);
  while (state_ == State::kInPayload) {
    const size_t end = EndOfChunk(long_read_, size_);
    absl::StatusOr<size_t> size = size_t{1};
    while (size.ok() && *size > 0 && long_read_ < end) {
      size = ReadSome(stream, into.subspan(long_read_, end - long_read_), deadline);
      if (size.ok()) long_read_ += *size;
    }
    std::byte verdict{};
    if (size.ok() && *size > 0) size = ReadSome(stream, absl::MakeSpan(&verdict, 1), deadline);
    if (!size.ok() || *size == 0) {
      long_.assign(reinterpret_cast<const char*>(into.data()), long_read_);
      chunk_end_ = end;
      return size.ok() ? AtEnd() : size.status();
    }
    const absl::Status judged = Judge(static_cast<Verdict>(verdict));
    if (!judged.ok()) return judged;
  }
  if (IsWhole()) direct_ = into.data();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> MessageReader::NextSize(port::Stream& stream, port::Deadline deadline) {
  read_in_call_ = 0;
  const absl::Status begun = Begin(stream, deadline);
  if (!begun.ok()) return begun;
  return size_;
}

bool MessageReader::IsDiscarded() const {
  return HasBegun() && block_.back() == static_cast<std::byte>(Verdict::kDiscarded);
}

void MessageReader::ForgetChunks() {
  size_ -= long_read_ - kInlineSize;
  long_read_ = kInlineSize;
  const MessageHeader header{.size = size_};
  std::memcpy(block_.data(), &header, sizeof(header));
}

absl::Status MessageReader::Discard(port::Stream& stream, port::Deadline deadline) {
  read_in_call_ = 0;
  const absl::Status begun = Begin(stream, deadline);
  if (!begun.ok()) return begun;
  if (IsWhole()) {
    Lose();
    return absl::OkStatus();
  }
  block_.back() = static_cast<std::byte>(Verdict::kDiscarded);
  if (enclosed_.handles() == 0) return absl::OkStatus();
  // Those that have come are not to stay open until somebody reads again.
  for (port::Handle& handle : handles_) handle.reset();
  const absl::Status finished = Finish(stream, port::Deadline::At(absl::ZeroDuration()));
  if (finished.ok() && HasBegun()) Lose();
  return absl::IsDataLoss(finished) ? finished : absl::OkStatus();
}

absl::Status MessageReader::Read(port::Stream& stream, uint64_t limit, port::Deadline deadline,
                                 absl::Span<std::byte> into) {
  read_in_call_ = 0;
  while (true) {
    absl::Status status = Begin(stream, deadline);
    if (!status.ok()) return status;
    if (size_ > limit) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the next message has ", size_, " bytes, more than the ", limit, " that are asked for"));
    }
    const bool goes_there = size_ >= kDirectSize && size_ <= into.size() &&
                            state_ == State::kInPayload && long_read_ == kInlineSize &&
                            chunk_end_ == 0 && enclosed_.parcel == 0;
    status = goes_there ? FinishDirectly(stream, deadline, into) : Finish(stream, deadline);
    if (!status.ok() || IsWhole()) return status;
  }
}

absl::Span<const std::byte> MessageReader::payload() const {
  if (direct_ != nullptr) return absl::MakeConstSpan(direct_, static_cast<size_t>(size_));
  if (size_ <= kInlineSize) {
    return absl::MakeConstSpan(block_).subspan(sizeof(MessageHeader), static_cast<size_t>(size_));
  }
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(long_.data()),
                             static_cast<size_t>(size_));
}

std::string MessageReader::TakePayload() {
  std::string taken;
  if (size_ <= kInlineSize) {
    const absl::Span<const std::byte> bytes = payload();
    taken.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  } else {
    long_.resize(static_cast<size_t>(size_));
    taken = std::exchange(long_, {});
  }
  Pop();
  return taken;
}

void MessageReader::Lose() {
  // What memory lacks for is let go with the pipe.
  if (enclosed_.handles() > 0) {
    WithMemory([&] { lost_.push_back(enclosed_.parcel); }).IgnoreError();
  }
  Pop();
}

void MessageReader::Pop() {
  if (state_ != State::kCorrupt) state_ = State::kAtBlock;
  block_filled_ = 0;
  enclosed_ = Enclosed();
  handles_.clear();
  long_read_ = 0;
  chunk_end_ = 0;
  direct_ = nullptr;
  if (long_.capacity() > kKeptSize) long_ = std::string();
}

std::string MessageReader::Consumed() const {
  if (state_ == State::kCorrupt)
    return std::string(kBlockSize, '\0');  // as little of a message as before
  std::string consumed;
  if (enclosed_.parcel != 0) {
    const MessageBlock block = BlockOfParcel(enclosed_);
    consumed.append(reinterpret_cast<const char*>(block.data()), block.size());
  }
  consumed.append(reinterpret_cast<const char*>(block_.data()), block_filled_);
  for (size_t begin = kInlineSize; begin < long_read_; begin += kChunkSize) {
    consumed.append(long_, begin, (std::min)(kChunkSize, long_read_ - begin));
    const bool is_being_read = chunk_end_ != 0 && begin + kChunkSize >= chunk_end_;
    if (!is_being_read) consumed.push_back(static_cast<char>(Verdict::kGoesOn));
  }
  if (IsWhole()) consumed.back() = static_cast<char>(Verdict::kWhole);
  consumed.append(replay_, replayed_);
  return consumed;
}

}  // namespace isoproc::internal
