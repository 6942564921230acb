// What travels beside the bytes of a message, made ready for it.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_LUGGAGE_H_
#define ISOPROC_PLATFORM_CORE_SHARED_LUGGAGE_H_

#include "absl/status/statusor.h"
#include "isoproc/internal/archive.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/parcel.h"

namespace isoproc::internal {

// The objects in a parcel.
// Errors: as Parcel::Pack.
absl::StatusOr<Parcel> PackLuggage(Arena& arena, const Luggage& luggage);

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_SHARED_LUGGAGE_H_
