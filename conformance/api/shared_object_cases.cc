// What all shared objects have in common, shown by locks.
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/array.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

ISOPROC_CASE(SharedObject, SHR_01, CopiesAreOneObject) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  const Lock copy = lock;  // NOLINT(performance-unnecessary-copy-initialization)
  ASSERT_OK(lock.Acquire());
  EXPECT_TRUE(copy.IsLocked());
  EXPECT_OK(copy.Release());
  EXPECT_FALSE(lock.IsLocked());
}

template <class AnyLock>
void ExpectNoLock(const AnyLock& none) {
  EXPECT_FALSE(none);
  EXPECT_CODE(none.Acquire(), kFailedPrecondition);
  EXPECT_CODE(none.TryAcquire(), kFailedPrecondition);
  EXPECT_CODE(none.Release(), kFailedPrecondition);
  EXPECT_THROW(none.lock(), std::system_error);
  EXPECT_FALSE(none.try_lock());
  none.unlock();
}
ISOPROC_CASE(SharedObject, SHR_01_2, EmptyHandleRefersToNothing) {
  ExpectNoLock(Lock());
  EXPECT_FALSE(Lock().IsLocked());
  ExpectNoLock(RLock());
  EXPECT_FALSE(RLock().IsLocked());
  ExpectNoLock(Condition());
  EXPECT_CODE(Condition().Wait(), kFailedPrecondition);
  EXPECT_CODE(Condition().WaitFor([] { return true; }), kFailedPrecondition);
  EXPECT_CODE(Condition().Notify(), kFailedPrecondition);
  EXPECT_CODE(Condition().NotifyAll(), kFailedPrecondition);
}

template <class AnySemaphore>
void ExpectNoSemaphore(const AnySemaphore& none) {
  EXPECT_FALSE(none);
  EXPECT_CODE(none.Acquire(), kFailedPrecondition);
  EXPECT_CODE(none.TryAcquire(), kFailedPrecondition);
  EXPECT_CODE(none.Release(), kFailedPrecondition);
  EXPECT_EQ(none.Value(), 0);
}
ISOPROC_CASE(SharedObject, SHR_01_3, EmptyHandlesOfOtherKindsToo) {
  ExpectNoSemaphore(Semaphore());
  ExpectNoSemaphore(BoundedSemaphore());
  EXPECT_FALSE(Event());
  EXPECT_CODE(Event().Set(), kFailedPrecondition);
  EXPECT_CODE(Event().Clear(), kFailedPrecondition);
  EXPECT_CODE(Event().Wait(), kFailedPrecondition);
  EXPECT_FALSE(Event().IsSet());
  EXPECT_FALSE(Barrier());
  EXPECT_CODE(Barrier().Wait(), kFailedPrecondition);
  EXPECT_CODE(Barrier().WaitAnd([] {}), kFailedPrecondition);
  EXPECT_CODE(Barrier().Abort(), kFailedPrecondition);
  EXPECT_CODE(Barrier().Reset(), kFailedPrecondition);
  EXPECT_EQ(Barrier().parties(), 0);
  EXPECT_EQ(Barrier().waiting(), 0);
  EXPECT_TRUE(Barrier().IsBroken());
  const Array<int> array;
  EXPECT_FALSE(array);
  EXPECT_CODE(array.Store(0, 1), kFailedPrecondition);
  EXPECT_CODE(array.FetchAdd(0, 1), kFailedPrecondition);
  EXPECT_CODE(array.WithLock([](absl::Span<int>) {}), kFailedPrecondition);
  EXPECT_CODE(Value<int>().FetchAdd(1), kFailedPrecondition);
  EXPECT_FALSE(RawValue<int>());
  EXPECT_FALSE(RawArray<int>());
  EXPECT_TRUE(RawArray<int>().span().empty());
}

// Takes what is free, and tells what it could take.
struct Locks {
  Lock first;
  std::vector<Lock> more;
  std::map<std::string, Lock> named;
};
int CountFree(const Locks& locks, const Lock& last) {
  int free = locks.first.TryAcquire().ok() ? 1 : 0;
  for (const Lock& lock : locks.more) free += lock.TryAcquire().ok() ? 1 : 0;
  for (const auto& [name, lock] : locks.named) free += lock.TryAcquire().ok() ? 1 : 0;
  return free + (last.TryAcquire().ok() ? 1 : 0);
}

ISOPROC_CASE(SharedObject, SHR_02, HandlesTravelInsideOtherValues) {
  std::vector<Lock> locks;
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK_AND_ASSIGN(Lock lock, Lock::Create());
    locks.push_back(lock);
  }
  const Locks all = {locks[0], {locks[1], Lock()}, {{"third", locks[2]}}};
  ASSERT_OK(locks[1].Acquire());
  EXPECT_EQ(EndOf(Process::Start<CountFree>(Killable(), all, locks[3])), "exited 3");
  for (int i = 0; i < 4; ++i) {
    if (i == 1) continue;
    ASSERT_OK_AND_ASSIGN(const LockStatus taken, locks[i].Acquire(GetEnvironment().patience));
    EXPECT_EQ(taken, LockStatus::kOwnerDied) << "the child had this one: " << i;
  }
}

int IsEmpty(const Lock& lock) { return lock ? 1 : 0; }

ISOPROC_CASE(SharedObject, SHR_02_2, EmptyHandleArrivesEmpty) {
  EXPECT_EQ(EndOf(Process::Start<IsEmpty>(Killable(), Lock())), "exited 0");
}

int TryOnce(const Lock& lock) {
  return absl::IsDeadlineExceeded(lock.TryAcquire().status()) ? 0 : 1;
}
int HandOn(const Lock& lock) {
  absl::StatusOr<Process> child = Process::Start<TryOnce>(Killable(), lock);
  return child.ok() ? Await(*child).value().code() : 100;
}

ISOPROC_CASE(SharedObject, SHR_02_3, ReceiverHandsItOn) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_OK(lock.Acquire());
  EXPECT_EQ(EndOf(Process::Start<HandOn>(Killable(), lock)), "exited 0");
  EXPECT_OK(lock.Release());
}

// In a child, since a process with a watchdog cannot be copied.
int SendByEveryMethod() {
  const absl::StatusOr<Lock> lock = Lock::Create();
  if (!lock.ok() || !lock->Acquire().ok()) return 100;
  for (const StartMethod method : StartMethods()) {
    ProcessOptions options = Killable();
    options.start_method = method;
    absl::StatusOr<Process> child = Process::Start<TryOnce>(options, *lock);
    if (!child.ok()) return 101 + static_cast<int>(method);
    if (Await(*child).value().code() != 0) return 111 + static_cast<int>(method);
  }
  return lock->Release().ok() ? 0 : 102;
}

ISOPROC_CASE(SharedObject, SHR_02_4, EveryStartMethodBringsIt) {
  EXPECT_EQ(EndOf(Process::Start<SendByEveryMethod>(Killable())), "exited 0");
}

struct EveryKind {
  Lock lock;
  RLock rlock;
  Semaphore semaphore;
  BoundedSemaphore permits;
  Event event;
  Condition condition;
  Barrier barrier;
  Value<int> value;
  Array<int> array;
};
// Uses each, so that the first process sees it.
int UseEach(const EveryKind& all) {
  if (!absl::IsDeadlineExceeded(all.lock.TryAcquire().status())) return 1;
  if (!absl::IsDeadlineExceeded(all.rlock.TryAcquire().status())) return 2;
  if (!all.semaphore.Release().ok() || !all.permits.Release().ok()) return 3;
  if (!all.event.Set().ok() || !all.barrier.Abort().ok()) return 4;
  if (!all.condition.Acquire(GetEnvironment().patience).ok()) return 5;
  if (!all.condition.Notify().ok() || !all.condition.Release().ok()) return 6;
  return all.value.Store(7).ok() && all.array.Store(1, 8).ok() ? 0 : 7;
}
int HandAllOn(const EveryKind& all) {
  absl::StatusOr<Process> child = Process::Start<UseEach>(Killable(), all);
  return child.ok() ? Await(*child).value().code() : 100;
}
ISOPROC_CASE(SharedObject, SHR_02_5, EveryKindTravelsAndIsHandedOn) {
  const EveryKind all = {Lock::Create().value(),       RLock::Create().value(),
                         Semaphore::Create(0).value(), BoundedSemaphore::Create(1).value(),
                         Event::Create().value(),      Condition::Create().value(),
                         Barrier::Create(2).value(),   Value<int>::Create().value(),
                         Array<int>::Create(2).value()};
  ASSERT_OK(all.lock.Acquire());
  ASSERT_OK(all.rlock.Acquire());
  ASSERT_OK(all.permits.Acquire());
  EXPECT_EQ(EndOf(Process::Start<HandAllOn>(Killable(), all)), "exited 0");
  EXPECT_EQ(all.semaphore.Value(), 1);
  EXPECT_EQ(all.permits.Value(), 1);
  EXPECT_TRUE(all.event.IsSet());
  EXPECT_TRUE(all.barrier.IsBroken());
  EXPECT_EQ(all.value.Load().value_or(0), 7);
  EXPECT_EQ(all.array.Load(1).value_or(0), 8);
}

void SayWhenFree(const Lock& lock) {
  Say("ready");
  ReadInput();
  Say(lock.Acquire(GetEnvironment().patience).ok() ? "locked" : "not locked");
}

ISOPROC_CASE(SharedObject, SHR_03, LastHandleKeepsTheObject) {
  SystemPipe input;
  SystemPipe output;
  Process child;
  {
    ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
    ASSERT_OK_AND_ASSIGN(child, Process::Start<SayWhenFree>(Between(input, output), lock));
  }
  input.CloseReadEnd();
  ASSERT_EQ(output.ReadLine(), "ready");
  // What is made now does not get the place of the first.
  ASSERT_OK_AND_ASSIGN(const Lock other, Lock::Create());
  ASSERT_OK(other.Acquire());
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "locked\n");
  EXPECT_EQ(EndOf(child), "exited 0");
}

constexpr size_t kMostObjects = kMaxSharedObjects;
constexpr size_t kLeftByOthers = 64;

// As many as there may be, less those that other cases left to the end of the program.
std::vector<Lock> AllThatFit() {
  std::vector<Lock> locks;
  while (locks.size() <= kMostObjects) {
    const absl::StatusOr<Lock> lock = Lock::Create();
    if (!lock.ok()) break;
    locks.push_back(*lock);
  }
  return locks;
}

// In a child of its own, whose family is new: a program without shared objects gives it none.
int UseAllPlaces() {
  for (int round = 0; round < 2; ++round) {
    std::vector<Lock> locks = AllThatFit();
    if (locks.size() > kMostObjects || locks.size() < kMostObjects - kLeftByOthers) return 1;
    if (!absl::IsResourceExhausted(Lock::Create().status())) return 2;
    locks.pop_back();
    const absl::StatusOr<Lock> one_more = Lock::Create();
    if (!one_more.ok() || !one_more->Acquire().ok()) return 3;
  }
  return 0;
}

ISOPROC_CASE(SharedObject, SHR_05, PlacesAreUsedAgain) {
  EXPECT_EQ(EndOf(Process::Start<UseAllPlaces>(Killable())), "exited 0");
}

void HaveAllPlaces() {
  const std::vector<Lock> locks = AllThatFit();
  Say("ready");
  Stay();
}

ISOPROC_CASE(SharedObject, SHR_04, KilledProcessHasNoHandles) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());  // so that the child is of this family
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<HaveAllPlaces>(Into(output)));
  ASSERT_EQ(output.ReadLine(), "ready");
  EXPECT_CODE(Lock::Create(), kResourceExhausted);
  ASSERT_OK(child.Kill());
  ASSERT_OK(Await(child));
  EXPECT_OK(Lock::Create());
}

ISOPROC_CASE(SharedObject, SHR_07, ForkedCopyIsNotItsOriginal) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_OK_AND_ASSIGN(const Lock other, Lock::Create());
  ASSERT_OK(lock.Acquire());
  const int code = system_support::RunInFork([&] {
    if (!absl::IsFailedPrecondition(lock.Release())) return 1;
    if (!absl::IsDeadlineExceeded(lock.TryAcquire().status())) return 2;
    if (!other.TryAcquire().ok()) return 3;
    const absl::StatusOr<Lock> own = Lock::Create();
    return own.ok() && own->Acquire().ok() ? 0 : 4;
  });
  EXPECT_EQ(code, 0);
  EXPECT_OK(lock.Release());
  ASSERT_OK_AND_ASSIGN(const LockStatus taken, other.Acquire(GetEnvironment().patience));
  EXPECT_EQ(taken, LockStatus::kOwnerDied);
}

ISOPROC_CASE(SharedObject, SHR_07_2, ForkedCopyHoldsWhatItLooksAt) {
  ASSERT_OK_AND_ASSIGN(RawValue<int> value, RawValue<int>::Create(42));
  ASSERT_OK_AND_ASSIGN(RawArray<int> array, RawArray<int>::Create(1));
  ASSERT_OK_AND_ASSIGN(RawValue<int> gone, RawValue<int>::Create(1));
  ASSERT_OK_AND_ASSIGN(const Event looked, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event dropped, Event::Create());
  std::thread dropper([&] {
    if (!looked.Wait(GetEnvironment().patience).ok()) return;
    value = RawValue<int>();
    array = RawArray<int>();
    gone = RawValue<int>();
    // What is made now may get the memory of what is gone.
    const absl::StatusOr<RawValue<int>> another = RawValue<int>::Create(7);
    EXPECT_OK(dropped.Set());
    EXPECT_OK(looked.Wait(GetEnvironment().patience));
    EXPECT_EQ(*another->get(), 7);
  });
  const int code = system_support::RunInFork([&] {
    if (*value != 42 || array.span().size() != 1) return 1;
    if (!looked.Set().ok() || !dropped.Wait(GetEnvironment().patience).ok()) return 2;
    *value = 43;
    array.span()[0] = 44;
    return *value == 43 && array.span()[0] == 44 ? 0 : 3;
  });
  dropper.join();
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace isoproc::conformance
