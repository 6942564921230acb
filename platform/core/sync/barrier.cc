#include "platform/core/shared/barrier.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/sync/entered.h"

namespace isoproc {

using internal::BarrierPayload;
using internal::Entered;
using internal::ObjectSlot;
using internal::SharedObject;

static_assert(Barrier::kMaxParties == internal::kMaxParties);

absl::StatusOr<Barrier> Barrier::Create(int64_t parties, absl::Duration timeout) {
  if (parties < 1 || parties > kMaxParties) {
    return absl::InvalidArgumentError(
        absl::StrCat("a barrier is for 1 to ", kMaxParties, " parties, not ", parties));
  }
  absl::StatusOr<std::shared_ptr<SharedObject>> object =
      SharedObject::Create(kObjectKind, 0, [&](ObjectSlot& slot) {
        BarrierPayload& payload = internal::PayloadOf<BarrierPayload>(slot);
        payload.parties.store(static_cast<uint64_t>(parties));
        payload.timeout_nanoseconds.store(absl::ToInt64Nanoseconds(timeout));
      });
  if (!object.ok()) return object.status();
  return Barrier(*std::move(object));
}

absl::StatusOr<int64_t> Barrier::Arrive(const absl::FunctionRef<void()>* action,
                                        std::optional<absl::Duration> timeout) const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  if (!timeout.has_value()) {
    const int64_t nanoseconds =
        internal::PayloadOf<BarrierPayload>(entered->slot()).timeout_nanoseconds.load();
    // Beyond what the word holds: for ever.
    timeout = nanoseconds == INT64_MAX ? absl::InfiniteDuration() : absl::Nanoseconds(nanoseconds);
  }
  const absl::StatusOr<uint32_t> index =
      internal::Arrive(entered->arena(), entered->slot(), entered->self, *timeout, action);
  if (!index.ok()) return index.status();
  return *index;
}

absl::StatusOr<int64_t> Barrier::Wait() const { return Arrive(nullptr, std::nullopt); }
absl::StatusOr<int64_t> Barrier::Wait(absl::Duration timeout) const {
  return Arrive(nullptr, timeout);
}
absl::StatusOr<int64_t> Barrier::WaitAnd(absl::FunctionRef<void()> action) const {
  return Arrive(&action, std::nullopt);
}
absl::StatusOr<int64_t> Barrier::WaitAnd(absl::FunctionRef<void()> action,
                                         absl::Duration timeout) const {
  return Arrive(&action, timeout);
}

absl::Status Barrier::Abort() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  internal::BreakBarrier(entered->arena(), entered->slot());
  return absl::OkStatus();
}

absl::Status Barrier::Reset() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  internal::ResetBarrier(entered->arena(), entered->slot());
  return absl::OkStatus();
}

int64_t Barrier::parties() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return 0;
  return static_cast<int64_t>(internal::PayloadOf<BarrierPayload>(entered->slot()).parties.load());
}

int64_t Barrier::waiting() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  return entered.ok() ? internal::StateOfBarrier(entered->slot()).waiting : 0;
}

bool Barrier::IsBroken() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  return !entered.ok() || internal::StateOfBarrier(entered->slot()).broken;
}

}  // namespace isoproc
