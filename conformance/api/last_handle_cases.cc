// Objects whose handles go away while somebody waits.
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/api/sync_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/process.h"
#include "isoproc/sync.h"

namespace isoproc::conformance {
namespace {

void SayAndWait(const Event& event) {
  Say("waits");
  Say(Code(event.Wait(GetEnvironment().patience)));
}
void SetWhenToldTo(const Event& event) {
  ReadInput();
  event.Set().IgnoreError();
}
ISOPROC_CASE(SharedObject, SHR_08, OtherProcessesDropTheirsWhileOneWaits) {
  SystemPipe input;
  SystemPipe said;
  SystemPipe unused;
  Process waiter;
  Process setter;
  {
    ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
    ASSERT_OK_AND_ASSIGN(waiter, Process::Start<SayAndWait>(Into(said), event));
    ASSERT_OK_AND_ASSIGN(setter, Process::Start<SetWhenToldTo>(Between(input, unused), event));
    ASSERT_EQ(said.ReadLine(), "waits");
  }
  // What is made now gets other places.
  ASSERT_OK_AND_ASSIGN(const Event other, Event::Create());
  EXPECT_OK(other.Set());
  input.CloseReadEnd();
  input.CloseWriteEnd();
  EXPECT_EQ(said.ReadToEnd(), "OK\n");
  EXPECT_EQ(EndOf(setter), "exited 0");
}

// A thread waits with a copy of a handle; another one, with a copy too, does `let_go`, upon which
// the wait ends, and drops it; the first handle is dropped meanwhile.
template <class Handle>
void DropWhileAThreadWaits(std::optional<Handle> handle,
                           const std::function<absl::Status(const Handle&)>& wait,
                           const std::function<absl::Status(const Handle&)>& let_go) {
  absl::Status waited = absl::UnknownError("has not waited");
  std::thread waiter([&waited, &wait, copy = *handle] { waited = wait(copy); });
  std::thread other([&let_go, copy = *handle]() mutable {
    const Handle last = std::move(copy);
    EXPECT_OK(let_go(last));
  });
  handle.reset();
  other.join();
  waiter.join();
  EXPECT_OK(waited);
}

ISOPROC_CASE(SharedObject, SHR_08_2, OtherThreadsDropTheirsWhileOneWaits) {
  const absl::Duration patience = GetEnvironment().patience;
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    DropWhileAThreadWaits<Event>(
        Event::Create().value(), [&](const Event& event) { return event.Wait(patience); },
        [](const Event& event) { return event.Set(); });
    DropWhileAThreadWaits<Semaphore>(
        Semaphore::Create(0).value(),
        [&](const Semaphore& semaphore) { return semaphore.Acquire(patience); },
        [](const Semaphore& semaphore) { return semaphore.Release(); });
    DropWhileAThreadWaits<Barrier>(
        Barrier::Create(2).value(),
        [&](const Barrier& barrier) { return barrier.Wait(patience).status(); },
        [&](const Barrier& barrier) { return barrier.Wait(patience).status(); });
  }
}

// Has the lock and drops the only handle of its process, and cannot release it any more.
void TakeAndDrop(const Lock& lock) {
  Say(Take(lock));
  const_cast<Lock&>(lock) = Lock();
  ReadInput();
}
ISOPROC_CASE(SharedObject, SHR_08_3, DroppedLockIsTakenUntilItsOwnerEnds) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process owner, Process::Start<TakeAndDrop>(Between(input, output), lock));
  input.CloseReadEnd();
  ASSERT_EQ(output.ReadLine(), "ok");
  EXPECT_EQ(Show(lock.Acquire(absl::Milliseconds(5))), "DEADLINE_EXCEEDED");
  input.CloseWriteEnd();
  EXPECT_EQ(Take(lock), "owner died");
  EXPECT_EQ(EndOf(owner), "exited 0");
}

}  // namespace
}  // namespace isoproc::conformance
