// Bytes in shared memory with a lock: what Value and Array are made of.
#ifndef ISOPROC_INTERNAL_STORAGE_H_
#define ISOPROC_INTERNAL_STORAGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cereal/access.hpp"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/object_handle.h"
#include "isoproc/sync.h"

namespace isoproc::internal {

// True for types that the processor loads and stores as a whole.
template <class T>
consteval bool IsLockFree() {
  if constexpr (sizeof(T) > sizeof(uint64_t)) {
    return false;
  } else {
    return std::atomic<T>::is_always_lock_free && sizeof(std::atomic<T>) == sizeof(T);
  }
}
template <class T>
inline constexpr bool kIsLockFree = IsLockFree<T>();

// Whether several processes can share a T; if not, why, as an error of the compiler.
template <class T>
consteval bool CheckShared() {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> && !std::is_reference_v<T>,
                "isoproc: a shared value is a trivially copyable type, and no pointer: an address "
                "means nothing in another process");
  static_assert(alignof(T) <= 64, "isoproc: shared values are aligned to 64 bytes at most");
  return true;
}

// A handle, as ObjectHandle.
class Storage {
 public:
  Storage() = default;
  // `size` bytes, all zero, aligned to 64.
  // Errors: ResourceExhausted.
  static absl::StatusOr<Storage> Create(ObjectKind kind, uint64_t size);

  explicit operator bool() const { return object_ != nullptr; }
  std::byte* data() const { return data_; }
  uint64_t size() const { return size_; }

  // To be asked for before each use of the bytes: they may not be this process's any more if it is
  // a copy of the one that had the handle.
  // Errors: FailedPrecondition: there is no object, or it is gone.
  absl::Status Enter() const { return HasEntered() ? absl::OkStatus() : EnterSlowly(); }
  // The bytes; none where Enter fails.
  absl::Span<std::byte> bytes() const {
    return HasEntered() ? absl::MakeSpan(data_, static_cast<size_t>(size_)) : BytesSlowly();
  }

  // As RLock::Acquire and RLock::Release. kOwnerDied also if the lock was taken silently since.
  absl::StatusOr<LockStatus> Acquire(absl::Duration timeout) const;
  // For functions that do not tell their callers of a death: it is kept for the next Acquire.
  // Blocks:  until the lock is taken.
  absl::Status AcquireSilently() const;
  absl::Status Release() const;

  // See StoragePayload::version. To be written with the lock taken.
  uint64_t version() const;
  void set_version(uint64_t version) const;

  void Save(WriteArchive& archive) const;
  void Load(ReadArchive& archive, ObjectKind kind);

 private:
  // Finds the bytes. Errors: DataLoss: they are not where they should be.
  absl::Status Locate();
  bool HasEntered() const {
    return state_ != nullptr && registered_->load(std::memory_order_relaxed) > 1 &&
           state_->load(std::memory_order_relaxed) == expected_state_;
  }
  absl::Status EnterSlowly() const;
  absl::Span<std::byte> BytesSlowly() const;

  std::shared_ptr<SharedObject> object_;
  std::shared_ptr<SharedBlock> block_;  // null: the bytes are in the arena
  std::byte* data_ = nullptr;
  uint64_t size_ = 0;
  // For Enter: whether this process is registered, and whether the object is the one that was
  // meant.
  const std::atomic<uint64_t>* registered_ = nullptr;
  const std::atomic<uint64_t>* state_ = nullptr;
  uint64_t expected_state_ = 0;
};

// The base of all handles of such bytes, as ObjectHandle is of others.
template <ObjectKind kKind>
class StorageHandle {
 public:
  static constexpr ObjectKind kObjectKind = kKind;

  // Whether it refers to an object.
  explicit operator bool() const { return static_cast<bool>(storage_); }

 protected:
  StorageHandle() = default;
  // The handle that is to be made of `storage`, or why there is none.
  template <class Handle>
  static absl::StatusOr<Handle> Make(absl::StatusOr<Storage> storage) {
    if (!storage.ok()) return storage.status();
    Handle handle;
    static_cast<StorageHandle&>(handle).storage_ = *std::move(storage);
    return handle;
  }

  const Storage& storage() const { return storage_; }

 private:
  friend class cereal::access;
  template <class Archive>
  void save(Archive& archive) const {
    storage_.Save(archive);
  }
  template <class Archive>
  void load(Archive& archive) {
    storage_.Load(archive, kKind);
  }

  Storage storage_;
};

// InvalidArgument: an array of `size` elements has none at `index`.
absl::Status NoElement(uint64_t index, uint64_t size);

// Releases what was acquired, also when a function of the user throws.
class StorageGuard {
 public:
  explicit StorageGuard(const Storage& storage) : storage_(storage) {}
  StorageGuard(const StorageGuard&) = delete;
  StorageGuard& operator=(const StorageGuard&) = delete;
  ~StorageGuard() { storage_.Release().IgnoreError(); }

 private:
  const Storage storage_;  // a copy: the function may drop the handle
};

// Calls `body` with what it takes of `arguments` and the status of the lock.
template <class Body, class... Arguments>
void CallLocked(Body& body, LockStatus status, Arguments&&... arguments) {
  if constexpr (std::is_invocable_v<Body&, Arguments..., LockStatus>) {
    body(std::forward<Arguments>(arguments)..., status);
  } else {
    body(std::forward<Arguments>(arguments)...);
  }
}

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_STORAGE_H_
