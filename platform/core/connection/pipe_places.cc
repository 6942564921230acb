#include "platform/core/connection/pipe_places.h"

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

void PipePlaces::Settle(int side) {
  const absl::StatusOr<Stamp> self = object_.Enter();
  if (!self.ok()) return;  // a forked copy
  PlaceOf(object_, side).store(self->process().word());
  Rouse();
}

void PipePlaces::Rouse() { object_.arena().parking().WakeAll(object_.slot().waiters); }

void PipePlaces::Leave(int side) {
  const absl::StatusOr<Stamp> self = object_.Enter();
  if (self.ok()) PlaceOf(object_, side).store(self->process().word() | kLeaving);
}

bool PipePlaces::HandlesWait(int side) {
  return HasHandlesFor(object_.arena(), object_.name().word(), EndOf(side));
}

absl::StatusOr<port::ProcessIdentity> PipePlaces::PostTo(int side, const Parcel& parcel,
                                                         port::Deadline deadline,
                                                         const WhileEndIsOnItsWay& wait) {
  const absl::StatusOr<Stamp> self = object_.Enter();
  if (!self.ok()) return self.status();
  Arena& arena = object_.arena();
  const Atomic<uint64_t>& place = PlaceOf(object_, side);
  while (true) {
    parcel.Post(object_.name().word(), EndOf(side));
    const uint64_t word = place.load();
    if ((word & kLeaving) == 0) {
      const std::optional<port::ProcessIdentity> process = arena.IdentityOf(Stamp(word));
      if (process.has_value()) return *process;
      parcel.Unpost();
      return absl::UnavailableError("the process that had the other end is gone");
    }
    parcel.Unpost();
    wait.begin();
    absl::Status seen;
    absl::Status settled = arena.Await(object_.slot().waiters, *self, deadline, [&](bool) {
      if ((place.load() & kLeaving) == 0) return true;
      seen = wait.look();
      return !seen.ok();
    });
    if (settled.ok()) settled = seen.ok() ? wait.end() : seen;
    if (!settled.ok()) return settled;
  }
}

}  // namespace isoproc::internal
