// What a pool and its workers say to each other, on a stream that each worker has with the pool.
//
//   pool → worker   kCode once for each code, kArena; kItems; kForget; at last kDismiss
//   worker → pool   kReady or kInitializerThrew; then kLook, kResult and kRefused
// Which items are begun, and most results, the worker lays on its desk (desk.h). It says kLook when
// there is something to see: at the end of a chunk, and now and then before. A kResult is what has
// no room there. What a worker wrote before it died is read to its end; what is cut off was not
// said.
//
// A payload that is large is in memory of its own, which travels as a handle: it is copied once to
// get there, and no writer waits for its reader.
#ifndef ISOPROC_PLATFORM_CORE_POOL_MESSAGES_H_
#define ISOPROC_PLATFORM_CORE_POOL_MESSAGES_H_

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
#include "platform/core/shared/shared_block.h"
#include "platform/port/port.h"

namespace isoproc::internal {

struct PoolMessage {
  enum class Kind : uint32_t {
    kCode = 1,
    kForget,
    kArena,  // one handle
    kItems,
    kDismiss,
    kReady,
    kInitializerThrew,
    kRefused,  // the items that came last: there was no memory or handle for them
    kLook,
    kResult,
  };
  // Of results: the payload is a TaskFailure, and not a value; the worker wants to be dismissed,
  // and begins no more of its items.
  static constexpr uint32_t kFailed = 1;
  static constexpr uint32_t kIsFull = 2;
  // Of kItems: the worker says kLook when it begins one.
  static constexpr uint32_t kSaysBegun = 4;

  Kind kind = Kind::kReady;
  uint32_t flags = 0;
  std::string bytes;
  std::shared_ptr<SharedBlock> block;  // with the payload, if not null
  uint64_t size = 0;                   // of the payload
  std::vector<port::Handle> handles;   // others than that of the block
  // Not OK: this process had no room for the payload, for a handle, or to map the block.
  absl::Status lost;

  absl::Span<const std::byte> payload() const;

  // A message whose payload `fill` writes. Payloads of more than `inline_size` bytes go into a
  // block, if the system has one. It may be lost, and is an error of Put then.
  static PoolMessage Make(Kind kind, uint64_t size, uint64_t inline_size,
                          absl::FunctionRef<void(std::byte* into)> fill);
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
  // `receiver` is the process id of the reader.
  PoolWriter(port::Stream& stream, int64_t receiver) : stream_(stream), receiver_(receiver) {}

  // Errors: nothing is written. ResourceExhausted: the message is lost, or there is no handle for
  // its block.
  absl::Status Put(PoolMessage message);
  // Writes what was put. Errors: as port::Stream::Write; DeadlineExceeded: some is left.
  absl::Status Flush(port::Deadline deadline);
  bool empty() const { return pieces_.empty(); }

 private:
  struct Piece {
    std::string bytes;  // or, if empty:
    port::Handle handle;
  };
  port::Stream& stream_;
  const int64_t receiver_;
  std::deque<Piece> pieces_;
  size_t written_ = 0;  // of the first
};

// The reading end. Thread safety: one thread at a time.
class PoolReader {
 public:
  // A message with more than `most_handles` is none.
  PoolReader(port::Stream& stream, uint32_t most_handles)
      : stream_(stream), most_handles_(most_handles) {}

  // The next message. Errors: OutOfRange: the stream has ended, maybe inside a message.
  // DeadlineExceeded: it is not there as a whole; call again. Others: the stream is dead, such as
  // DataLoss: what is there is no message.
  absl::StatusOr<PoolMessage> Read(port::Deadline deadline);

 private:
  struct Header {
    uint32_t magic;
    uint32_t kind;
    uint32_t flags;
    uint32_t handles;
    uint64_t size;
    uint64_t in_block;  // 0 or 1: the first handle is that of the payload
  };
  friend class PoolWriter;
  static constexpr uint32_t kMagic = 0x706f6f6c;

  absl::Status Fill(std::byte* into, size_t size, port::Deadline deadline);

  port::Stream& stream_;
  const uint32_t most_handles_;
  Header header_ = {};
  size_t have_ = 0;  // of the header, then of the payload
  bool has_header_ = false;
  std::string bytes_;
  std::vector<port::Handle> handles_;
  absl::Status lost_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_POOL_MESSAGES_H_
