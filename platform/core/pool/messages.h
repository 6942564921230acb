// What a pool and its workers say to each other, on a stream that each worker has with the pool.
//
//   pool → worker   kCode once for each code; kArena, kLuggage, kItems; kForget, kLetGo; at last
//                   kDismiss
//   worker → pool   kReady or kInitializerThrew; then kResult and kRefused
//   both            kBlock, kLook
// What is small goes over the desk (desk.h), which says how much of the stream comes before it.
// kLook says that there is something to see there. What a worker wrote before it died is read to
// its end; what is cut off was not said.
//
// A payload that is large is in a block of its sender (blocks.h), which travels as a handle when it
// is new: it is copied once to get there, and no writer waits for its reader.
#ifndef ISOPROC_PLATFORM_CORE_POOL_MESSAGES_H_
#define ISOPROC_PLATFORM_CORE_POOL_MESSAGES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/core/pool/blocks.h"
#include "platform/core/shared/shared_block.h"
#include "platform/port/port.h"

namespace isoproc::internal {

struct PoolMessage {
  enum class Kind : uint32_t {
    kCode = 1,
    kForget,
    kArena,    // one handle
    kBlock,    // one handle: of the sender's block in the place that the flags are
    kLuggage,  // the handles of what the next items need
    kItems,    // those of the chunk on the desk, if there is no other room for them
    kLetGo,    // of all blocks
    kDismiss,
    kReady,
    kInitializerThrew,
    kRefused,  // the chunk: there was no memory or handle for it
    kLook,
    kResult,
  };
  // Of results: the payload is a TaskFailure, and not a value; the worker wants to be dismissed,
  // and begins no more of its items.
  static constexpr uint32_t kFailed = 1;
  static constexpr uint32_t kIsFull = 2;

  Kind kind = Kind::kReady;
  uint32_t flags = 0;
  std::string bytes;
  std::shared_ptr<SharedBlock> block;  // with the payload, if not null
  uint32_t place = BlockShelf::kOnce;  // of the block
  uint64_t size = 0;                   // of the payload
  std::vector<port::Handle> handles;   // others than that of the block
  // Not OK: this process had no room for the payload, for a handle, or to map the block.
  absl::Status lost;

  absl::Span<const std::byte> payload() const;
};

// A task that failed in its worker.
struct TaskFailure {
  int code = 0;         // a canonical code; kUnknown: it threw
  std::string type;     // of the exception
  std::string message;  // or what() of the exception
};

// What a message of a failure says. Errors: DataLoss: nothing that is an error.
absl::StatusOr<TaskFailure> ReadFailure(const PoolMessage& message);

// More goes into a block, or not at all.
inline constexpr uint64_t kMostInline = uint64_t{1} << 30;

// The writing end. Thread safety: one thread at a time.
class PoolWriter {
 public:
  // `receiver` is the process of the reader.
  PoolWriter(port::Stream& stream, const port::ProcessIdentity& receiver)
      : stream_(stream), receiver_(receiver) {}

  // Says `kind`, and nothing else.
  void Put(PoolMessage::Kind kind);
  // Errors: nothing is written. ResourceExhausted: there is no memory for it.
  absl::Status Put(PoolMessage message);
  // A message whose payload `fill` writes: into a block, if it is larger than `inline_size` and the
  // system has one. `is_free`: of the places of this side. Gives that of the block.
  // Errors: as Put and PutBlock. ResourceExhausted: there was no block for more than kMostInline.
  absl::StatusOr<uint32_t> PutLarge(PoolMessage message, uint64_t size, uint64_t inline_size,
                                    absl::FunctionRef<bool(uint32_t place)> is_free,
                                    absl::FunctionRef<void(std::byte* into)> fill);
  // The same without a block.
  absl::Status PutInline(PoolMessage message, uint64_t size,
                         absl::FunctionRef<void(std::byte* into)> fill);
  // A block for `size` bytes, which the other side has when it reads what was put so far; null if
  // the system has none. Errors: nothing is written. As Put and port::Segment::Share.
  absl::StatusOr<BlockShelf::Loan> PutBlock(uint64_t size,
                                            absl::FunctionRef<bool(uint32_t place)> is_free);
  BlockShelf& blocks() { return blocks_; }

  // Writes what was put. Errors: as port::Stream::Write; DeadlineExceeded: some is left.
  absl::Status Flush(port::Deadline deadline);
  bool empty() const { return pieces_.empty(); }
  // How many messages were put.
  uint64_t messages() const { return messages_; }

 private:
  struct Piece {
    std::string bytes;  // or, if empty:
    port::Handle handle;
  };
  absl::Status PutFrame(const PoolMessage& message, size_t handles);

  port::Stream& stream_;
  const port::ProcessIdentity receiver_;
  BlockShelf blocks_;
  std::deque<Piece> pieces_;
  size_t written_ = 0;  // of the first
  uint64_t messages_ = 0;
};

// The reading end. Thread safety: one thread at a time.
class PoolReader {
 public:
  // A message with more than `most_handles` is none.
  PoolReader(port::Stream& stream, uint32_t most_handles)
      : stream_(stream), most_handles_(most_handles) {
    LetGo();
  }

  // The next message. Errors: OutOfRange: the stream has ended, maybe inside a message.
  // DeadlineExceeded: it is not there as a whole; call again. Others: the stream is dead, such as
  // DataLoss: what is there is no message.
  absl::StatusOr<PoolMessage> Read(port::Deadline deadline);
  // How many messages were read.
  uint64_t messages() const { return messages_; }
  // The other side's block of that place; that of kOnce is given away. Errors: DataLoss: there is
  // none; as port::Port::MapSegment.
  absl::StatusOr<std::shared_ptr<SharedBlock>> Block(uint32_t place);
  void LetGo();

 private:
  struct Header {
    uint32_t magic;
    uint32_t kind;
    uint32_t flags;
    uint32_t handles;
    uint64_t size;
    uint64_t block;  // 0: the payload follows; or one more than the place of its block
  };
  friend class PoolWriter;
  static constexpr uint32_t kMagic = 0x706f6f6c;

  absl::Status Fill(std::byte* into, size_t size, port::Deadline deadline);
  absl::Status TakeBlock(PoolMessage& message);

  port::Stream& stream_;
  const uint32_t most_handles_;
  Header header_ = {};
  size_t have_ = 0;  // of the header, then of the payload
  bool has_header_ = false;
  std::string bytes_;
  std::vector<port::Handle> handles_;
  absl::Status lost_;
  uint64_t messages_ = 0;
  std::array<absl::StatusOr<std::shared_ptr<SharedBlock>>, BlockShelf::kPlaces + 1> blocks_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_MESSAGES_H_
