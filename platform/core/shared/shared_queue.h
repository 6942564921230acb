// The protocol of a queue: a ring of slots with one lock for those who put and one for those who
// get. Models: queue.pml, buffers.pml, leases.pml, parcels.pml.
//
// The commit of each operation is one store: the sequence of the slot says that a message is there,
// or that it was delivered. Who dies before has left scratch, that the next one overwrites; who
// dies after it has left a tail or a head that is behind, which the next one moves on.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_SHARED_QUEUE_H_
#define ISOPROC_PLATFORM_CORE_SHARED_SHARED_QUEUE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/queue_buffers.h"
#include "platform/core/shared/queue_layout.h"
#include "platform/core/shared/spin.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/shared/word_lock.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// Part of the sweep: who waits for what the dead had looks for it, and finds it.
void RepairQueue(Arena& arena, ObjectSlot& slot);
// Its maps of sleepers.
void ForEachWaitersOfQueue(Arena& arena, ObjectSlot& slot, absl::FunctionRef<void(Waiters&)> visit);

// A queue as one process uses it. `self` is the calling thread.
// Thread safety: any thread.
class SharedQueue {
 public:
  // `carrier`: the queue's own name, as WordFor has it.
  SharedQueue(Arena& arena, const QueueView& view, uint64_t carrier)
      : arena_(arena),
        view_(view),
        words_(view_.words),
        carrier_(carrier),
        buffers_(arena, view_) {}
  SharedQueue(const SharedQueue&) = delete;
  SharedQueue& operator=(const SharedQueue&) = delete;

  const QueueShape& shape() const { return view_.shape; }

  // Blocks:  while there is no room, until `timeout`.
  // Errors:  Unavailable: closed. DeadlineExceeded. ResourceExhausted: it can never fit. Nothing
  //          was put then.
  // The objects that a message names are in `parcel`, with whose name `bytes` begin then.
  absl::Status Put(Stamp self, absl::Span<const std::byte> bytes, absl::Duration timeout,
                   const Parcel* parcel = nullptr);

  // The same in steps, so that a message is written where it stays: a buffer of `size` bytes is
  // begun, and put or dropped. Begin: errors as Put. PutBegun: also FailedPrecondition: another
  // process has begun it.
  absl::StatusOr<uint64_t> Begin(Stamp self, uint64_t size, absl::Duration timeout);
  absl::Span<std::byte> BytesOf(uint64_t unit) { return buffers_.BytesOf(unit); }
  absl::Status PutBegun(Stamp self, uint64_t unit, absl::Duration timeout);
  void Drop(Stamp self, uint64_t unit) { buffers_.Free(self, unit); }

  // A message that this process has taken and nobody else will see again.
  class Taken {
   public:
    Taken() = default;
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    ~Taken() {
      if (buffer_.has_value()) queue_->buffers_.Free(self_, *buffer_);
    }
    absl::Span<const std::byte> bytes() const { return bytes_; }

   private:
    friend class SharedQueue;
    SharedQueue* queue_ = nullptr;
    Stamp self_;
    std::optional<uint64_t> buffer_;
    // Holds the objects that the message names.
    Parcel parcel_;
    absl::Span<const std::byte> bytes_;
    std::array<std::byte, QueueShape::kLargestInline> copy_;
  };
  // Blocks:  while there is none, until `timeout`.
  // Errors:  OutOfRange: closed, and no message will come any more. DeadlineExceeded.
  absl::Status Get(Stamp self, Taken& taken, absl::Duration timeout);

  // A message on trial: it comes back if this process ends before it is done with it.
  struct Lease {
    uint64_t index = 0;
    bool redelivered = false;
    absl::Span<const std::byte> bytes;
  };
  // As Get. Errors: also ResourceExhausted: too many are on trial.
  absl::StatusOr<Lease> GetLease(Stamp self, absl::Duration timeout);
  // Done with it: it counts like TaskDone.
  // Errors:  FailedPrecondition: this process does not have it. Others: as Arena::Await; it has it.
  absl::Status Acknowledge(Stamp self, uint64_t index);
  // Puts it back, before all others.
  void Return(Stamp self, uint64_t index);

  // No more is put from now on; what is there can be got.
  absl::Status Close(Stamp self);

  // FailedPrecondition: so many were not put.
  absl::Status TaskDone(Stamp self);
  // Blocks:  until all that was put is done with, or `timeout`.
  absl::Status Join(Stamp self, absl::Duration timeout);

  // Of a moment that is over when it is known.
  uint64_t Size() const;
  bool IsFull() const;
  // Whether Get would not wait; of the same moment.
  bool HasNews(Stamp self) const;
  // Those whom that concerns. One is woken for each item.
  Waiters& for_item() { return words_.for_item; }

 private:
  // The deadline, for which the clock is asked when it is needed first.
  class Limit;
  // A message before its taking is committed.
  struct Found {
    uint64_t ticket;
    Descriptor descriptor;
    const std::byte* bytes;
    QueueLease* orphan;              // null: it is in the ring
    const Parcel* parcel = nullptr;  // to be taken from the queue after the commit
  };
  absl::Status LockPut(Stamp self) {
    return internal::TryTake(words_.put_lock, self) ? absl::OkStatus() : AwaitPutLock(self);
  }
  absl::Status LockGet(Stamp self) {
    return internal::TryTake(words_.get_lock, self) ? absl::OkStatus() : AwaitGetLock(self);
  }
  absl::Status AwaitPutLock(Stamp self);
  absl::Status AwaitGetLock(Stamp self);
  void UnlockPut() { Release(arena_, words_.put_lock, words_.for_put_lock); }
  void UnlockGet() { Release(arena_, words_.get_lock, words_.for_get_lock); }
  // `late`: what a timeout says.
  absl::Status Wait(Stamp self, Waiters& waiters, Limit& limit, const char* late,
                    absl::FunctionRef<bool()> hint);

  absl::StatusOr<uint64_t> Begin(Stamp self, uint64_t size, Limit& limit);
  // Errors: as Begin; DeadlineExceeded: there is no room just now.
  absl::StatusOr<uint64_t> TryBegin(Stamp self, uint64_t size);
  absl::Status Publish(Stamp self, Descriptor descriptor, absl::Span<const std::byte> bytes,
                       Limit& limit, const Parcel* parcel = nullptr);
  // Errors: as Put; DeadlineExceeded: there is no room just now.
  absl::Status TryPublish(Stamp self, Descriptor descriptor, absl::Span<const std::byte> bytes,
                          const Parcel* parcel);

  // `accept` takes what is found for `self`, but for the commit. DataLoss: it is not usable, and is
  // to be dropped. Other errors: it stays.
  template <class Accept>
  absl::Status Take(Stamp self, absl::Duration timeout, Accept accept, uint64_t orphan_owner);
  // Errors: as Get; DeadlineExceeded: there is no message just now.
  template <class Accept>
  absl::Status TryTake(Stamp self, Accept& accept, uint64_t orphan_owner);
  // With the lock of who gets.
  template <class Accept>
  absl::Status TakeLocked(Stamp self, Accept& accept, uint64_t orphan_owner);
  QueueLease* FindOrphan();
  absl::Status HoldParcel(Found& found, Taken& taken);
  absl::Status Record(Stamp self, const Found& found, Lease& lease);
  void RepairPut();
  void RepairGet();

  static void Note(ParcelNote& note, uint64_t parcel, uint64_t ticket);
  // With the lock of who gets, for a message that is done with.
  void GiveUpParcel(QueueLease& lease);
  // Of a message whose descriptor says that it has one. 0: there is no room for it.
  static uint64_t ParcelIn(absl::Span<const std::byte> bytes);
  bool IsOnLease(uint64_t ticket) const;

  uint64_t LeasesUsed() const;
  uint64_t CountOrphans() const;
  // Whether what others have on trial may come back to this process. One that has leases itself
  // does not wait for others, who may wait for it.
  bool MustAwaitLeases(Stamp self) const;
  // That which was put `capacity` before has been got; with it, all before it.
  bool HasRoom(uint64_t ticket) const {
    const uint64_t capacity = view_.shape.capacity;
    if (ticket < capacity) return true;
    const uint64_t before = ticket - capacity;
    return view_.slot(before).sequence.load(std::memory_order_acquire) > before + 1;
  }
  // What a look from outside of the locks says, for who is awake and for who goes to sleep.
  bool LooksRoomy() const;
  bool LooksFilled(Stamp self) const;
  bool MayHaveRoom() const;
  bool MayHaveItem(Stamp self) const;
  // The ticket of the next one to be put, or to be got.
  uint64_t NextPut() const {
    uint64_t ticket = words_.tail.load(std::memory_order_relaxed);
    // More than one is rolled over only if others put meanwhile: see TryPublish.
    for (uint64_t i = 0; i < view_.shape.slots; ++i, ++ticket) {
      if (view_.slot(ticket).sequence.load(std::memory_order_acquire) <= ticket) break;
    }
    return ticket;
  }
  uint64_t NextGet() const {
    uint64_t ticket = words_.head.load(std::memory_order_relaxed);
    for (uint64_t i = 0; i < view_.shape.slots; ++i, ++ticket) {
      if (view_.slot(ticket).sequence.load(std::memory_order_acquire) <= ticket + 1) break;
    }
    return ticket;
  }
  bool AllIsDone(Stamp self, bool ask);

  Arena& arena_;
  const QueueView view_;
  QueueWords& words_;
  const uint64_t carrier_;
  QueueBuffers buffers_;
  Spin put_spin_;
  Spin get_spin_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_SHARED_QUEUE_H_
