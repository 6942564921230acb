// A queue of bytes between processes: what Queue is made of.
#ifndef ISOPROC_INTERNAL_BYTE_QUEUE_H_
#define ISOPROC_INTERNAL_BYTE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "isoproc/wait.h"

namespace isoproc::internal {

class QueueBody;

// A message on trial. Given back by the destructor, unless it is done with.
class ByteLease {
 public:
  ByteLease() = default;
  ByteLease(std::shared_ptr<QueueBody> body, uint64_t index, bool redelivered,
            absl::Span<const std::byte> bytes)
      : body_(std::move(body)), index_(index), redelivered_(redelivered), bytes_(bytes) {}
  ByteLease(ByteLease&&) = default;
  ByteLease& operator=(ByteLease&& other) noexcept {
    ByteLease old(std::move(other));
    std::swap(body_, old.body_);
    std::swap(index_, old.index_);
    std::swap(redelivered_, old.redelivered_);
    std::swap(bytes_, old.bytes_);
    return *this;  // what was here before is given back now, and not with `other`
  }
  ~ByteLease();

  absl::Span<const std::byte> bytes() const { return bytes_; }
  bool redelivered() const { return redelivered_; }
  // Errors: FailedPrecondition: this process does not have it. Others: it has it.
  absl::Status Done();

 private:
  std::shared_ptr<QueueBody> body_;
  uint64_t index_ = 0;
  bool redelivered_ = false;
  absl::Span<const std::byte> bytes_;
};

// A message that is being written. Dropped by the destructor, unless it was put.
class ByteLoan {
 public:
  ByteLoan(std::shared_ptr<QueueBody> body, uint64_t unit, absl::Span<std::byte> bytes)
      : body_(std::move(body)), unit_(unit), bytes_(bytes) {}
  ByteLoan(ByteLoan&&) = default;
  ByteLoan& operator=(ByteLoan&& other) noexcept {
    ByteLoan old(std::move(other));
    std::swap(body_, old.body_);
    std::swap(unit_, old.unit_);
    std::swap(bytes_, old.bytes_);
    return *this;  // what was here before is dropped now, and not with `other`
  }
  ~ByteLoan();

  absl::Span<std::byte> bytes() const { return bytes_; }

 private:
  friend class ByteQueue;
  std::shared_ptr<QueueBody> body_;
  uint64_t unit_ = 0;
  absl::Span<std::byte> bytes_;
};

// A handle, as ObjectHandle. The functions are those of Queue.
class ByteQueue {
 public:
  ByteQueue() = default;
  // `item_size`: of all messages; 0: they differ. `type`: a number for the type of the items.
  static absl::StatusOr<ByteQueue> Create(uint64_t capacity, uint64_t bytes, uint64_t item_size,
                                          uint64_t type);

  explicit operator bool() const { return body_ != nullptr; }

  // `luggage`: what travels beside the bytes; null: nothing.
  absl::Status Put(absl::Span<const std::byte> bytes, const Luggage* luggage,
                   absl::Duration timeout) const;
  absl::StatusOr<ByteLoan> Loan(uint64_t size, absl::Duration timeout) const;
  // On an error, `loan` keeps what it is.
  absl::Status Put(ByteLoan& loan, absl::Duration timeout) const;

  // Calls `read` with a message that was taken.
  absl::Status Get(absl::FunctionRef<void(absl::Span<const std::byte>)> read,
                   absl::Duration timeout) const;
  absl::StatusOr<ByteLease> GetLease(absl::Duration timeout) const;

  absl::Status Close() const;
  absl::Status TaskDone() const;
  absl::Status Join(absl::Duration timeout) const;
  absl::StatusOr<Waitable> AsWaitable() const;
  absl::StatusOr<size_t> Size() const;
  absl::StatusOr<bool> IsFull() const;

  void Save(WriteArchive& archive) const;
  void Load(ReadArchive& archive, uint64_t type);

 private:
  explicit ByteQueue(std::shared_ptr<QueueBody> body) : body_(std::move(body)) {}

  std::shared_ptr<QueueBody> body_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_BYTE_QUEUE_H_
