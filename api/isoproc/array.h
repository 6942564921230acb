// Values of one type in a row that several processes share. What holds for all handles of shared
// objects is in sync.h.
#ifndef ISOPROC_ARRAY_H_
#define ISOPROC_ARRAY_H_

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/object_handle.h"
#include "isoproc/internal/storage.h"
#include "isoproc/sync.h"

namespace isoproc {
namespace internal {

// Memory for `count` values of type T, all zero.
// Errors: ResourceExhausted.
template <class T>
absl::StatusOr<Storage> CreateArray(uint64_t count) {
  if (count > (std::numeric_limits<uint64_t>::max)() / sizeof(T)) {
    return absl::ResourceExhaustedError("a larger array than there can be");
  }
  return Storage::Create(ObjectKind::kArray, count * sizeof(T));
}

// Memory with a copy of `initial`.
// Errors: ResourceExhausted.
template <class T>
absl::StatusOr<Storage> CreateArray(absl::Span<const T> initial) {
  absl::StatusOr<Storage> storage = CreateArray<T>(uint64_t{initial.size()});
  if (storage.ok() && !initial.empty()) {
    std::memcpy(storage->data(), initial.data(), initial.size() * sizeof(T));
  }
  return storage;
}

template <class T>
absl::Span<T> ElementsOf(absl::Span<std::byte> bytes) {
  return absl::MakeSpan(reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T));
}

}  // namespace internal

// An array of fixed length. Above 64 KiB it takes pages, and a handle of the system in each
// process that has it; see Value.                                                       [VAL-16]
//
// Elements of up to 8 bytes are loaded and stored by single instructions, without the lock; larger
// ones with the lock. A process that is killed while it changes several, or a larger one, leaves
// them as they are: the next WithLock is told, by LockStatus::kOwnerDied, also if Load or Store,
// which do not tell, were there before it.                                              [VAL-29]
template <class T>
class Array : public internal::StorageHandle<internal::ObjectKind::kArray> {
  static_assert(internal::CheckShared<T>());

 public:
  Array() = default;
  // `count` elements, all zero; none is fine.                                 [VAL-12, VAL-13]
  // Errors: as Create in sync.h; ResourceExhausted: the system has not so much memory.  [VAL-24]
  static absl::StatusOr<Array> Create(uint64_t count) {
    return Make<Array>(internal::CreateArray<T>(count));
  }
  // A copy of `initial`.
  static absl::StatusOr<Array> Create(absl::Span<const T> initial) {
    return Make<Array>(internal::CreateArray<T>(initial));
  }
  static absl::StatusOr<Array> Create(std::initializer_list<T> initial) {
    return Create(absl::MakeConstSpan(initial.begin(), initial.size()));
  }

  // 0 without an object.
  size_t size() const { return static_cast<size_t>(storage().size() / sizeof(T)); }

  // The element at `index`.                                                   [VAL-14, VAL-17]
  // Blocks:  as Value::Load.
  // Errors:  InvalidArgument: there is no such element.
  absl::StatusOr<T> Load(size_t index) const {
    const absl::Status valid = CheckIndex(index);
    if (!valid.ok()) return valid;
    if constexpr (internal::kIsLockFree<T>) {
      return word(index).load();
    } else {
      const absl::Status locked = storage().AcquireSilently();
      if (!locked.ok()) return locked;
      const internal::StorageGuard guard(storage());
      std::array<std::byte, sizeof(T)> bytes;
      std::memcpy(bytes.data(), storage().data() + index * sizeof(T), sizeof(T));
      return std::bit_cast<T>(bytes);
    }
  }
  absl::Status Store(size_t index, const T& value) const {
    const absl::Status valid = CheckIndex(index);
    if (!valid.ok()) return valid;
    if constexpr (internal::kIsLockFree<T>) {
      word(index).store(value);
    } else {
      const absl::Status locked = storage().AcquireSilently();
      if (!locked.ok()) return locked;
      const internal::StorageGuard guard(storage());
      std::memcpy(storage().data() + index * sizeof(T), &value, sizeof(T));
    }
    return absl::OkStatus();
  }

  // As Value::FetchAdd, to one element.
  // Blocks:  never.
  // Errors:  as Load.
  absl::StatusOr<T> FetchAdd(size_t index, T by) const
      requires(std::integral<T> && !std::same_as<T, bool> && internal::kIsLockFree<T>) {
    const absl::Status valid = CheckIndex(index);
    if (!valid.ok()) return valid;
    return word(index).fetch_add(by);
  }

  // Calls `body(absl::Span<T>)`, or `body(absl::Span<T>, LockStatus)`, with the lock taken. The
  // span is not to be used afterwards.                                          [VAL-05, VAL-15]
  // Blocks:  until the lock is taken, or `timeout`.
  // On OK:   how the lock was taken: see LockStatus::kOwnerDied.
  // Errors:  DeadlineExceeded: `body` was not called.
  template <class Body>
  absl::StatusOr<LockStatus> WithLock(Body body,
                                      absl::Duration timeout = absl::InfiniteDuration()) const {
    const absl::StatusOr<LockStatus> locked = storage().Acquire(timeout);
    if (!locked.ok()) return locked;
    const internal::StorageGuard guard(storage());
    internal::CallLocked(body, *locked, internal::ElementsOf<T>(storage().bytes()));
    return locked;
  }

 private:
  absl::Status CheckIndex(size_t index) const {
    absl::Status entered = storage().Enter();
    if (entered.ok() && index >= size()) {
      return internal::NoElement(index, size());
    }
    return entered;
  }
  std::atomic<T>& word(size_t index) const {
    return *reinterpret_cast<std::atomic<T>*>(storage().data() + index * sizeof(T));
  }
};

// The memory of an array, without a lock.                                               [VAL-19]
template <class T>
class RawArray : public internal::StorageHandle<internal::ObjectKind::kArray> {
  static_assert(internal::CheckShared<T>());

 public:
  RawArray() = default;
  // As Array::Create.
  static absl::StatusOr<RawArray> Create(uint64_t count) {
    return Make<RawArray>(internal::CreateArray<T>(count));
  }
  static absl::StatusOr<RawArray> Create(absl::Span<const T> initial) {
    return Make<RawArray>(internal::CreateArray<T>(initial));
  }
  static absl::StatusOr<RawArray> Create(std::initializer_list<T> initial) {
    return Create(absl::MakeConstSpan(initial.begin(), initial.size()));
  }

  // The elements, which live as long as the handle; none without an object, or if it is gone
  // (see SHR-07). Who else uses them, and when, is the program's to order.
  absl::Span<T> span() const { return internal::ElementsOf<T>(storage().bytes()); }
  size_t size() const { return span().size(); }
};

}  // namespace isoproc

#endif  // ISOPROC_ARRAY_H_
