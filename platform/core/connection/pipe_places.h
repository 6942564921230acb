// Where the ends of a pipe are, for those who send handles of the system to one: Windows puts a
// handle into the process that is to have it. Words of the object that stands for the pipe.
//
// Ends move, and handles that were sent to where an end was are lost to where it is. So an end for
// which handles wait unread does not move, and no handles are sent to one that is leaving: who
// sends posts the parcel before he looks where the end is, and who moves an end says so before he
// looks for parcels. Both see the other then, or one of them; who sees the other retreats.
//
// Who sends an end to one that is on its way does not let his own leave while he waits for it, or
// two could wait for each other.
#ifndef ISOPROC_PLATFORM_CORE_CONNECTION_PIPE_PLACES_H_
#define ISOPROC_PLATFORM_CORE_CONNECTION_PIPE_PLACES_H_

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/parcel.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/shared/stamp.h"
#include "platform/port/port.h"

namespace isoproc::internal {

// An end is called by its side, 0 or 1.
// Thread safety: any thread.
class PipePlaces {
 public:
  // `object` is the pipe's, and lives as long as this.
  explicit PipePlaces(SharedObject& object) : object_(object) {}

  // Of a new pipe: both ends are in the process of `self`.
  static void Prepare(ObjectSlot& slot, Stamp self);

  // This process has the end.
  void MarkHere(int side);

  // Wakes those who wait in AwaitArrival, to look again.
  void Rouse();

  // The end is about to leave this process, if there are no handles for it after this. MarkHere
  // takes it back.
  // Errors: FailedPrecondition: this process is a forked copy; as SharedObject::Enter.
  absl::Status MarkLeaving(int side);
  // How many messages with handles there may be for an end of this process.
  uint64_t CountHandles(int side);
  bool HandlesWait(int side) { return CountHandles(side) > 0; }

  // Posts a parcel that handles go with to the end, and gives the process that has it. It does not
  // move before the parcel is unposted. Nothing: it is on its way, and the parcel is not posted.
  // Errors:    the parcel is not posted. Unavailable: the end is gone.
  absl::StatusOr<std::optional<port::ProcessIdentity>> TryPost(int side, const Parcel& parcel);

  // Blocks:    while the end is on its way, or `deadline`.
  // Errors:    DeadlineExceeded; what `look` says, which is asked from time to time, and after
  //            Rouse.
  absl::Status AwaitArrival(int side, port::Deadline deadline,
                            absl::FunctionRef<absl::Status()> look);

 private:
  SharedObject& object_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CONNECTION_PIPE_PLACES_H_
