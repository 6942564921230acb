// Condition.
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

ISOPROC_CASE(Condition, COND_01, WorksWithEitherLock) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_OK_AND_ASSIGN(const RLock rlock, RLock::Create());
  ASSERT_OK_AND_ASSIGN(const Condition own, Condition::Create());
  ASSERT_OK_AND_ASSIGN(const Condition with_lock, Condition::Create(lock));
  ASSERT_OK_AND_ASSIGN(const Condition with_rlock, Condition::Create(rlock));
  for (const Condition& condition : {own, with_lock, with_rlock}) {
    EXPECT_EQ(Take(condition), "ok");
    EXPECT_CODE(condition.Wait(absl::Milliseconds(1)), kDeadlineExceeded);
    EXPECT_OK(condition.Release());
  }
  EXPECT_EQ(Take(with_lock), "ok");
  EXPECT_TRUE(lock.IsLocked());
  EXPECT_EQ(Take(with_rlock), "ok");
  EXPECT_TRUE(rlock.IsLocked());
  EXPECT_CODE(Condition::Create(Lock()), kFailedPrecondition);
  EXPECT_FALSE(Condition());
  EXPECT_CODE(Condition().Wait(), kFailedPrecondition);
}

ISOPROC_CASE(Condition, COND_01_2, StandardGuardsWork) {
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_OK_AND_ASSIGN(Condition condition, Condition::Create(lock));
  {
    std::unique_lock guard(condition);
    EXPECT_TRUE(lock.IsLocked());
    EXPECT_CODE(condition.TryAcquire(), kFailedPrecondition) << "it is no RLock";
    EXPECT_CODE(condition.Wait(absl::ZeroDuration()), kDeadlineExceeded);
    guard.unlock();
    EXPECT_FALSE(lock.IsLocked());
    EXPECT_TRUE(guard.try_lock());
  }
  EXPECT_FALSE(lock.IsLocked());
}

ISOPROC_CASE(Condition, COND_02, NeedsTheLock) {
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create());
  EXPECT_CODE(condition.Wait(), kFailedPrecondition);
  EXPECT_CODE(condition.WaitFor([] { return true; }), kFailedPrecondition);
  EXPECT_CODE(condition.Notify(), kFailedPrecondition);
  EXPECT_CODE(condition.NotifyAll(), kFailedPrecondition);
}

ISOPROC_CASE(Condition, COND_04, AllLevelsAreReleasedAndTakenAgain) {
  ASSERT_OK_AND_ASSIGN(const RLock lock, RLock::Create());
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create(lock));
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Take(lock), "ok");
  std::thread notifier([&] {
    EXPECT_EQ(Take(lock), "ok");
    EXPECT_OK(condition.Notify());
    EXPECT_OK(lock.Release());
  });
  EXPECT_EQ(Show(condition.Wait(GetEnvironment().patience)), "ok");
  notifier.join();
  for (int i = 0; i < 3; ++i) EXPECT_OK(lock.Release());
  EXPECT_CODE(lock.Release(), kFailedPrecondition);
}

// Threads that have all begun to wait when the constructor returns: each counts itself under the
// lock, which only Wait gives up.
class Waiting {
 public:
  template <class Body>
  auto Locked(Body body) {
    EXPECT_EQ(Take(condition_), "ok");
    auto result = body();
    EXPECT_OK(condition_.Release());
    return result;
  }

  Waiting(const Condition& condition, int count) : condition_(condition) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] {
        if (Take(condition_) != "ok") return;
        ++waiting_;
        const absl::StatusOr<LockStatus> woken = condition_.Wait(GetEnvironment().patience);
        woken_ += woken.ok() ? 1 : 0;
        condition_.Release().IgnoreError();
      });
    }
    while (Locked([&] { return waiting_; }) < count) std::this_thread::yield();
  }
  int AwaitWoken(int count) {
    while (Locked([&] { return woken_; }) < count) std::this_thread::yield();
    return Locked([&] { return woken_; });
  }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  const Condition& condition_;
  int waiting_ = 0;
  int woken_ = 0;
  std::vector<std::thread> threads_;
};

ISOPROC_CASE(Condition, COND_07, NotifyWakesAsManyAsItSays) {
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create());
  Waiting waiting(condition, 4);
  EXPECT_OK(waiting.Locked([&] { return condition.Notify(0); }));
  EXPECT_OK(waiting.Locked([&] { return condition.Notify(-1); }));
  EXPECT_OK(waiting.Locked([&] { return condition.Notify(); }));
  EXPECT_EQ(waiting.AwaitWoken(1), 1);
  EXPECT_OK(waiting.Locked([&] { return condition.Notify(2); }));
  EXPECT_EQ(waiting.AwaitWoken(3), 3);
  EXPECT_OK(waiting.Locked([&] { return condition.Notify(7); }));
  EXPECT_EQ(waiting.AwaitWoken(4), 4);
  waiting.Join();
  // What nobody waited for is not kept.
  ASSERT_EQ(Take(condition), "ok");
  EXPECT_CODE(condition.Wait(absl::Milliseconds(5)), kDeadlineExceeded);
}

ISOPROC_CASE(Condition, COND_08, NotifyAllWakesAll) {
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create());
  Waiting waiting(condition, 3);
  EXPECT_OK(waiting.Locked([&] { return condition.NotifyAll(); }));
  EXPECT_EQ(waiting.AwaitWoken(3), 3);
  waiting.Join();
}

void SayAndWait(const Condition& condition) {
  if (Take(condition) != "ok") return;
  Say("has the lock");
  Say(Show(condition.Wait(GetEnvironment().patience)));
}
ISOPROC_CASE(Condition, COND_08_2, ProcessesAreWokenToo) {
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SayAndWait>(Into(output), condition));
  ASSERT_EQ(output.ReadLine(), "has the lock");
  ASSERT_EQ(Take(condition), "ok") << "it waits";
  EXPECT_OK(condition.Notify());
  EXPECT_OK(condition.Release());
  EXPECT_EQ(output.ReadToEnd(), "ok\n");
}

ISOPROC_CASE(Condition, COND_10, NotifyDoesNotWaitForKilledWaiters) {
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SayAndWait>(Into(output), condition));
  ASSERT_EQ(output.ReadLine(), "has the lock");
  ASSERT_EQ(Take(condition), "ok") << "it waits";
  ASSERT_OK(child.Kill());
  EXPECT_OK(condition.NotifyAll());
  ASSERT_OK(Await(child));
  EXPECT_OK(condition.NotifyAll());
  EXPECT_OK(condition.Release());
  Waiting waiting(condition, 1);
  EXPECT_OK(waiting.Locked([&] { return condition.Notify(); }));
  waiting.Join();
}

ISOPROC_CASE(Condition, COND_11, TimeThatIsOverTakesNoNotification) {
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create());
  ASSERT_EQ(Take(condition), "ok");
  EXPECT_CODE(condition.Wait(absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_CODE(condition.Wait(-absl::Seconds(1)), kDeadlineExceeded);
  EXPECT_CODE(condition.Wait(absl::Milliseconds(2)), kDeadlineExceeded);
  EXPECT_OK(condition.Release());
  Waiting waiting(condition, 1);
  EXPECT_OK(waiting.Locked([&] { return condition.Notify(); }));
  EXPECT_EQ(waiting.AwaitWoken(1), 1);
  waiting.Join();
}

ISOPROC_CASE(Condition, COND_12, WaitsForWhatIsAskedFor) {
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create());
  ASSERT_EQ(Take(condition), "ok");
  EXPECT_OK(condition.WaitFor([] { return true; }, absl::ZeroDuration()));
  EXPECT_CODE(condition.WaitFor([] { return false; }, absl::Milliseconds(5)), kDeadlineExceeded);
  int state = 0;
  std::thread changer([&] {
    for (int i = 0; i < 4; ++i) {
      if (Take(condition) != "ok") return;
      ++state;
      condition.Notify().IgnoreError();
      condition.Release().IgnoreError();
    }
  });
  EXPECT_OK(condition.WaitFor([&] { return state == 4; }, GetEnvironment().patience));
  EXPECT_OK(condition.Release());
  changer.join();
}

ISOPROC_CASE(Condition, COND_12_2, PredicateThatThrowsLeavesTheLockTaken) {
  ASSERT_OK_AND_ASSIGN(const RLock lock, RLock::Create());
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create(lock));
  ASSERT_EQ(Take(condition), "ok");
  int calls = 0;
  const auto throw_at_the_second = [&] {
    if (++calls == 2) throw std::runtime_error("no");
    return false;
  };
  EXPECT_THROW(condition.WaitFor(throw_at_the_second, absl::Milliseconds(1)).IgnoreError(),
               std::runtime_error);
  EXPECT_EQ(calls, 2);
  EXPECT_OK(condition.Release()) << "the thread has it";
  EXPECT_FALSE(lock.IsLocked());
}

void TakeAndStay(const Condition& condition, const Event& waits) {
  if (!waits.Wait(GetEnvironment().patience).ok() || Take(condition) != "ok") return;
  Say("taken");
  Stay();
}
ISOPROC_CASE(Condition, COND_05, WaitTellsOfAnOwnerWhoDied) {
  ASSERT_OK_AND_ASSIGN(const Condition condition, Condition::Create());
  ASSERT_OK_AND_ASSIGN(const Event waits, Event::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<TakeAndStay>(Into(output), condition, waits));
  std::thread killer([&] {
    EXPECT_EQ(output.ReadLine(), "taken");
    EXPECT_OK(child.Kill());
  });
  ASSERT_EQ(Take(condition), "ok");
  EXPECT_OK(waits.Set());
  EXPECT_EQ(Show(condition.Wait(GetEnvironment().patience)), "owner died");
  EXPECT_OK(condition.Release());
  killer.join();
}

}  // namespace
}  // namespace isoproc::conformance
