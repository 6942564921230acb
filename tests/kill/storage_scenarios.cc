// Value and Array.
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

constexpr int64_t kOld = 1;
constexpr int64_t kNew = 2;

// Has the lock until so many sleep.
template <class Shared>
void HoldUntil(Stage& stage, const Shared& shared, int sleepers) {
  stage.ExpectTaken(shared.WithLock([&](auto...) {
    stage.SetOff();
    stage.AwaitSleepers(sleepers);
  }),
                    "WithLock");
}

void MakeSmall(Objects& mine) { mine.value = Value<int64_t>::Create(kOld).value(); }
void ChangeSmall(Objects& mine) {
  mine.value.Store(kNew).IgnoreError();
  mine.value.FetchAdd(1).IgnoreError();
  mine.value.Update([](int64_t& value) { ++value; }).IgnoreError();
  mine.value.WithLock([] {}).IgnoreError();
  mine.value.Load().IgnoreError();
}
void ExpectSmall(Stage& stage, Objects& mine, bool) {
  stage.ExpectTaken(mine.value.WithLock([] {}, stage.limit()), "WithLock");
  const int64_t value = mine.value.Load().value();
  stage.Expect(value >= kOld && value <= kNew + 2, "not what was stored");
}
template <int kSleepers>
void HoldSmallUntil(Stage& stage, Objects& mine) {
  HoldUntil(stage, mine.value, kSleepers);
}

void MakeLarge(Objects& mine) { mine.large = Value<Large>::Create(Large::Of(kOld)).value(); }
template <int kSleepers>
void HoldLargeUntil(Stage& stage, Objects& mine) {
  HoldUntil(stage, mine.large, kSleepers);
}
void ReplaceLarge(Objects& mine) {
  mine.large.Load().IgnoreError();
  mine.large.Store(Large::Of(kNew)).IgnoreError();
  mine.large.Update([](Large& large) { large = Large::Of(large.words[0] + 1); }).IgnoreError();
}
// One of the values that were stored, and nothing in between. Load takes the lock too, and leaves
// it to WithLock to tell of a death.
void ExpectWhole(Stage& stage, Objects& mine, bool) {
  const absl::StatusOr<Large> large = mine.large.Load();
  stage.ExpectOk(large.status(), "Load");
  if (!large.ok()) return;
  stage.Expect(large->whole(), "torn");
  stage.Expect(large->words[0] >= kOld && large->words[0] <= kNew + 1, "not what was stored");
  stage.ExpectTaken(mine.large.WithLock([] {}, stage.limit()), "WithLock");
}
// Returns when another thread has the lock, which keeps it until the process is killed.
template <class Shared>
void KeepLock(const Shared& shared) {
  const auto taken = std::make_shared<std::promise<void>>();
  std::thread([shared, taken] {
    const auto stay = [&](auto...) {
      taken->set_value();
      std::promise<void>().get_future().wait();
    };
    shared.WithLock(stay).IgnoreError();
  }).detach();
  taken->get_future().wait();
}

void MakeArray(Objects& mine) { mine.array = Array<int64_t>::Create(uint64_t{2}).value(); }
template <int kSleepers>
void HoldArrayUntil(Stage& stage, Objects& mine) {
  HoldUntil(stage, mine.array, kSleepers);
}
void WriteArray(Objects& mine) {
  mine.array.Load(0).IgnoreError();
  mine.array.Store(0, kNew).IgnoreError();
  mine.array.WithLock([](absl::Span<int64_t> all) { all[0] = all[1] = kNew; }).IgnoreError();
}
void ExpectArray(Stage& stage, Objects& mine, bool) {
  stage.ExpectTaken(mine.array.WithLock([](absl::Span<int64_t>) {}, stage.limit()), "WithLock");
  stage.ExpectOk(mine.array.Store(1, kOld), "Store");
  stage.Expect(mine.array.Load(1).value() == kOld, "not what was stored");
}

void MakeLargeArray(Objects& mine) { mine.large_array = Array<Large>::Create(uint64_t{2}).value(); }
void ReplaceElement(Objects& mine) {
  mine.large_array.Store(1, Large::Of(kNew)).IgnoreError();
  mine.large_array.Load(1).IgnoreError();
}
// May be torn, and then somebody was told: Play looks at that.
void ExpectElement(Stage& stage, Objects& mine, bool) {
  stage.ExpectOk(mine.large_array.Load(1).status(), "Load");
  stage.ExpectTaken(mine.large_array.WithLock([](absl::Span<Large>) {}, stage.limit()), "WithLock");
}

}  // namespace

std::vector<Scenario> StorageScenarios() {
  return {
      {.name = "value.small", .make = MakeSmall, .act = ChangeSmall, .judge = ExpectSmall},
      {.name = "value.small_contended",
       .make = MakeSmall,
       .act = ChangeSmall,
       .sleeps = true,
       .meanwhile = HoldSmallUntil<1>,
       .judge = ExpectSmall},
      {.name = "value.small_release_to_sleepers",
       .make = MakeSmall,
       .act = ChangeSmall,
       .sleeps = true,
       .meanwhile = HoldSmallUntil<2>,
       .sleepers = 1,
       .sleeper = [](Stage& stage, Objects& mine) { ExpectSmall(stage, mine, false); },
       .judge = ExpectSmall},
      {.name = "value.large_release_to_sleepers",
       .make = MakeLarge,
       .act = ReplaceLarge,
       .sleeps = true,
       .meanwhile = HoldLargeUntil<2>,
       .sleepers = 1,
       .sleeper = [](Stage& stage, Objects& mine) { ExpectWhole(stage, mine, false); },
       .judge = ExpectWhole},
      {.name = "value.large", .make = MakeLarge, .act = ReplaceLarge, .judge = ExpectWhole},
      {.name = "value.large_from_the_dead",
       .make = MakeLarge,
       .first = [](Objects& mine) { KeepLock(mine.large); },
       .act =
           [](Objects& mine) {
             ReplaceLarge(mine);
             mine.large.WithLock([] {}).IgnoreError();
           },
       .judge = ExpectWhole},
      {.name = "value.large_contended",
       .make = MakeLarge,
       .act = ReplaceLarge,
       .sleeps = true,
       .meanwhile = HoldLargeUntil<1>,
       .judge = ExpectWhole},
      {.name = "array.elements", .make = MakeArray, .act = WriteArray, .judge = ExpectArray},
      {.name = "array.release_to_sleepers",
       .make = MakeArray,
       .act = WriteArray,
       .sleeps = true,
       .meanwhile = HoldArrayUntil<2>,
       .sleepers = 1,
       .sleeper = [](Stage& stage, Objects& mine) { ExpectArray(stage, mine, false); },
       .judge = ExpectArray},
      {.name = "array.contended",
       .make = MakeArray,
       .act = WriteArray,
       .sleeps = true,
       .meanwhile = HoldArrayUntil<1>,
       .judge = ExpectArray},
      {.name = "array.large_elements",
       .make = MakeLargeArray,
       .act = ReplaceElement,
       .judge = ExpectElement},
      {.name = "array.large_elements_from_the_dead",
       .make = MakeLargeArray,
       .first = [](Objects& mine) { KeepLock(mine.large_array); },
       .act = ReplaceElement,
       .judge = ExpectElement},
      {.name = "array.large_elements_contended",
       .make = MakeLargeArray,
       .act = ReplaceElement,
       .sleeps = true,
       .meanwhile = [](Stage& stage, Objects& mine) { HoldUntil(stage, mine.large_array, 1); },
       .judge = ExpectElement},
      {.name = "array.large_elements_release_to_sleepers",
       .make = MakeLargeArray,
       .act = ReplaceElement,
       .sleeps = true,
       .meanwhile = [](Stage& stage, Objects& mine) { HoldUntil(stage, mine.large_array, 2); },
       .sleepers = 1,
       .sleeper = [](Stage& stage, Objects& mine) { ExpectElement(stage, mine, false); },
       .judge = ExpectElement},
  };
}

}  // namespace isoproc::kill
