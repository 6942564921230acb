#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/byte_queue.h"
#include "isoproc/internal/object_handle.h"
#include "isoproc/wait.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/luggage.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/queue_layout.h"
#include "platform/core/shared/shared_block.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/shared_queue.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/sync/entered.h"
#include "platform/core/wait_source.h"

namespace isoproc::internal {

// What all handles of a queue in one process share.
class QueueBody {
 public:
  // Errors: DataLoss: that is no queue.
  static absl::StatusOr<std::shared_ptr<QueueBody>> Of(std::shared_ptr<SharedObject> object,
                                                       std::shared_ptr<SharedBlock> block) {
    const absl::StatusOr<QueueView> view =
        QueueView::Of(object->arena().RoomOf(object->slot()), block->bytes());
    if (!view.ok()) return view.status();
    return std::make_shared<QueueBody>(std::move(object), std::move(block), *view);
  }
  QueueBody(std::shared_ptr<SharedObject> object, std::shared_ptr<SharedBlock> block,
            const QueueView& view)
      : object_(std::move(object)),
        block_(std::move(block)),
        words_(view.words),
        queue_(object_->arena(), view, object_->name().word()) {}

  // Errors: as SharedObject::Enter.
  absl::StatusOr<Stamp> Enter() {
    const Stamp self = object_->TryEnter();
    if (self.word() != 0) return self;
    return object_->Enter();
  }
  SharedQueue& queue() { return queue_; }
  uint64_t type() const { return words_.type.load(std::memory_order_relaxed); }
  const std::shared_ptr<SharedObject>& object() const { return object_; }
  const std::shared_ptr<SharedBlock>& block() const { return block_; }

 private:
  const std::shared_ptr<SharedObject> object_;
  const std::shared_ptr<SharedBlock> block_;
  const QueueWords& words_;
  SharedQueue queue_;
};

namespace {

class QueueSource final : public SharedWaitSource {
 public:
  explicit QueueSource(std::shared_ptr<QueueBody> body)
      : SharedWaitSource(body->object(), body->queue().for_item()), body_(std::move(body)) {}
  bool HasNews() override {
    const absl::StatusOr<Stamp> self = body_->Enter();
    return self.ok() && body_->queue().HasNews(*self);
  }

 private:
  const std::shared_ptr<QueueBody> body_;
};

}  // namespace

absl::StatusOr<ByteQueue> ByteQueue::Create(uint64_t capacity, uint64_t bytes, uint64_t item_size,
                                            uint64_t type) {
  const absl::StatusOr<QueueShape> shape = QueueShape::For(capacity, bytes, item_size);
  if (!shape.ok()) return shape.status();
  const absl::StatusOr<std::shared_ptr<Arena>> arena = FamilyArena();
  if (!arena.ok()) return arena.status();
  absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Create(shape->memory());
  if (!block.ok()) return block.status();
  PrepareQueueMemory(*shape, (*block)->bytes());
  absl::StatusOr<std::shared_ptr<SharedObject>> object = SharedObject::Create(
      ObjectKind::kQueue, sizeof(QueueWords),
      [&](ObjectSlot& slot) { PrepareQueue(*shape, type, (*arena)->RoomOf(slot)); });
  if (!object.ok()) return object.status();
  absl::StatusOr<std::shared_ptr<QueueBody>> body =
      QueueBody::Of(*std::move(object), *std::move(block));
  if (!body.ok()) return body.status();
  return ByteQueue(*std::move(body));
}

absl::Status ByteQueue::Put(absl::Span<const std::byte> bytes, const Luggage* luggage,
                            absl::Duration timeout) const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  if (luggage == nullptr || luggage->empty()) return body_->queue().Put(*self, bytes, timeout);
  if (!luggage->blocks.empty() || !luggage->ends.empty()) {
    return absl::InvalidArgumentError(
        "an item of a queue cannot hold a connection or what has memory of its own (SharedMemory, "
        "a queue, an Array or a Value of more than 64 KiB): they travel as arguments of "
        "Process::Start");
  }
  const absl::StatusOr<Parcel> parcel = PackLuggage(body_->object()->arena(), *luggage);
  if (!parcel.ok()) return parcel.status();
  const uint64_t word = parcel->word();
  std::string named(reinterpret_cast<const char*>(&word), sizeof(word));
  named.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return body_->queue().Put(
      *self, absl::MakeConstSpan(reinterpret_cast<const std::byte*>(named.data()), named.size()),
      timeout, &*parcel);
}

absl::StatusOr<ByteLoan> ByteQueue::Loan(uint64_t size, absl::Duration timeout) const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  const absl::StatusOr<uint64_t> unit = body_->queue().Begin(*self, size, timeout);
  if (!unit.ok()) return unit.status();
  return ByteLoan(body_, *unit, body_->queue().BytesOf(*unit));
}

absl::Status ByteQueue::Put(ByteLoan& loan, absl::Duration timeout) const {
  if (body_ == nullptr) return NoObject();
  if (loan.body_ == nullptr ||
      loan.body_->object()->name().index != body_->object()->name().index) {
    return absl::FailedPreconditionError("the loan is of another queue, or was put already");
  }
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  const absl::Status put = body_->queue().PutBegun(*self, loan.unit_, timeout);
  if (put.ok()) loan.body_ = nullptr;
  return put;
}

absl::Status ByteQueue::Get(absl::FunctionRef<void(absl::Span<const std::byte>)> read,
                            absl::Duration timeout) const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  SharedQueue::Taken taken;
  const absl::Status got = body_->queue().Get(*self, taken, timeout);
  if (got.ok()) read(taken.bytes());
  return got;
}

absl::StatusOr<ByteLease> ByteQueue::GetLease(absl::Duration timeout) const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  const absl::StatusOr<SharedQueue::Lease> lease = body_->queue().GetLease(*self, timeout);
  if (!lease.ok()) return lease.status();
  return ByteLease(body_, lease->index, lease->redelivered, lease->bytes);
}

absl::Status ByteQueue::Close() const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  return self.ok() ? body_->queue().Close(*self) : self.status();
}

absl::Status ByteQueue::TaskDone() const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  return self.ok() ? body_->queue().TaskDone(*self) : self.status();
}

absl::Status ByteQueue::Join(absl::Duration timeout) const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  return self.ok() ? body_->queue().Join(*self, timeout) : self.status();
}

absl::StatusOr<Waitable> ByteQueue::AsWaitable() const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  return Waitable(std::make_shared<QueueSource>(body_));
}

absl::StatusOr<size_t> ByteQueue::Size() const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  return static_cast<size_t>(body_->queue().Size());
}

absl::StatusOr<bool> ByteQueue::IsFull() const {
  if (body_ == nullptr) return NoObject();
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  return body_->queue().IsFull();
}

void ByteQueue::Save(WriteArchive& archive) const {
  SaveObject(archive, body_ == nullptr ? nullptr : body_->object());
  if (body_ == nullptr) return;
  SaveBlock(archive, body_->block());
}

void ByteQueue::Load(ReadArchive& archive, uint64_t type) {
  body_ = nullptr;
  std::shared_ptr<SharedObject> object = LoadObject(archive, ObjectKind::kQueue);
  if (object == nullptr) return;
  std::shared_ptr<SharedBlock> block = LoadBlock(archive);
  if (block == nullptr) ThrowBadBytes("a queue without its memory");
  absl::StatusOr<std::shared_ptr<QueueBody>> body =
      QueueBody::Of(std::move(object), std::move(block));
  if (!body.ok()) ThrowStatus(body.status());
  if ((*body)->type() != type) ThrowBadBytes("the queue is one of items of another type");
  body_ = *std::move(body);
}

ByteLease::~ByteLease() {
  if (body_ == nullptr) return;
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (self.ok()) body_->queue().Return(*self, index_);
}

absl::Status ByteLease::Done() {
  if (body_ == nullptr) return absl::FailedPreconditionError("the item is not on trial any more");
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (!self.ok()) return self.status();
  absl::Status done = body_->queue().Acknowledge(*self, index_);
  if (done.ok() || absl::IsFailedPrecondition(done)) body_ = nullptr;
  return done;
}

ByteLoan::~ByteLoan() {
  if (body_ == nullptr) return;
  const absl::StatusOr<Stamp> self = body_->Enter();
  if (self.ok()) body_->queue().Drop(*self, unit_);
}

}  // namespace isoproc::internal
