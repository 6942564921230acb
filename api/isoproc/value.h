// One value that several processes share. What holds for all handles of shared objects is in
// sync.h.
#ifndef ISOPROC_VALUE_H_
#define ISOPROC_VALUE_H_

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/internal/object_handle.h"
#include "isoproc/internal/storage.h"
#include "isoproc/sync.h"

namespace isoproc {

// A value of any trivially copyable type. It is never torn: whoever is killed while it writes has
// written all of it or nothing.                                                         [VAL-28]
//
// What is larger than 8 bytes takes twice its size, rounded up to 64; what is above 64 KiB then, or
// does not fit into the 1 MiB that a family has for all of them, takes pages and a handle of the
// system in each process that has it.
//
// Up to 8 bytes it is loaded and stored by single instructions, without the lock; larger ones with
// the lock, which Update and WithLock take in either case. Who died with it, only WithLock tells:
// the next one, whatever else took the lock before.                                     [VAL-29]
template <class T>
class Value : public internal::StorageHandle<internal::ObjectKind::kValue> {
  static_assert(internal::CheckShared<T>());

 public:
  Value() = default;
  // Errors: as Create in sync.h.                                              [VAL-01, VAL-03]
  static absl::StatusOr<Value> Create(const T& initial = T()) {
    absl::StatusOr<internal::Storage> memory =
        internal::Storage::Create(internal::ObjectKind::kValue, kIsWord ? sizeof(T) : 2 * kStride);
    if (memory.ok()) std::memcpy(memory->data(), &initial, sizeof(T));  // nobody else has it
    return Make<Value>(std::move(memory));
  }

  // Blocks:  up to 8 bytes never; larger ones while another thread has the lock.        [VAL-07]
  absl::StatusOr<T> Load() const {
    if constexpr (kIsWord) {
      const absl::Status entered = storage().Enter();
      if (!entered.ok()) return entered;
      return word().load();
    } else {
      const absl::Status locked = storage().AcquireSilently();
      if (!locked.ok()) return locked;
      const internal::StorageGuard guard(storage());
      return Current();
    }
  }

  // Blocks:  as Load.
  absl::Status Store(const T& value) const {
    if constexpr (kIsWord) {
      const absl::Status entered = storage().Enter();
      if (entered.ok()) word().store(value);
      return entered;
    } else {
      const absl::Status locked = storage().AcquireSilently();
      if (!locked.ok()) return locked;
      const internal::StorageGuard guard(storage());
      Replace(value);
      return absl::OkStatus();
    }
  }

  // Adds without the lock, and gives what was there before. Wraps around as unsigned numbers do.
  // Blocks:  never.
  absl::StatusOr<T> FetchAdd(T by) const
      requires(std::integral<T> && !std::same_as<T, bool> && internal::kIsLockFree<T>) {
    const absl::Status entered = storage().Enter();
    if (!entered.ok()) return entered;
    return word().fetch_add(by);
  }

  // Changes the value: `change(T&)` gets a copy of it, and what it makes of that becomes
  // the value at once. No other Update or WithLock comes between; a Store or FetchAdd of up to 8
  // bytes, which takes no lock, makes `change` run again with the new value.    [VAL-07, VAL-08]
  // Requires: `change` does not change this value in another way: it would never end, or be lost.
  // Blocks:  while another thread has the lock. What `change` throws comes through; nothing
  // changed.
  template <class Change>
  absl::Status Update(Change change) const {
    static_assert(
        std::is_invocable_v<Change&, T&> && !std::is_invocable_v<Change&, T>,
        "isoproc: Update calls change(T&); a function that takes the value by value or by "
        "reference to const changes nothing");
    const absl::Status locked = storage().AcquireSilently();
    if (!locked.ok()) return locked;
    const internal::StorageGuard guard(storage());
    if constexpr (kIsWord) {
      T seen = word().load();
      while (true) {
        T changed = seen;
        change(changed);
        if (word().compare_exchange_strong(seen, changed)) return absl::OkStatus();
      }
    } else {
      T changed = Current();
      change(changed);
      Replace(changed);
      return absl::OkStatus();
    }
  }

  // Calls `body()`, or `body(LockStatus)`, with the lock taken; in it the thread may use the value.
  // Blocks:  until the lock is taken, or `timeout`.                                     [VAL-05]
  // On OK:   how the lock was taken: see LockStatus::kOwnerDied.
  // Errors:  DeadlineExceeded: `body` was not called.
  template <class Body>
  absl::StatusOr<LockStatus> WithLock(Body body,
                                      absl::Duration timeout = absl::InfiniteDuration()) const {
    const absl::StatusOr<LockStatus> locked = storage().Acquire(timeout);
    if (!locked.ok()) return locked;
    const internal::StorageGuard guard(storage());
    internal::CallLocked(body, *locked);
    return locked;
  }

 private:
  static constexpr bool kIsWord = internal::kIsLockFree<T>;
  // From one copy to the other.
  static constexpr size_t kStride = (sizeof(T) + 63) / 64 * 64;

  std::atomic<T>& word() const { return *reinterpret_cast<std::atomic<T>*>(storage().data()); }

  // Of two copies, that which is valid; the other one is scratch until the version is the next.
  T Current() const {
    std::array<std::byte, sizeof(T)> bytes;
    std::memcpy(bytes.data(), storage().data() + storage().version() % 2 * kStride, sizeof(T));
    return std::bit_cast<T>(bytes);
  }
  void Replace(const T& value) const {
    const uint64_t next = storage().version() + 1;
    std::memcpy(storage().data() + next % 2 * kStride, &value, sizeof(T));
    storage().set_version(next);  // commits
  }
};

// The memory of a value, without a lock.                                                [VAL-19]
template <class T>
class RawValue : public internal::StorageHandle<internal::ObjectKind::kValue> {
  static_assert(internal::CheckShared<T>());

 public:
  RawValue() = default;
  // Errors: as Create in sync.h.
  static absl::StatusOr<RawValue> Create(const T& initial = T()) {
    absl::StatusOr<internal::Storage> memory =
        internal::Storage::Create(internal::ObjectKind::kValue, sizeof(T));
    if (memory.ok()) std::memcpy(memory->data(), &initial, sizeof(T));
    return Make<RawValue>(std::move(memory));
  }

  // The value, which lives as long as the handle; null without an object, or if the object is gone
  // (see SHR-07). Who else uses it, and when, is the program's to order.
  T* get() const { return reinterpret_cast<T*>(storage().bytes().data()); }
  T& operator*() const { return *get(); }
  T* operator->() const { return get(); }
};

}  // namespace isoproc

#endif  // ISOPROC_VALUE_H_
