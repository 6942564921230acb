// Reading messages from a stream, at any pace, from anybody.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_READER_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/connection/message.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Keeps what it has read of a message when a call fails, and goes on from there in the next. Takes
// no more memory than has come, and a chunk.
// Thread safety: as a plain value.
class MessageReader {
 public:
  MessageReader() = default;
  // Goes on where another one was that read from the same stream; `consumed` is what its Consumed()
  // gave, or anything at all.
  explicit MessageReader(std::string consumed) : replay_(std::move(consumed)) {}

  // The size of the next message, which stays.
  // Blocks:    until its beginning is there, the stream is at its end, or `deadline`.
  // Errors:    OutOfRange: the end of the stream. DataLoss: it ended inside a message, told once;
  //            or what came is no message, told ever after. Others as port::Stream::Read, nothing
  //            is lost.
  absl::StatusOr<uint64_t> NextSize(port::Stream& stream, port::Deadline deadline);

  // Drops the message that NextSize tells of. What has not come of it is read by later calls, and
  // not kept; the handles in it that have come are closed.
  // Blocks, errors: as NextSize.
  absl::Status Discard(port::Stream& stream, port::Deadline deadline);

  // Reads the next message, of up to `limit` bytes; payload() is valid then, until Pop. It may be
  // in `into`, if that is large enough, and some of it may be there after an error.
  // Errors:    as NextSize. ResourceExhausted: it is longer, or there is no memory; it stays.
  absl::Status Read(port::Stream& stream, uint64_t limit, port::Deadline deadline,
                    absl::Span<std::byte> into = {});
  absl::Span<const std::byte> payload() const;
  // The payload as a string, which is no longer payload() then. Requires: read without `into`.
  std::string TakePayload();
  // The message is taken: the next one follows.
  void Pop();
  // With payload(), or when the message has begun: what else is in it.
  const Enclosed& enclosed() const { return enclosed_; }
  // With payload(): its handles. One that this process had no room for is empty.
  absl::Span<port::Handle> handles() { return absl::MakeSpan(handles_); }

  // The parcels of messages with handles that nobody gets, since it was asked: those that were
  // given up, torn or discarded.
  bool HasLost() const { return !lost_.empty(); }
  std::vector<uint64_t> TakeLost() { return std::exchange(lost_, {}); }

  // Whether NextSize or Read would go on although there is nothing more in the stream.
  bool HasNews() const {
    return state_ == State::kCorrupt || state_ == State::kWhole ||
           replay_.size() - replayed_ >= kBlockSize;
  }

  // The bytes that were read of a message which is not complete.
  // Requires: no handle of it may have come.
  std::string Consumed() const;
  bool MayHaveHandles() const {
    return state_ == State::kAtHandles || (state_ == State::kWhole && enclosed_.handles() > 0);
  }
  // payload() is valid.
  bool IsWhole() const { return state_ == State::kWhole; }
  // There will be no more messages.
  bool HasEnded() const { return has_ended_; }

 private:
  // What follows in the stream.
  enum class State {
    kAtBlock,    // a block, of which some may have come
    kInPayload,  // chunks
    kAtHandles,  // handles, of which some may have come, and the last verdict
    kWhole,      // nothing: Pop first
    kCorrupt,    // what nobody understands, for ever
  };

  absl::StatusOr<size_t> ReadSome(port::Stream& stream, absl::Span<std::byte> into,
                                  port::Deadline deadline);
  // Reads until a message has begun that is not discarded.
  absl::Status Begin(port::Stream& stream, port::Deadline deadline);
  // Reads what lacks of the message that has begun. OK also if it was given up: nothing has begun
  // then.
  absl::Status Finish(port::Stream& stream, port::Deadline deadline);
  bool IsDiscarded() const;
  // Between two chunks: goes on as if the message had none of those that are read.
  void ForgetChunks();
  // The same for a message of which only the block has come, into `into`.
  absl::Status FinishDirectly(port::Stream& stream, port::Deadline deadline,
                              absl::Span<std::byte> into);
  static State StateAfter(Verdict verdict);
  absl::Status Judge(Verdict verdict);
  bool HasBegun() const { return state_ != State::kAtBlock && state_ != State::kCorrupt; }
  bool TakeParcel(Verdict verdict);
  // Of a message whose payload is complete.
  absl::Status FinishHandles(port::Stream& stream, port::Deadline deadline);
  // Of the last piece of the payload.
  Verdict LastVerdict() const {
    return enclosed_.handles() == 0 ? Verdict::kWhole : Verdict::kHandles;
  }
  // Pop, of a message that nobody gets.
  void Lose();
  absl::Status AtEnd();
  absl::Status Corrupt();

  State state_ = State::kAtBlock;
  MessageBlock block_{};
  size_t block_filled_ = 0;
  Enclosed enclosed_;  // of the message that follows, or has begun
  uint64_t size_ = 0;  // what follows counts once the block is filled
  // The payload of a message with chunks; while a chunk is read, its verdict follows. What is left
  // in it of longer messages is not cleared, and not looked at.
  std::string long_;
  size_t long_read_ = 0;
  size_t chunk_end_ = 0;               // where that verdict is; 0: no chunk is being read
  const std::byte* direct_ = nullptr;  // where the payload is instead
  std::vector<port::Handle> handles_;
  std::vector<uint64_t> lost_;
  bool has_ended_ = false;
  std::string replay_;
  size_t replayed_ = 0;
  size_t read_in_call_ = 0;  // since the clock was looked at
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_MESSAGE_READER_H_
