#include "isoproc/internal/storage.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/object_handle.h"
#include "isoproc/sync.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/shared_block.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/sync/entered.h"
#include "platform/core/sync/owned_lock.h"

namespace isoproc::internal {
namespace {

// What is larger has memory of its own.
constexpr uint64_t kLargestInArena = 64 << 10;

StoragePayload& PayloadOf(SharedObject& object) {
  return internal::PayloadOf<StoragePayload>(object.slot());
}

}  // namespace

absl::StatusOr<Storage> Storage::Create(ObjectKind kind, uint64_t size) {
  const auto create = [&](uint64_t room) {
    return SharedObject::Create(kind, room, [size](ObjectSlot& slot) {
      internal::PayloadOf<StoragePayload>(slot).size.store(size);
    });
  };
  Storage storage;
  absl::StatusOr<std::shared_ptr<SharedObject>> object =
      absl::ResourceExhaustedError("too large for the arena");
  if (size <= kLargestInArena) object = create(size);
  if (absl::IsResourceExhausted(object.status())) {
    absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Create(size);
    if (!block.ok()) return block.status();
    storage.block_ = *std::move(block);
    object = create(0);
  }
  if (!object.ok()) return object.status();
  storage.object_ = *std::move(object);
  const absl::Status located = storage.Locate();
  if (!located.ok()) return located;
  return storage;
}

absl::Status Storage::Locate() {
  ObjectSlot& slot = object_->slot();
  const absl::Span<std::byte> bytes =
      block_ != nullptr ? block_->bytes() : object_->arena().RoomOf(slot);
  // Read once: others may write there.
  size_ = PayloadOf(*object_).size.load();
  if (size_ > bytes.size()) return absl::DataLossError("a shared object without its bytes");
  data_ = bytes.data();
  registered_ = &object_->arena().registration();
  state_ = &ToStandard(slot.state);
  expected_state_ = object_->name().state;
  return absl::OkStatus();
}

absl::Status Storage::EnterSlowly() const { return internal::Enter(object_).status(); }
absl::Span<std::byte> Storage::BytesSlowly() const {
  if (!EnterSlowly().ok()) return {};
  return absl::MakeSpan(data_, static_cast<size_t>(size_));
}

absl::StatusOr<LockStatus> Storage::Acquire(absl::Duration timeout) const {
  const absl::StatusOr<LockStatus> taken = AcquireRecursively(object_, timeout);
  if (!taken.ok()) return taken;
  Atomic<uint64_t>& untold = PayloadOf(*object_).untold;
  if (untold.load(std::memory_order_relaxed) == 0) return taken;
  // Whoever dies here dies with the lock, of which the next one is told.
  untold.store(0, std::memory_order_relaxed);
  return LockStatus::kOwnerDied;
}

absl::Status Storage::AcquireSilently() const {
  const absl::StatusOr<LockStatus> taken = AcquireRecursively(object_, absl::InfiniteDuration());
  if (!taken.ok()) return taken.status();
  if (*taken == LockStatus::kOwnerDied) PayloadOf(*object_).untold.store(1);
  return absl::OkStatus();
}

absl::Status Storage::Release() const { return ReleaseRecursively(object_); }

uint64_t Storage::version() const { return PayloadOf(*object_).version.load(); }
void Storage::set_version(uint64_t version) const { PayloadOf(*object_).version.store(version); }

void Storage::Save(WriteArchive& archive) const {
  SaveObject(archive, object_);
  if (object_ != nullptr) SaveBlock(archive, block_);
}

void Storage::Load(ReadArchive& archive, ObjectKind kind) {
  *this = Storage();
  object_ = LoadObject(archive, kind);
  if (object_ == nullptr) return;
  block_ = LoadBlock(archive);
  const absl::Status located = Locate();
  if (!located.ok()) ThrowStatus(located);
}

absl::Status NoElement(uint64_t index, uint64_t size) {
  return absl::InvalidArgumentError(
      absl::StrCat("the array has no element ", index, ": it has ", size));
}

}  // namespace isoproc::internal
