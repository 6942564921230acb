// Barrier.
#include <atomic>
#include <set>
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

std::string Show(const absl::StatusOr<int64_t>& arrived) {
  return arrived.ok() ? "ok" : Code(arrived.status());
}
std::string Pass(const Barrier& barrier) { return Show(barrier.Wait(GetEnvironment().patience)); }

ISOPROC_CASE(Barrier, BAR_01, AllGoOnTogetherAgainAndAgain) {
  constexpr int kParties = 3;
  constexpr int kRounds = 200;
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(kParties));
  std::atomic<int> arrived = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kParties; ++i) {
    threads.emplace_back([&] {
      for (int round = 1; round <= kRounds; ++round) {
        ++arrived;
        if (Pass(barrier) != "ok") return;
        EXPECT_GE(arrived, round * kParties);
        EXPECT_EQ(Pass(barrier), "ok");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(arrived, kParties * kRounds);
  EXPECT_FALSE(barrier.IsBroken());
}

ISOPROC_CASE(Barrier, BAR_02, EachHasItsNumber) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(4));
  std::set<int64_t> seen;
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  const auto pass = [&] {
    const int64_t number = barrier.Wait(GetEnvironment().patience).value_or(-1);
    if (Take(lock) != "ok") return;
    seen.insert(number);
    lock.Release().IgnoreError();
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(pass);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen, (std::set<int64_t>{0, 1, 2, 3}));
}

ISOPROC_CASE(Barrier, BAR_03, ActionRunsOnceBeforeAllGoOn) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(3));
  std::atomic<int> runs = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int round = 1; round <= 50; ++round) {
        EXPECT_EQ(Show(barrier.WaitAnd([&] { ++runs; }, GetEnvironment().patience)), "ok");
        EXPECT_GE(runs, round);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, 50);
}

ISOPROC_CASE(Barrier, BAR_04, ActionThatThrowsBreaksIt) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(2));
  std::string other;
  std::thread thread([&] { other = Pass(barrier); });
  while (barrier.waiting() == 0) std::this_thread::yield();
  EXPECT_THROW(barrier.WaitAnd([] { throw std::runtime_error("no"); }).IgnoreError(),
               std::runtime_error);
  thread.join();
  EXPECT_EQ(other, "ABORTED");
  EXPECT_TRUE(barrier.IsBroken());
}

ISOPROC_CASE(Barrier, BAR_05, WhoWaitsTooLongBreaksIt) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(3));
  std::string other;
  std::thread thread([&] { other = Pass(barrier); });
  while (barrier.waiting() == 0) std::this_thread::yield();
  EXPECT_EQ(Show(barrier.Wait(absl::Milliseconds(5))), "ABORTED");
  thread.join();
  EXPECT_EQ(other, "ABORTED");
  EXPECT_EQ(Pass(barrier), "ABORTED") << "who comes later";
}

ISOPROC_CASE(Barrier, BAR_06, TimeOfTheBarrierHoldsWithoutOne) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(2, absl::Milliseconds(5)));
  EXPECT_EQ(Show(barrier.Wait()), "ABORTED");
  ASSERT_OK_AND_ASSIGN(const Barrier at_once, Barrier::Create(2, absl::ZeroDuration()));
  EXPECT_EQ(Show(at_once.Wait()), "ABORTED");
}

ISOPROC_CASE(Barrier, BAR_08, AbortBreaksIt) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(2));
  std::string other;
  std::thread thread([&] { other = Pass(barrier); });
  while (barrier.waiting() == 0) std::this_thread::yield();
  EXPECT_OK(barrier.Abort());
  thread.join();
  EXPECT_EQ(other, "ABORTED");
  EXPECT_TRUE(barrier.IsBroken());
}

ISOPROC_CASE(Barrier, BAR_09, ResetSendsWaitersAway) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(2));
  std::string other;
  std::thread thread([&] { other = Pass(barrier); });
  while (barrier.waiting() == 0) std::this_thread::yield();
  EXPECT_OK(barrier.Reset());
  thread.join();
  EXPECT_EQ(other, "ABORTED");
  EXPECT_FALSE(barrier.IsBroken());
  std::thread again([&] { other = Pass(barrier); });
  EXPECT_EQ(Pass(barrier), "ok");
  again.join();
  EXPECT_EQ(other, "ok");
}

ISOPROC_CASE(Barrier, BAR_09_2, ManyResetsSendWaitersAwayToo) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(2));
  std::string other;
  std::thread thread([&] { other = Pass(barrier); });
  while (barrier.waiting() == 0) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) EXPECT_OK(barrier.Reset());
  thread.join();
  EXPECT_EQ(other, "ABORTED");
}

ISOPROC_CASE(Barrier, BAR_10, ResetMendsIt) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(1));
  EXPECT_OK(barrier.Abort());
  EXPECT_EQ(Pass(barrier), "ABORTED");
  EXPECT_OK(barrier.Reset());
  EXPECT_EQ(Pass(barrier), "ok");
}

ISOPROC_CASE(Barrier, BAR_12, OnePartyNeverWaits) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(1));
  EXPECT_EQ(barrier.parties(), 1);
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const int64_t number, barrier.Wait(absl::ZeroDuration()));
    EXPECT_EQ(number, 0);
  }
  EXPECT_EQ(barrier.waiting(), 0);
}

ISOPROC_CASE(Barrier, BAR_13, PartiesMustBeANumberOfThem) {
  EXPECT_CODE(Barrier::Create(0), kInvalidArgument);
  EXPECT_CODE(Barrier::Create(-1), kInvalidArgument);
  EXPECT_CODE(Barrier::Create(Barrier::kMaxParties + 1), kInvalidArgument);
  EXPECT_OK(Barrier::Create(Barrier::kMaxParties));
}

void SayAndPass(const Barrier& barrier) {
  Say("waits");
  Say(Pass(barrier));
}
ISOPROC_CASE(Barrier, BAR_14, DeadPartyBreaksIt) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(3));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SayAndPass>(Into(output), barrier));
  ASSERT_EQ(output.ReadLine(), "waits");
  std::string other;
  std::thread thread([&] { other = Pass(barrier); });
  while (barrier.waiting() < 2) std::this_thread::yield();
  ASSERT_OK(child.Kill());
  thread.join();
  EXPECT_EQ(other, "ABORTED");
  EXPECT_TRUE(barrier.IsBroken());
}

ISOPROC_CASE(Barrier, BAR_14_2, ProcessThatLetsGoDoesNotBreakIt) {
  ASSERT_OK_AND_ASSIGN(const Barrier barrier, Barrier::Create(2));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SayAndPass>(Into(output), barrier));
  EXPECT_EQ(Pass(barrier), "ok");
  EXPECT_EQ(output.ReadToEnd(), "waits\nok\n");
  EXPECT_EQ(EndOf(child), "exited 0");
  EXPECT_FALSE(barrier.IsBroken());
}

}  // namespace
}  // namespace isoproc::conformance
