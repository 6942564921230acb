// Semaphore and BoundedSemaphore.
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

ISOPROC_CASE(Semaphore, SEM_01, CountsDownAndUp) {
  ASSERT_OK_AND_ASSIGN(const Semaphore semaphore, Semaphore::Create(2));
  EXPECT_EQ(semaphore.Value(), 2);
  EXPECT_OK(semaphore.Acquire());
  EXPECT_OK(semaphore.Acquire());
  EXPECT_EQ(semaphore.Value(), 0);
  EXPECT_CODE(semaphore.TryAcquire(), kDeadlineExceeded);
  EXPECT_OK(semaphore.Release());
  EXPECT_EQ(semaphore.Value(), 1);
  EXPECT_OK(semaphore.TryAcquire());
}

ISOPROC_CASE(Semaphore, SEM_02, CountsBeyondItsStart) {
  ASSERT_OK_AND_ASSIGN(const Semaphore semaphore, Semaphore::Create());
  EXPECT_OK(semaphore.Release(3));
  EXPECT_EQ(semaphore.Value(), 4);
  EXPECT_CODE(semaphore.Release(0), kInvalidArgument);
  EXPECT_CODE(semaphore.Release(-1), kInvalidArgument);
}

ISOPROC_CASE(Semaphore, SEM_03, LargestCountIsTheSameEverywhere) {
  EXPECT_EQ(Semaphore::kMaxValue, 0x7FFFFFFF);
  ASSERT_OK_AND_ASSIGN(const Semaphore semaphore, Semaphore::Create(Semaphore::kMaxValue));
  EXPECT_CODE(semaphore.Release(), kFailedPrecondition);
  EXPECT_CODE(semaphore.Release(int64_t{1} << 62), kFailedPrecondition);
  EXPECT_EQ(semaphore.Value(), Semaphore::kMaxValue);
}

ISOPROC_CASE(Semaphore, SEM_06, StartMustBeACount) {
  EXPECT_CODE(Semaphore::Create(-1), kInvalidArgument);
  EXPECT_CODE(Semaphore::Create(Semaphore::kMaxValue + 1), kInvalidArgument);
  EXPECT_OK(Semaphore::Create(0));
  EXPECT_CODE(BoundedSemaphore::Create(-1), kInvalidArgument);
  EXPECT_CODE(BoundedSemaphore::Create(INT64_MAX), kResourceExhausted);
}

void ReleaseOften(const Semaphore& semaphore, int count) {
  for (int i = 0; i < count; ++i) semaphore.Release().IgnoreError();
}
ISOPROC_CASE(Semaphore, SEM_10, OneProcessReleasesWhatAnotherAcquires) {
  ASSERT_OK_AND_ASSIGN(const Semaphore semaphore, Semaphore::Create(0));
  constexpr int kCount = 20;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<ReleaseOften>(Killable(), semaphore, kCount));
  for (int i = 0; i < kCount; ++i) EXPECT_OK(semaphore.Acquire(GetEnvironment().patience));
  EXPECT_EQ(EndOf(child), "exited 0");
  EXPECT_EQ(semaphore.Value(), 0);
}

void SayAndAcquire(const Semaphore& semaphore) {
  Say("waits");
  Say(Code(semaphore.Acquire(GetEnvironment().patience)));
}
ISOPROC_CASE(Semaphore, SEM_12, KilledWaiterTakesNothing) {
  ASSERT_OK_AND_ASSIGN(const Semaphore semaphore, Semaphore::Create(0));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process victim, Process::Start<SayAndAcquire>(Into(output), semaphore));
  ASSERT_EQ(output.ReadLine(), "waits");
  SystemPipe other_output;
  ASSERT_OK_AND_ASSIGN(Process other, Process::Start<SayAndAcquire>(Into(other_output), semaphore));
  ASSERT_EQ(other_output.ReadLine(), "waits");
  ASSERT_OK(victim.Kill());
  ASSERT_OK(Await(victim));
  EXPECT_OK(semaphore.Release());
  EXPECT_EQ(other_output.ReadToEnd(), "OK\n");
}

ISOPROC_CASE(BoundedSemaphore, SEM_04, IsNotReleasedBeyondItsStart) {
  ASSERT_OK_AND_ASSIGN(const BoundedSemaphore semaphore, BoundedSemaphore::Create(2));
  EXPECT_CODE(semaphore.Release(), kFailedPrecondition);
  EXPECT_OK(semaphore.Acquire());
  EXPECT_OK(semaphore.TryAcquire());
  EXPECT_EQ(semaphore.Value(), 0);
  EXPECT_CODE(semaphore.TryAcquire(), kDeadlineExceeded);
  EXPECT_CODE(semaphore.Acquire(absl::Milliseconds(5)), kDeadlineExceeded);
  EXPECT_OK(semaphore.Release());
  EXPECT_OK(semaphore.Release());
  EXPECT_CODE(semaphore.Release(), kFailedPrecondition);
  EXPECT_EQ(semaphore.Value(), 2);
  ASSERT_OK_AND_ASSIGN(const BoundedSemaphore none, BoundedSemaphore::Create(0));
  EXPECT_CODE(none.TryAcquire(), kDeadlineExceeded);
  EXPECT_CODE(none.Release(), kFailedPrecondition);
}

ISOPROC_CASE(BoundedSemaphore, SEM_05, OneOfTwoReleasesAtOnceFails) {
  ASSERT_OK_AND_ASSIGN(const BoundedSemaphore semaphore, BoundedSemaphore::Create(3));
  constexpr int kRounds = 500;
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_OK(semaphore.Acquire());
    absl::Status first;
    std::thread other([&] { first = semaphore.Release(); });
    const absl::Status second = semaphore.Release();
    other.join();
    ASSERT_NE(first.ok(), second.ok());
    ASSERT_EQ(semaphore.Value(), 3);
  }
}

void AcquireAndStay(const BoundedSemaphore& semaphore, int count) {
  for (int i = 0; i < count; ++i) Say(Code(semaphore.Acquire(GetEnvironment().patience)));
  Stay();
}
ISOPROC_CASE(BoundedSemaphore, SEM_13, PermitsOfAKilledProcessComeBack) {
  ASSERT_OK_AND_ASSIGN(const BoundedSemaphore semaphore, BoundedSemaphore::Create(3));
  ASSERT_OK(semaphore.Acquire());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<AcquireAndStay>(Into(output), semaphore, 2));
  ASSERT_EQ(output.ReadLine(), "OK");
  ASSERT_EQ(output.ReadLine(), "OK");
  EXPECT_CODE(semaphore.TryAcquire(), kDeadlineExceeded);
  ASSERT_OK(child.Kill());
  // Nobody awaits it: who waits finds out by itself.
  EXPECT_OK(semaphore.Acquire(GetEnvironment().patience));
  ASSERT_OK(Await(child));
  EXPECT_EQ(semaphore.Value(), 1);
}

int AcquireAndReturn(const BoundedSemaphore& semaphore) { return semaphore.Acquire().ok() ? 0 : 1; }

ISOPROC_CASE(BoundedSemaphore, SEM_13_2, PermitsOfAProcessThatReturnedComeBack) {
  ASSERT_OK_AND_ASSIGN(const BoundedSemaphore semaphore, BoundedSemaphore::Create(1));
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<AcquireAndReturn>(Killable(), semaphore));
  EXPECT_EQ(EndOf(child), "exited 0");
  EXPECT_EQ(semaphore.Value(), 1);
  EXPECT_CODE(semaphore.Release(), kFailedPrecondition);
}

}  // namespace
}  // namespace isoproc::conformance
