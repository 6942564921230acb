#include "platform/core/shared/permits.h"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/core/shared/payload.h"
#include "platform/core/tests/shared/between_stores.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/support.h"

namespace isoproc::internal {
namespace {

// A bounded semaphore of two permits.
class Permits {
 public:
  PretendedProcess& NewProcess() {
    PretendedProcess& process = first_.Another();
    EXPECT_TRUE(process.arena()->Hold(name_, ObjectKind::kBoundedSemaphore).ok());
    return process;
  }
  bool Take(PretendedProcess& process, absl::Duration timeout = absl::ZeroDuration()) {
    Arena& arena = *process.arena();
    return TakePermit(arena, arena.object(name_.index), Me(arena), timeout).ok();
  }
  bool Return(PretendedProcess& process) {
    Arena& arena = *process.arena();
    return ReturnPermit(arena, arena.object(name_.index), Me(arena));
  }
  void Sweep() { first_.arena()->NoticeDeath(); }
  int CountOf(PretendedProcess& process) {
    Arena& arena = *process.arena();
    const auto* permits =
        reinterpret_cast<const Atomic<uint64_t>*>(arena.RoomOf(arena.object(name_.index)).data());
    const uint64_t own = Me(arena).process().word();
    return (permits[0].load() == own ? 1 : 0) + (permits[1].load() == own ? 1 : 0);
  }

 private:
  PretendedProcess& first_ = PretendedProcess::First();
  const ObjectName name_ =
      first_.arena()
          ->NewObject(
              ObjectKind::kBoundedSemaphore, 2 * sizeof(uint64_t),
              [](ObjectSlot& slot) { PayloadOf<BoundedSemaphorePayload>(slot).permits.store(2); })
          .value();
};

TEST(Permits, OwnIsReturnedFirst) {
  Permits permits;
  PretendedProcess& living = permits.NewProcess();
  PretendedProcess& other = permits.NewProcess();
  EXPECT_TRUE(permits.Take(living));
  EXPECT_TRUE(permits.Take(other));
  EXPECT_TRUE(permits.Return(other));
  EXPECT_EQ(permits.CountOf(living), 1);
  EXPECT_EQ(permits.CountOf(other), 0);
}

// That of the dead comes back by the sweep: to return that of the living would free both.
TEST(Permits, ThatOfTheDeadIsReturnedBeforeThatOfTheLiving) {
  Permits permits;
  PretendedProcess& living = permits.NewProcess();
  PretendedProcess& dead = permits.NewProcess();
  PretendedProcess& other = permits.NewProcess();
  EXPECT_TRUE(permits.Take(living));
  EXPECT_TRUE(permits.Take(dead));
  dead.Kill();
  EXPECT_TRUE(permits.Return(other));
  permits.Sweep();
  EXPECT_EQ(permits.CountOf(living), 1);
}

TEST(Permits, ThatOfTheLivingIsReturnedLast) {
  Permits permits;
  PretendedProcess& living = permits.NewProcess();
  PretendedProcess& other = permits.NewProcess();
  EXPECT_FALSE(permits.Return(other)) << "nobody has one";
  EXPECT_TRUE(permits.Take(living));
  EXPECT_TRUE(permits.Return(other));
  EXPECT_EQ(permits.CountOf(living), 0);
}

// One wants the permit of a dead process. Before its n-th store, that is swept, and another takes
// the permit: only one of the two has it.
TEST(Permits, SweptPermitIsNotTakenFromItsNextOwner) {
  constexpr int kStores = 12;
  for (int n = 0; n < kStores; ++n) {
    Permits permits;
    PretendedProcess& living = permits.NewProcess();
    PretendedProcess& dead = permits.NewProcess();
    PretendedProcess& other = permits.NewProcess();
    EXPECT_TRUE(permits.Take(dead));
    EXPECT_TRUE(permits.Take(living));
    dead.Kill();
    bool living_took = false;
    bool other_took = false;
    {
      std::vector<std::function<void()>> steps(n, [] {});
      steps.push_back([&] {
        permits.Sweep();
        living_took = permits.Take(living);
      });
      const BetweenStores others(std::move(steps));
      other_took = permits.Take(other, absl::Milliseconds(1));
    }
    EXPECT_NE(living_took, other_took) << n;
    EXPECT_EQ(permits.CountOf(living), living_took ? 2 : 1) << n;
    EXPECT_EQ(permits.CountOf(other), other_took ? 1 : 0) << n;
  }
}

}  // namespace
}  // namespace isoproc::internal
