#include "platform/core/shared/parking.h"

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/core/shared/layout.h"
#include "platform/core/tests/shared/between_stores.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/support.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

// Waiters of an object, on whom parkers of one process sleep.
class ParkingTest : public testing::Test {
 protected:
  void ArmNew() {
    leases_.push_back(arena_.parking().Borrow(Me(arena_)).value());
    Parking::Arm(waiters_, leases_.back().index());
  }
  int CountArmed() const {
    int count = 0;
    for (const Parking::Lease& lease : leases_) {
      count += Parking::IsArmed(waiters_, lease.index()) ? 1 : 0;
    }
    return count;
  }

  PretendedProcess& process_ = PretendedProcess::First();
  Arena& arena_ = *process_.arena();
  const ObjectName name_ = arena_.NewObject(ObjectKind::kLock).value();
  Waiters& waiters_ = arena_.object(name_.index).waiters;
  std::vector<Parking::Lease> leases_;
};

TEST_F(ParkingTest, WakesOneAndThenTheNext) {
  for (int i = 0; i < 3; ++i) ArmNew();
  EXPECT_TRUE(arena_.parking().WakeOne(waiters_));
  EXPECT_EQ(CountArmed(), 2);
  EXPECT_TRUE(arena_.parking().WakeOne(waiters_));
  EXPECT_TRUE(arena_.parking().WakeOne(waiters_));
  EXPECT_EQ(CountArmed(), 0);
  EXPECT_FALSE(arena_.parking().WakeOne(waiters_));
}

// Others need them more than a process of which many threads have slept.
TEST_F(ParkingTest, KeepsSomeParkersOnly) {
  for (int i = 0; i < 100; ++i) ArmNew();
  for (const Parking::Lease& lease : leases_) Parking::Disarm(waiters_, lease.index());
  leases_.clear();
  int kept = 0;
  for (const auto& owner : MemoryOf(arena_).parker_owners) kept += owner.load() != 0 ? 1 : 0;
  EXPECT_EQ(kept, 16);
}

// A waker finds a word empty and takes its bit off the summary, before which two arm; before it
// puts the bit back, another waker passes by.
TEST_F(ParkingTest, WhoRestoresTheSummaryWakesForThoseWhoPassedBy) {
  ArmNew();
  Parking::Disarm(waiters_, leases_[0].index());  // leaves its bit in the summary
  const BetweenStores others({[&] {
                                ArmNew();
                                ArmNew();
                              },
                              [&] { EXPECT_FALSE(arena_.parking().WakeOne(waiters_)); }});
  EXPECT_TRUE(arena_.parking().WakeOne(waiters_));
  EXPECT_EQ(CountArmed(), 0);
}

// Whoever is woken arms again at once, or another does.
TEST_F(ParkingTest, WakingAllEndsAlthoughOthersArm) {
  for (int i = 0; i < 3; ++i) ArmNew();
  int armed_meanwhile = 0;
  {
    const BetweenStores others(std::vector<std::function<void()>>(100, [&] {
      ++armed_meanwhile;
      ArmNew();
    }));
    arena_.parking().WakeAll(waiters_);
  }
  EXPECT_LT(armed_meanwhile, 100);
  EXPECT_LE(CountArmed(), armed_meanwhile);
  arena_.parking().WakeAll(waiters_);
  EXPECT_EQ(CountArmed(), 0);
}

// Who sleeps until it is chosen does not arm again. If this took the bit off the summary to look,
// one who armed meanwhile would be hidden for ever by a death before it is put back.
TEST_F(ParkingTest, WakingAllOfNobodyStoresNothing) {
  ArmNew();
  Parking::Disarm(waiters_, leases_[0].index());
  const BetweenStores others({[] { ADD_FAILURE() << "a store"; }});
  arena_.parking().WakeAll(waiters_);
}

// All parkers but those that are lent belong to somebody who lives.
void TakeAllParkers(Arena& arena) {
  const uint64_t owner = Me(arena).process().word();
  for (Atomic<uint64_t>& each : MemoryOf(arena).parker_owners) each.store(owner);
}

TEST_F(ParkingTest, NobodyIsArmedWithoutAParker) {
  TakeAllParkers(arena_);
  EXPECT_TRUE(absl::IsResourceExhausted(arena_.Arm(waiters_, Me(arena_)).status()));
  EXPECT_EQ(waiters_.summary.load(), 0U);
}

// They are not woken, and see what has changed all the same.
TEST_F(ParkingTest, WhoHasNoParkerLooksAgainAndAgain) {
  TakeAllParkers(arena_);
  const port::Deadline never = port::Deadline::Never();
  int looks = 0;
  EXPECT_TRUE(arena_.Await(waiters_, Me(arena_), never, [&](bool) { return ++looks == 5; }).ok());
  EXPECT_EQ(looks, 5);
  const port::Deadline soon = port::Deadline::After(arena_.port().Now(), absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      arena_.Await(waiters_, Me(arena_), soon, [](bool) { return false; })));
  EXPECT_EQ(waiters_.summary.load(), 0U) << "nobody sleeps";
}

}  // namespace
}  // namespace isoproc::internal
