#include "platform/core/shared/event.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/sync.h"
#include "isoproc/wait.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/shared_object.h"
#include "platform/core/sync/entered.h"
#include "platform/core/wait_source.h"

namespace isoproc {

using internal::Entered;
using internal::SharedObject;

namespace {

class EventSource final : public internal::SharedWaitSource {
 public:
  EventSource(std::shared_ptr<SharedObject> event, internal::Waiters& waiters)
      : SharedWaitSource(std::move(event), waiters) {}
  bool HasNews() override { return internal::EventIsSet(object().slot()); }
};

}  // namespace

absl::StatusOr<Event> Event::Create() {
  absl::StatusOr<std::shared_ptr<SharedObject>> object = SharedObject::Create(kObjectKind);
  if (!object.ok()) return object.status();
  return Event(*std::move(object));
}

absl::Status Event::Set() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  internal::SetEvent(entered->arena(), entered->slot());
  return absl::OkStatus();
}

absl::Status Event::Clear() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  internal::ClearEvent(entered->slot());
  return absl::OkStatus();
}

absl::Status Event::Wait(absl::Duration timeout) const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  return internal::AwaitEvent(entered->arena(), entered->slot(), entered->self, timeout);
}

absl::StatusOr<Waitable> Event::AsWaitable() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  if (!entered.ok()) return entered.status();
  return Waitable(std::make_shared<EventSource>(object(), entered->slot().waiters));
}

bool Event::IsSet() const {
  const absl::StatusOr<Entered> entered = internal::Enter(object());
  return entered.ok() && internal::EventIsSet(entered->slot());
}

}  // namespace isoproc
