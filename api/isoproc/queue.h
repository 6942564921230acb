// A queue between processes: any number of them put items, any number get them. What holds for all
// handles of shared objects is in sync.h. How it works: docs/queue.md.
//
//   order        items are got in the order in which they were put; those of one thread in its
//                order.                                                                 [QUE-03]
//   visible      when Put returns, the item is in the queue: no thread passes it on later.
//                                                                               [QUE-09, QUE-10]
//   death        any process may be killed at any moment. What was put before is got once by
//                somebody, or is gone with him; an item that was being put is whole or was never
//                there; the others go on.                                       [QUE-23, QUE-24]
//                One that is stopped, and not killed, inside of a call holds up all who do the
//                same, whatever their timeouts, until it goes on.
//   end          comes with Close, and with nothing else: who was killed while it had a handle may
//                be replaced. How to notice: docs/queue.md.                           [QUE-25]
//   cost         where both sides run, no call of the system.                           [QUE-41]
//   travels      as an argument of Process::Start, and in messages of pipes. [QUE-27, CONN-67]
//
// Items are of any type that travels (codec.h), with shared objects in them too: these live as long
// as the item is in the queue or on trial, whoever dies. Not so queues, connections and
// SharedMemory, to which a handle of the system belongs, as nobody knows who will get the item: a
// compile error. Trivially copyable items are copied as they are. Put serialises the item before it
// returns; who gets it, makes a new one of it.                          [QUE-04, QUE-52, QUE-53]
#ifndef ISOPROC_QUEUE_H_
#define ISOPROC_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cereal/access.hpp"
#include "isoproc/internal/byte_queue.h"
#include "isoproc/internal/item.h"
#include "isoproc/internal/must_travel.h"
#include "isoproc/internal/object_handle.h"
#include "isoproc/internal/type_tag.h"
#include "isoproc/wait.h"

namespace isoproc {

struct QueueOptions {
  // Items at the same time; at most 2^24. 0: as many as `bytes`, not 0 then, would hold of the
  // smallest, at least 2, so that the places take as much memory again.         [QUE-01, QUE-02]
  uint64_t capacity = 1024;
  // Room for items of more than 112 bytes (240 if all are of one size), each rounded up to KiB; at
  // most 2^40.                                                                          [QUE-42]
  uint64_t bytes = uint64_t{16} << 20;
  // All memory is reserved when the queue is made, and that of the places is written to: 64 to 256
  // bytes for each of `capacity`, rounded up to a power of two.
};

template <class T>
class Queue;
template <class T>
inline constexpr bool internal::kIsSystemHandle<Queue<T>> = true;
template <class T>
class Lease;
template <class T>
inline constexpr bool internal::kStaysHere<Lease<T>> = true;
template <class T>
class Loan;
template <class T>
inline constexpr bool internal::kStaysHere<Loan<T>> = true;

// An item on trial, as Queue::GetLease gives it. It belongs to the process until Done; if it is
// destroyed or assigned to before, or its process ends, in whatever way, the item is in the queue
// again, before all others.                                                     [QUE-34, QUE-43]
// Move-only. Thread safety: one thread at a time.
template <class T>
class Lease {
 public:
  Lease(Lease&&) = default;
  Lease& operator=(Lease&&) = default;

  // The item, as long as this lives; after Done it is not to be used. Plain ones are not copied.
  const T& operator*() const {
    if constexpr (internal::IsPlain<T>()) {
      return *reinterpret_cast<const T*>(bytes_.bytes().data());
    } else {
      return *item_;
    }
  }
  const T* operator->() const { return &**this; }

  // Whether somebody had it before, and may have done with it whatever he got to. Get does not say
  // so.
  bool redelivered() const { return bytes_.redelivered(); }

  // The item will not come back. Counts as TaskDone.
  // Errors:  FailedPrecondition: called before, or in a forked copy. Others, of the system: the
  //          item is on trial still.
  absl::Status Done() { return bytes_.Done(); }

 private:
  template <class>
  friend class Queue;
  struct Nothing {};

  explicit Lease(internal::ByteLease bytes) : bytes_(std::move(bytes)) {}

  internal::ByteLease bytes_;
  std::conditional_t<internal::IsPlain<T>(), Nothing, std::optional<T>> item_;
};

// An item that is written where it stays; see Queue::Borrow. Dropped by the destructor and by
// assignment, unless it was put. In a forked copy, put and dropped by the original alone.
// Move-only. Thread safety: one thread at a time.                                       [QUE-44]
template <class T>
class Loan {
 public:
  Loan(Loan&&) = default;
  Loan& operator=(Loan&&) = default;

  // What is in it at first, is left open.
  T& operator*() const { return *reinterpret_cast<T*>(bytes_.bytes().data()); }
  T* operator->() const { return &**this; }

 private:
  template <class>
  friend class Queue;
  explicit Loan(internal::ByteLoan bytes) : bytes_(std::move(bytes)) {}

  internal::ByteLoan bytes_;
};

// Thread safety: any thread; see sync.h.
// Errors of all: FailedPrecondition: the handle refers to no queue.                     [QUE-45]
template <class T>
class Queue {
  static_assert(!internal::HasHandle<internal::Handles::kOfSystem, T>(),
                "isoproc: an item of a queue cannot hold a queue, a connection or SharedMemory, "
                "which have a handle of the system: give them to the other process as arguments "
                "of Process::Start or in messages of pipes");
  static_assert(!internal::IsPlain<T>() || alignof(T) <= 64,
                "isoproc: an item of a queue is aligned to 64 bytes at most");
  static constexpr bool kIsPlain = internal::IsPlain<T>();

 public:
  static constexpr internal::ObjectKind kObjectKind = internal::ObjectKind::kQueue;

  Queue() = default;
  // Errors:  as Create in sync.h. InvalidArgument: `options` out of range.      [QUE-01, QUE-02]
  static absl::StatusOr<Queue> Create(const QueueOptions& options = {}) {
    internal::MustTravel<T>();
    absl::StatusOr<internal::ByteQueue> queue = internal::ByteQueue::Create(
        options.capacity, options.bytes, internal::kItemSize<T>, internal::TypeTag<T>());
    if (!queue.ok()) return queue.status();
    return Queue(*std::move(queue));
  }

  // Puts a copy of `item`.
  // Blocks:  while there are `capacity` items, or no room for the bytes of a large one, until
  //          `timeout`.                                                         [QUE-05, QUE-06]
  // On OK:   it is in the queue.
  // Errors:  the item was not put.
  //          DeadlineExceeded: no room; the message says whether it is full or lacks bytes.
  //          Unavailable: the queue is closed, or was while this waited.        [QUE-17, QUE-40]
  //          ResourceExhausted: it is larger than all `bytes` [QUE-42], or holds shared objects
  //          and there is no room for one more of these.
  //          InvalidArgument: a serialisation hook threw [QUE-11], or there is something in it with
  //          memory of its own, as an Array or a Value of more than 64 KiB has.         [QUE-54]
  //          FailedPrecondition: a shared object in it is of another family.
  absl::Status Put(const T& item, absl::Duration timeout = absl::InfiniteDuration()) const {
    return internal::WithBytesOf(
        item, [&](absl::Span<const std::byte> bytes, const internal::Luggage* luggage) {
          return queue_.Put(bytes, luggage, timeout);
        });
  }
  absl::Status TryPut(const T& item) const { return Put(item, absl::ZeroDuration()); }

  // Takes the first item.
  // Blocks:  while there is none, until `timeout`.                                      [QUE-07]
  // Errors:  DeadlineExceeded: there was none.
  //          OutOfRange: the queue is closed, and nothing will come any more.   [QUE-17, QUE-25]
  //          DataLoss: the item cannot be made again: a hook, or the type's constructor, threw.
  //          The item is gone; the next ones are not. It was got: that it is done with is the
  //          caller's to say (TaskDone).                                                [QUE-46]
  //          ResourceExhausted: there is no memory for the item, which is gone. GetLease keeps it.
  //                                                                                     [QUE-56]
  // Throws:  what T's move constructor does, if a compiler moves the result: then the item is gone.
  absl::StatusOr<T> Get(absl::Duration timeout = absl::InfiniteDuration()) const {
    absl::StatusOr<T> item = internal::NoItemYet<T>();
    const absl::Status got = queue_.Get(
        [&item](absl::Span<const std::byte> bytes) { internal::MakeItem(bytes, item); }, timeout);
    if (!got.ok()) item = got;
    return item;
  }
  absl::StatusOr<T> TryGet() const { return Get(absl::ZeroDuration()); }

  // Ready while Get need not wait: there is an item, one that somebody had on trial came back, or
  // the queue is closed and nothing will come any more. See wait.h.    [QUE-49, QUE-50, QUE-51]
  // Errors:  FailedPrecondition: no queue.
  absl::StatusOr<Waitable> AsWaitable() const { return queue_.AsWaitable(); }

  // Takes the first item on trial: it comes back if this process ends before Lease::Done. 256 may
  // be on trial at the same time, or as many as there are places, if fewer.     [QUE-34, QUE-43]
  // Blocks:  as Get; the end of a closed queue has not come while other processes have leases, but
  //          for threads of a process that has some itself: they get OutOfRange, and may ask again
  //          when all of these are done.
  // Errors:  as Get; ResourceExhausted: too many are on trial, or there is no memory for the item,
  //          which comes back [QUE-56]. DataLoss: the item is done with, as by Lease::Done.
  absl::StatusOr<Lease<T>> GetLease(absl::Duration timeout = absl::InfiniteDuration()) const {
    absl::StatusOr<internal::ByteLease> taken = queue_.GetLease(timeout);
    if (!taken.ok()) return taken.status();
    Lease<T> lease(*std::move(taken));
    if constexpr (kIsPlain) {
      if (lease.bytes_.bytes().size() == sizeof(T)) return lease;
      lease.Done().IgnoreError();
      return absl::DataLossError("an item of another size");
    } else {
      absl::StatusOr<T> item = internal::ItemOf<T>(lease.bytes_.bytes());
      if (item.ok()) {
        lease.item_.emplace(*std::move(item));
        return lease;
      }
      // What lacks memory comes back. What nobody could make is not to do so for ever.
      if (!absl::IsResourceExhausted(item.status())) lease.Done().IgnoreError();
      return item.status();
    }
  }

  // Room for an item, to be written in place and then put without a copy. Takes of `bytes`, also if
  // the item is small. For plain types.                                                 [QUE-44]
  // Blocks, errors: as Put.
  absl::StatusOr<Loan<T>> Borrow(absl::Duration timeout = absl::InfiniteDuration()) const
      requires(internal::IsPlain<T>()) {
    absl::StatusOr<internal::ByteLoan> loan = queue_.Loan(sizeof(T), timeout);
    if (!loan.ok()) return loan.status();
    return Loan<T>(*std::move(loan));
  }
  // As Put. Errors: also FailedPrecondition: `loan` is of another queue, was put, or was borrowed
  // by the process that this one is a forked copy of. It is kept on any error.
  absl::Status Put(Loan<T>& loan, absl::Duration timeout = absl::InfiniteDuration()) const {
    return queue_.Put(loan.bytes_, timeout);
  }
  absl::Status Put(Loan<T>&& loan, absl::Duration timeout = absl::InfiniteDuration()) const {
    return queue_.Put(loan.bytes_, timeout);
  }

  // For all handles of all processes: nothing is put from now on; what is there can be got. Who
  // waits wakes. Again is fine.                                         [QUE-16, QUE-25, QUE-40]
  // Blocks:  for the moment for which another is inside of Put.
  void Close() const { queue_.Close().IgnoreError(); }

  // Items that can be got, and whether there are none, or so many that Put of a small one would
  // wait; a large one may wait for `bytes` before. True of a moment that is over when it is known.
  // Items that came back from leases need no room: with them it can be more than `capacity`. A
  // closed queue answers too.                                           [QUE-14, QUE-15, QUE-18]
  absl::StatusOr<size_t> Size() const { return queue_.Size(); }
  absl::StatusOr<bool> Empty() const {
    const absl::StatusOr<size_t> size = Size();
    if (!size.ok()) return size.status();
    return *size == 0;
  }
  absl::StatusOr<bool> Full() const { return queue_.IsFull(); }

  // An item that was put is done with; which one, is not said.                  [QUE-30, QUE-31]
  // Errors:  FailedPrecondition: as many were said to be done as were put.              [QUE-32]
  absl::Status TaskDone() const { return queue_.TaskDone(); }

  // Blocks:  until as many items were said to be done as were put, or `timeout`.
  //                                                                           [QUE-30, QUE-33]
  // Errors:  DeadlineExceeded. What was taken by Get by a process that died, or that could not make
  //          it and does not say TaskDone, keeps this waiting; what was taken by GetLease comes
  //          back, or is done.                                                          [QUE-34]
  absl::Status Join(absl::Duration timeout = absl::InfiniteDuration()) const {
    return queue_.Join(timeout);
  }

  // `for (T& item : queue)` gets items until Get fails: at the end of the queue, if nothing is
  // wrong. Who must tell that from an item that cannot be made calls Get.               [QUE-47]
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    T& operator*() const { return *item_; }
    T* operator->() const { return &*item_; }
    Iterator& operator++() {
      absl::StatusOr<T> next = queue_.Get();
      item_.reset();
      if (next.ok()) item_.emplace(*std::move(next));
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) {
      return !it.item_.has_value();
    }

   private:
    friend class Queue;
    explicit Iterator(Queue queue) : queue_(std::move(queue)) { ++*this; }

    Queue queue_;
    mutable std::optional<T> item_;
  };
  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const { return std::default_sentinel; }

  // Whether it refers to a queue.
  explicit operator bool() const { return static_cast<bool>(queue_); }

 private:
  explicit Queue(internal::ByteQueue queue) : queue_(std::move(queue)) {}

  friend class cereal::access;
  template <class Archive>
  void save(Archive& archive) const {
    queue_.Save(archive);
  }
  template <class Archive>
  void load(Archive& archive) {
    queue_.Load(archive, internal::TypeTag<T>());
  }

  internal::ByteQueue queue_;
};

}  // namespace isoproc

#endif  // ISOPROC_QUEUE_H_
