#include "platform/core/connection/pipe_places.h"

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/connection/message.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/atomic.h"
#include "platform/core/shared/payload.h"

namespace isoproc::internal {
namespace {

// The stamp of a process has no thread, so that its lowest bits are 0.
constexpr uint64_t kLeaving = 1;

Atomic<uint64_t>& PlaceOf(SharedObject& object, int side) {
  return PayloadOf<PipePayload>(object.slot()).places[side];
}

// What parcels call the end.
uint64_t EndOf(int side) { return static_cast<uint64_t>(side) + 1; }

}  // namespace

void PipePlaces::Prepare(ObjectSlot& slot, Stamp self) {
  for (Atomic<uint64_t>& place : PayloadOf<PipePayload>(slot).places) {
    place.store(self.process().word());
  }
}

void PipePlaces::MarkHere(int side) {
  const absl::StatusOr<Stamp> self = object_.Enter();
  if (!self.ok()) return;  // a forked copy
  PlaceOf(object_, side).store(self->process().word());
  Rouse();
}

void PipePlaces::Rouse() { object_.arena().parking().WakeAll(object_.slot().waiters); }

absl::Status PipePlaces::MarkLeaving(int side) {
  const absl::StatusOr<Stamp> self = object_.Enter();
  if (!self.ok()) return self.status();
  PlaceOf(object_, side).store(self->process().word() | kLeaving);
  return absl::OkStatus();
}

uint64_t PipePlaces::CountHandles(int side) {
  return CountHandlesFor(object_.arena(), object_.name().word(), EndOf(side));
}

absl::StatusOr<std::optional<port::ProcessIdentity>> PipePlaces::TryPost(int side,
                                                                         const Parcel& parcel) {
  parcel.Post(object_.name().word(), EndOf(side));
  const uint64_t word = PlaceOf(object_, side).load();
  std::optional<port::ProcessIdentity> process;
  if ((word & kLeaving) == 0) {
    process = object_.arena().IdentityOf(Stamp(word));
    if (process.has_value()) return process;
  }
  parcel.Unpost();
  if ((word & kLeaving) != 0) return process;
  return absl::UnavailableError(kOtherEndIsClosed);
}

absl::Status PipePlaces::AwaitArrival(int side, port::Deadline deadline,
                                      absl::FunctionRef<absl::Status()> look) {
  const absl::StatusOr<Stamp> self = object_.Enter();
  if (!self.ok()) return self.status();
  const Atomic<uint64_t>& place = PlaceOf(object_, side);
  absl::Status seen;
  const absl::Status settled =
      object_.arena().Await(object_.slot().waiters, *self, deadline, [&](bool) {
        if ((place.load() & kLeaving) == 0) return true;
        seen = look();
        return !seen.ok();
      });
  return settled.ok() ? seen : settled;
}

}  // namespace isoproc::internal
