#include "platform/core/shared/shared_queue.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/queue_buffers.h"
#include "platform/core/shared/queue_layout.h"
#include "platform/core/shared/spin.h"
#include "platform/core/shared/stamp.h"
#include "platform/core/shared/word_lock.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

absl::Status Closed() { return absl::UnavailableError("the queue is closed"); }
constexpr size_t kParcelName = sizeof(uint64_t);

// What was waited for when the time was over.
constexpr char kEmpty[] = "the queue is empty";
constexpr char kFull[] = "the queue is full";
constexpr char kNoMemory[] =
    "too many bytes of the queue are in use for an item as large as this: see QueueOptions::bytes";
constexpr char kNotDone[] = "not all items of the queue are done with";

absl::Status Late(const char* what) { return absl::DeadlineExceededError(what); }
// Without a message, for which memory would be needed with a lock.
absl::Status NotNow() { return absl::Status(absl::StatusCode::kDeadlineExceeded, {}); }
absl::Status Unusable() { return absl::DataLossError("a message of impossible numbers"); }

QueueWords* WordsOf(Arena& arena, ObjectSlot& slot) {
  const absl::Span<std::byte> room = arena.RoomOf(slot);
  return room.size() < sizeof(QueueWords) ? nullptr : reinterpret_cast<QueueWords*>(room.data());
}

}  // namespace

void RepairQueue(Arena& arena, ObjectSlot& slot) {
  QueueWords* words = WordsOf(arena, slot);
  if (words == nullptr) return;
  words->orphans.store(1);
  words->freed.fetch_add(1);
}

void ForEachWaitersOfQueue(Arena& arena, ObjectSlot& slot,
                           absl::FunctionRef<void(Waiters&)> visit) {
  QueueWords* words = WordsOf(arena, slot);
  if (words == nullptr) return;
  for (Waiters* waiters : {&words->for_put_lock, &words->for_get_lock, &words->for_item,
                           &words->for_slot, &words->for_buffer, &words->for_done}) {
    visit(*waiters);
  }
}

class SharedQueue::Limit {
 public:
  Limit(Arena& arena, absl::Duration timeout) : arena_(arena), timeout_(timeout) {}
  bool none() const { return timeout_ <= absl::ZeroDuration(); }
  bool IsOver() { return deadline().Expired(arena_.port().Now()); }
  port::Deadline deadline() {
    if (!deadline_.has_value()) {
      deadline_ = port::Deadline::After(arena_.port().Now(), timeout_);
    }
    return *deadline_;
  }

 private:
  Arena& arena_;
  const absl::Duration timeout_;
  std::optional<port::Deadline> deadline_;
};

// Nobody gives up on a lock for a deadline: it is had for some dozen instructions.
absl::Status SharedQueue::AwaitPutLock(Stamp self) {
  const absl::StatusOr<internal::Taken> taken =
      internal::Take(arena_, words_.put_lock, words_.for_put_lock, self, absl::InfiniteDuration());
  if (!taken.ok()) return taken.status();
  if (*taken == internal::Taken::kFromTheDead) RepairPut();
  return absl::OkStatus();
}

absl::Status SharedQueue::AwaitGetLock(Stamp self) {
  const absl::StatusOr<internal::Taken> taken =
      internal::Take(arena_, words_.get_lock, words_.for_get_lock, self, absl::InfiniteDuration());
  if (!taken.ok()) return taken.status();
  if (*taken == internal::Taken::kFromTheDead) RepairGet();
  return absl::OkStatus();
}

absl::Status SharedQueue::Wait(Stamp self, Waiters& waiters, Limit& limit, const char* late,
                               absl::FunctionRef<bool()> hint) {
  if (limit.none()) {
    // Nobody else may look for what the dead had, if all only ask now and then.
    arena_.SweepIfDue(self, arena_.port().Now());
    return hint() ? absl::OkStatus() : Late(late);
  }
  const absl::Status waited =
      arena_.Await(waiters, self, limit.deadline(), [&](bool) { return hint(); });
  return absl::IsDeadlineExceeded(waited) ? Late(late) : waited;
}

// ---- putting ------------------------------------------------------------------------------------

absl::Status SharedQueue::Put(Stamp self, absl::Span<const std::byte> bytes, absl::Duration timeout,
                              const Parcel* parcel) {
  Limit limit(arena_, timeout);
  if (bytes.size() <= view_.shape.inline_size()) {
    return Publish(self, Descriptor::OfBytes(bytes.size()), bytes, limit, parcel);
  }
  const absl::StatusOr<uint64_t> unit = Begin(self, bytes.size(), limit);
  if (!unit.ok()) return unit.status();
  std::memcpy(view_.bytes(*unit), bytes.data(), bytes.size());
  const absl::Status put = Publish(self, Descriptor::OfBuffer(*unit), {}, limit, parcel);
  if (!put.ok()) Drop(self, *unit);
  return put;
}

absl::StatusOr<uint64_t> SharedQueue::Begin(Stamp self, uint64_t size, absl::Duration timeout) {
  Limit limit(arena_, timeout);
  return Begin(self, size, limit);
}

absl::Status SharedQueue::PutBegun(Stamp self, uint64_t unit, absl::Duration timeout) {
  if (!buffers_.IsOwn(self, unit)) {
    return absl::FailedPreconditionError("the loan is that of the process this one is a copy of");
  }
  Limit limit(arena_, timeout);
  return Publish(self, Descriptor::OfBuffer(unit), {}, limit);
}

absl::StatusOr<uint64_t> SharedQueue::Begin(Stamp self, uint64_t size, Limit& limit) {
  if (size > view_.shape.units * QueueShape::kUnit) {
    return absl::ResourceExhaustedError(
        "the item is larger than all the bytes of the queue: see QueueOptions::bytes");
  }
  for (bool is_over = false;; is_over = limit.IsOver()) {
    // First without a look at what others write whenever they free something.
    absl::StatusOr<uint64_t> begun = TryBegin(self, size);
    if (!absl::IsDeadlineExceeded(begun.status())) return begun;
    // Before the sweep: what is given up while it looks is news.
    const uint64_t freed = words_.freed.load();
    buffers_.Sweep();
    begun = TryBegin(self, size);
    // However often others free what is too small.
    if (!absl::IsDeadlineExceeded(begun.status()) || is_over) return begun;
    const absl::Status waited = Wait(self, words_.for_buffer, limit, kNoMemory, [&] {
      return words_.freed.load() != freed || words_.closed.load() != 0;
    });
    if (!waited.ok()) return waited;
  }
}

absl::StatusOr<uint64_t> SharedQueue::TryBegin(Stamp self, uint64_t size) {
  const absl::Status locked = LockPut(self);
  if (!locked.ok()) return locked;
  const bool closed = words_.closed.load(std::memory_order_relaxed) != 0;
  const std::optional<uint64_t> unit = closed ? std::nullopt : buffers_.Allocate(self, size);
  UnlockPut();
  if (closed) return Closed();
  if (!unit.has_value()) return Late(kNoMemory);
  return *unit;
}

absl::Status SharedQueue::Publish(Stamp self, Descriptor descriptor,
                                  absl::Span<const std::byte> bytes, Limit& limit,
                                  const Parcel* parcel) {
  if (parcel != nullptr) descriptor = descriptor.WithParcel();
  // The hint may be wrong for ever, if somebody wrote where nobody may: then the time counts.
  for (bool is_over = false;; is_over = limit.IsOver()) {
    absl::Status published = TryPublish(self, descriptor, bytes, parcel);
    if (published.ok() || !absl::IsDeadlineExceeded(published)) return published;
    if (is_over) return Late(kFull);
    const auto look = [this] { return LooksRoomy(); };
    if (!limit.none() && put_spin_.Until(arena_, words_.put_spin, look)) continue;
    const absl::Status waited =
        Wait(self, words_.for_slot, limit, kFull, [this] { return MayHaveRoom(); });
    if (!waited.ok()) return waited;
  }
}

absl::Status SharedQueue::TryPublish(Stamp self, Descriptor descriptor,
                                     absl::Span<const std::byte> bytes, const Parcel* parcel) {
  const absl::Status locked = LockPut(self);
  if (!locked.ok()) return locked;
  if (words_.closed.load(std::memory_order_relaxed) != 0) {
    UnlockPut();
    return Closed();
  }
  const uint64_t ticket = NextPut();
  // Before the commit, so that it is never more than one behind, however many die here one after
  // the other. And who waits for room would find a tail that is behind, and look in vain.
  words_.tail.store(ticket, std::memory_order_relaxed);
  if (!HasRoom(ticket)) {
    UnlockPut();
    return NotNow();
  }
  QueueSlot& slot = view_.slot(ticket);
  slot.descriptor.store(descriptor.word(), std::memory_order_relaxed);
  if (!bytes.empty()) std::memcpy(view_.bytes(slot), bytes.data(), bytes.size());
  if (parcel != nullptr) {
    Note(words_.posted, parcel->word(), ticket);
    parcel->Post(carrier_);
  }
  slot.sequence.store(ticket + 1, std::memory_order_release);  // commits
  words_.tail.store(ticket + 1, std::memory_order_relaxed);
  UnlockPut();
  if (words_.for_item.summary.load() != 0) arena_.parking().WakeOne(words_.for_item);
  return absl::OkStatus();
}

absl::Status SharedQueue::Close(Stamp self) {
  // With the lock: whoever has seen that it is closed has seen all that was put.
  const absl::Status locked = LockPut(self);
  if (!locked.ok()) return locked;
  words_.closed.store(1);  // commits
  UnlockPut();
  for (Waiters* waiters : {&words_.for_item, &words_.for_slot, &words_.for_buffer}) {
    arena_.parking().WakeAll(*waiters);
  }
  return absl::OkStatus();
}

// Its last owner died with the lock of who puts. What he had posted for a message that he did not
// put is nobody's.
void SharedQueue::RepairPut() {
  const uint64_t parcel = words_.posted.parcel.load();
  const uint64_t ticket = words_.posted.ticket.load();
  if (parcel == 0 || view_.slot(ticket).sequence.load() > ticket) return;
  TakeAway(arena_, parcel, carrier_);
}

void SharedQueue::Note(ParcelNote& note, uint64_t parcel, uint64_t ticket) {
  note.parcel.store(0);
  note.ticket.store(ticket);
  note.parcel.store(parcel);
}

uint64_t SharedQueue::ParcelIn(absl::Span<const std::byte> bytes) {
  uint64_t parcel = 0;
  if (bytes.size() >= kParcelName) std::memcpy(&parcel, bytes.data(), kParcelName);
  return parcel;
}

// ---- getting ------------------------------------------------------------------------------------

template <class Accept>
absl::Status SharedQueue::Take(Stamp self, absl::Duration timeout, Accept accept,
                               uint64_t orphan_owner) {
  Limit limit(arena_, timeout);
  // The hint may be wrong for ever, if somebody wrote where nobody may: then the time counts.
  for (bool is_over = false;; is_over = limit.IsOver()) {
    absl::Status taken = TryTake(self, accept, orphan_owner);
    if (taken.ok() || !absl::IsDeadlineExceeded(taken)) return taken;
    if (is_over) return Late(kEmpty);
    const auto look = [this, self] { return LooksFilled(self); };
    if (!limit.none() && get_spin_.Until(arena_, words_.get_spin, look)) continue;
    const absl::Status waited =
        Wait(self, words_.for_item, limit, kEmpty, [this, self] { return MayHaveItem(self); });
    if (!waited.ok()) return waited;
  }
}

template <class Accept>
absl::Status SharedQueue::TryTake(Stamp self, Accept& accept, uint64_t orphan_owner) {
  const absl::Status locked = LockGet(self);
  if (!locked.ok()) return locked;
  absl::Status taken = TakeLocked(self, accept, orphan_owner);
  UnlockGet();
  if (!taken.ok() && !absl::IsDataLoss(taken)) {
    // It was perhaps chosen for an item that it leaves there.
    if (absl::IsResourceExhausted(taken)) arena_.parking().WakeOne(words_.for_item);
    return taken;
  }
  if (words_.for_slot.summary.load() != 0) arena_.parking().WakeOne(words_.for_slot);
  // Who waits for the end may have been kept by this one; and there may be more orphans.
  if (words_.closed.load(std::memory_order_relaxed) != 0 && LeasesUsed() != 0) {
    arena_.parking().WakeAll(words_.for_item);
  } else if (words_.orphans.load(std::memory_order_relaxed) != 0) {
    arena_.parking().WakeOne(words_.for_item);
  }
  return taken;
}

template <class Accept>
absl::Status SharedQueue::TakeLocked(Stamp self, Accept& accept, uint64_t orphan_owner) {
  if (words_.orphans.load(std::memory_order_relaxed) != 0) {
    if (QueueLease* orphan = FindOrphan()) {
      Found found{orphan->ticket.load(), Descriptor(orphan->descriptor.load()),
                  view_.bytes(*orphan), orphan};
      absl::Status accepted = accept(found);
      orphan->owner.store(absl::IsDataLoss(accepted) ? 0 : orphan_owner);  // commits
      if (found.parcel != nullptr) found.parcel->Unpost();
      return accepted;
    }
  }
  // Before the look for a message: nothing is put after it is set.
  const bool closed = words_.closed.load() != 0;
  const uint64_t ticket = NextGet();
  words_.head.store(ticket, std::memory_order_relaxed);  // as the tail in TryPublish
  QueueSlot& slot = view_.slot(ticket);
  if (slot.sequence.load(std::memory_order_acquire) != ticket + 1) {
    if (!closed || MustAwaitLeases(self)) return NotNow();
    return absl::OutOfRangeError("the queue is closed and empty");
  }
  Found found{ticket, Descriptor(slot.descriptor.load(std::memory_order_relaxed)),
              view_.bytes(slot), nullptr};
  absl::Status accepted = accept(found);
  if (!accepted.ok() && !absl::IsDataLoss(accepted)) return accepted;
  slot.sequence.store(ticket + view_.shape.slots, std::memory_order_release);  // commits
  if (found.parcel != nullptr) found.parcel->Unpost();
  words_.head.store(ticket + 1, std::memory_order_relaxed);
  return accepted;
}

absl::Status SharedQueue::Get(Stamp self, Taken& taken, absl::Duration timeout) {
  const auto copy = [&](Found& found) {
    if (found.descriptor.is_buffer()) {
      const uint64_t unit = found.descriptor.unit();
      if (!buffers_.TakeOver(self, unit)) return Unusable();
      taken.queue_ = this;
      taken.self_ = self;
      taken.buffer_ = unit;
      taken.bytes_ = buffers_.BytesOf(unit);
    } else {
      const uint64_t size = found.descriptor.size();
      if (size > view_.shape.inline_size()) return Unusable();
      std::memcpy(taken.copy_.data(), found.bytes, size);
      taken.bytes_ = absl::MakeConstSpan(taken.copy_.data(), size);
    }
    return found.descriptor.has_parcel() ? HoldParcel(found, taken) : absl::OkStatus();
  };
  return Take(self, timeout, copy, /*orphan_owner=*/0);
}

absl::StatusOr<SharedQueue::Lease> SharedQueue::GetLease(Stamp self, absl::Duration timeout) {
  Lease lease;
  const absl::Status taken = Take(
      self, timeout, [&](Found& found) { return Record(self, found, lease); },
      self.process().word());
  if (!taken.ok()) return taken;
  return lease;
}

// Held before the taking is committed, so that it is not lost, and taken from the queue after that:
// who dies in between leaves a note.
absl::Status SharedQueue::HoldParcel(Found& found, Taken& taken) {
  // The size was read once: another process may write another one there.
  if (taken.bytes_.size() < kParcelName) return Unusable();
  absl::StatusOr<Parcel> parcel = Parcel::Open(arena_, ParcelIn(taken.bytes_), carrier_);
  if (!parcel.ok()) return Unusable();
  taken.parcel_ = *std::move(parcel);
  taken.bytes_.remove_prefix(kParcelName);
  Note(words_.taken, taken.parcel_.word(), found.ticket);
  found.parcel = &taken.parcel_;
  return absl::OkStatus();
}

// ---- leases -------------------------------------------------------------------------------------

// Before the taking is committed, the message is in the ring and in the lease; a lease whose ticket
// is still in the ring does not count (RepairGet).
absl::Status SharedQueue::Record(Stamp self, const Found& found, Lease& lease) {
  const Descriptor descriptor = found.descriptor;
  if (descriptor.is_buffer() ? !buffers_.TakeOver(self, descriptor.unit())
                             : descriptor.size() > view_.shape.inline_size()) {
    return Unusable();
  }
  QueueLease* entry = found.orphan;
  uint64_t index = 0;
  if (entry != nullptr) {
    index = static_cast<uint64_t>(reinterpret_cast<std::byte*>(entry) - view_.memory -
                                  static_cast<ptrdiff_t>(view_.shape.leases_begin())) /
            view_.shape.lease_size();
    entry->redelivered.store(1);
  } else {
    while (index < view_.shape.leases && view_.lease(index).owner.load() != 0) ++index;
    if (index == view_.shape.leases) {
      return absl::ResourceExhaustedError("too many items are on trial at the same time");
    }
    entry = &view_.lease(index);
    entry->ticket.store(found.ticket, std::memory_order_relaxed);
    entry->descriptor.store(descriptor.word(), std::memory_order_relaxed);
    entry->redelivered.store(0, std::memory_order_relaxed);
    if (!descriptor.is_buffer()) {
      std::memcpy(view_.bytes(*entry), found.bytes, descriptor.size());
    }
    if (words_.leases_used.load() <= index) words_.leases_used.store(index + 1);
    entry->owner.store(self.process().word());
  }
  lease.index = index;
  lease.redelivered = entry->redelivered.load() != 0;
  lease.bytes = descriptor.is_buffer() ? buffers_.BytesOf(descriptor.unit())
                                       : absl::MakeSpan(view_.bytes(*entry), descriptor.size());
  // The parcel stays the queue's, as the message may come back.
  if (descriptor.has_parcel()) {
    lease.bytes.remove_prefix((std::min)(kParcelName, lease.bytes.size()));
  }
  return absl::OkStatus();
}

QueueLease* SharedQueue::FindOrphan() {
  words_.orphans.store(0);
  QueueLease* first = nullptr;
  uint64_t living = 0;
  for (uint64_t i = 0; i < LeasesUsed(); ++i) {
    QueueLease& lease = view_.lease(i);
    const uint64_t owner = lease.owner.load();
    if (owner == 0 || owner == QueueLease::kDone || owner == living) continue;
    if (owner != QueueLease::kReturned && !arena_.IsDead(Stamp(owner))) {
      living = owner;
      continue;
    }
    // There may be more of them.
    words_.orphans.store(1);
    if (first == nullptr || lease.ticket.load() < first->ticket.load()) first = &lease;
  }
  return first;
}

// Its last owner died with the lock of who gets: while it took a lease, which does not count unless
// the message has left the ring; or while it ended one, which counts.
void SharedQueue::RepairGet() {
  bool ended_one = false;
  for (uint64_t i = 0; i < LeasesUsed(); ++i) {
    QueueLease& lease = view_.lease(i);
    const uint64_t owner = lease.owner.load();
    if (owner == 0) continue;
    const uint64_t ticket = lease.ticket.load();
    if (owner == QueueLease::kDone) {
      words_.done.store(std::max(words_.done.load(), lease.done.load()));
      GiveUpParcel(lease);
      lease.owner.store(0);
      ended_one = true;
    } else if (view_.slot(ticket).sequence.load() == ticket + 1) {
      lease.owner.store(0);
    }
  }
  if (ended_one) {
    // Those whom the dead one would have told: who looked after its death still found the lease.
    buffers_.TellWaiters();
    arena_.parking().WakeAll(words_.for_done);
  }
  const uint64_t parcel = words_.taken.parcel.load();
  const uint64_t ticket = words_.taken.ticket.load();
  if (parcel == 0 || view_.slot(ticket).sequence.load() == ticket + 1 || IsOnLease(ticket)) return;
  TakeAway(arena_, parcel, carrier_);
}

bool SharedQueue::IsOnLease(uint64_t ticket) const {
  for (uint64_t i = 0; i < LeasesUsed(); ++i) {
    const QueueLease& lease = view_.lease(i);
    if (lease.owner.load() != 0 && lease.ticket.load() == ticket) return true;
  }
  return false;
}

void SharedQueue::GiveUpParcel(QueueLease& lease) {
  const Descriptor descriptor(lease.descriptor.load());
  if (!descriptor.has_parcel()) return;
  if (descriptor.is_buffer() && descriptor.unit() >= view_.shape.units) return;
  TakeAway(
      arena_,
      ParcelIn(descriptor.is_buffer() ? buffers_.BytesOf(descriptor.unit())
                                      : absl::MakeConstSpan(view_.bytes(lease), descriptor.size())),
      carrier_);
}

absl::Status SharedQueue::Acknowledge(Stamp self, uint64_t index) {
  const absl::Status locked = LockGet(self);
  if (!locked.ok()) return locked;
  QueueLease& lease = view_.lease(index);
  if (lease.owner.load() != self.process().word()) {
    UnlockGet();
    return absl::FailedPreconditionError("the item is not on trial here, or not any more");
  }
  const Descriptor descriptor(lease.descriptor.load());
  // Not more than were put, as in TaskDone: the program may have said so of this one before.
  const uint64_t put = NextPut();
  const uint64_t done = std::min(words_.done.load() + 1, put);
  lease.done.store(done);
  lease.owner.store(QueueLease::kDone);  // commits
  words_.done.store(done);
  GiveUpParcel(lease);
  lease.owner.store(0);
  UnlockGet();
  if (descriptor.is_buffer()) buffers_.Free(self, descriptor.unit());
  if (done == put) arena_.parking().WakeAll(words_.for_done);
  // Who waits for the end may have waited for this one.
  if (words_.closed.load() != 0) arena_.parking().WakeAll(words_.for_item);
  return absl::OkStatus();
}

void SharedQueue::Return(Stamp self, uint64_t index) {
  uint64_t owner = self.process().word();
  if (!view_.lease(index).owner.compare_exchange_strong(owner, QueueLease::kReturned)) return;
  words_.orphans.store(1);
  arena_.parking().WakeOne(words_.for_item);
}

uint64_t SharedQueue::LeasesUsed() const {
  return std::min(words_.leases_used.load(), view_.shape.leases);
}

uint64_t SharedQueue::CountOrphans() const {
  uint64_t count = 0;
  for (uint64_t i = 0; i < LeasesUsed(); ++i) {
    const uint64_t owner = view_.lease(i).owner.load();
    if (owner == 0 || owner == QueueLease::kDone) continue;
    // Half taken: the message is still in the ring.
    const uint64_t ticket = view_.lease(i).ticket.load();
    if (view_.slot(ticket).sequence.load() == ticket + 1) continue;
    if (owner == QueueLease::kReturned || arena_.IsDead(Stamp(owner))) ++count;
  }
  return count;
}

bool SharedQueue::MustAwaitLeases(Stamp self) const {
  bool others_have = false;
  for (uint64_t i = 0; i < LeasesUsed(); ++i) {
    const uint64_t owner = view_.lease(i).owner.load();
    if (owner == self.process().word()) return false;
    others_have = others_have || (owner != 0 && owner != QueueLease::kDone);
  }
  return others_have;
}

// ---- tasks --------------------------------------------------------------------------------------

absl::Status SharedQueue::TaskDone(Stamp self) {
  const absl::Status locked = LockGet(self);
  if (!locked.ok()) return locked;
  const uint64_t done = words_.done.load() + 1;
  const uint64_t put = NextPut();
  if (done <= put) words_.done.store(done);  // commits
  UnlockGet();
  if (done > put) return absl::FailedPreconditionError("more items are done than were put");
  if (done == put) arena_.parking().WakeAll(words_.for_done);
  return absl::OkStatus();
}

absl::Status SharedQueue::Join(Stamp self, absl::Duration timeout) {
  if (AllIsDone(self, /*ask=*/true)) return absl::OkStatus();
  Limit limit(arena_, timeout);
  const absl::Status waited = arena_.Await(words_.for_done, self, limit.deadline(),
                                           [&](bool ask) { return AllIsDone(self, ask); });
  return absl::IsDeadlineExceeded(waited) ? Late(kNotDone) : waited;
}

bool SharedQueue::AllIsDone(Stamp self, bool ask) {
  // Who died while it said that an item is done has said so.
  if (ask && TrySteal(arena_, words_.get_lock, self)) {
    RepairGet();
    UnlockGet();
  }
  const uint64_t done = words_.done.load();  // before the look at what was put
  return done >= NextPut();
}

// ---- looking ------------------------------------------------------------------------------------

bool SharedQueue::LooksRoomy() const {
  return words_.closed.load() != 0 || HasRoom(words_.tail.load());
}

bool SharedQueue::LooksFilled(Stamp self) const {
  const uint64_t ticket = words_.head.load();
  return view_.slot(ticket).sequence.load() > ticket || words_.orphans.load() != 0 ||
         (words_.closed.load() != 0 && !MustAwaitLeases(self));
}

// For sleepers the lock of the other side is read, which takes its line away from it: one that has
// armed sees then what was done before the release which it sees, if the releaser has not seen it.
bool SharedQueue::MayHaveRoom() const {
  static_cast<void>(words_.get_lock.owner.load());
  return LooksRoomy();
}

bool SharedQueue::MayHaveItem(Stamp self) const {
  static_cast<void>(words_.put_lock.owner.load());
  return LooksFilled(self);
}

// As MayHaveItem, but never wrong for long: who asks may not take what there is, and so does not
// put right what a dead one has left behind.
bool SharedQueue::HasNews(Stamp self) const {
  static_cast<void>(words_.put_lock.owner.load());
  // Before the look for a message: nothing is put after it is set.
  const bool closed = words_.closed.load() != 0;
  const uint64_t ticket = NextGet();
  return view_.slot(ticket).sequence.load(std::memory_order_acquire) == ticket + 1 ||
         (words_.orphans.load() != 0 && CountOrphans() != 0) || (closed && !MustAwaitLeases(self));
}

uint64_t SharedQueue::Size() const {
  uint64_t head = NextGet();
  uint64_t tail = 0;
  // Of one moment, if it can be had: nothing was got while the tail was read.
  for (int tries = 0; tries < 10; ++tries) {
    tail = NextPut();
    const uint64_t before = std::exchange(head, NextGet());
    if (head == before) break;
  }
  const uint64_t in_ring = tail > head ? std::min(tail - head, view_.shape.capacity) : 0;
  return in_ring + CountOrphans();
}

bool SharedQueue::IsFull() const { return !HasRoom(NextPut()); }

}  // namespace isoproc::internal
