// Value and Array.
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

constexpr int64_t kOld = 1;
constexpr int64_t kNew = 2;

void MakeLarge(Objects& mine) { mine.large = Value<Large>::Create(Large::Of(kOld)).value(); }
void ReplaceLarge(Objects& mine) {
  mine.large.Store(Large::Of(kNew)).IgnoreError();
  mine.large.Update([](Large& large) { large = Large::Of(large.words[0] + 1); }).IgnoreError();
}
// One of the values that were stored, and nothing in between.
void ExpectWhole(Stage& stage, Objects& mine, bool) {
  stage.ExpectTaken(mine.large.WithLock([] {}, stage.limit()), "WithLock");
  const absl::StatusOr<Large> large = mine.large.Load();
  stage.ExpectOk(large.status(), "Load");
  if (!large.ok()) return;
  stage.Expect(large->whole(), "torn");
  stage.Expect(large->words[0] >= kOld && large->words[0] <= kNew + 1, "not what was stored");
}

void MakeArray(Objects& mine) { mine.array = Array<int64_t>::Create(uint64_t{2}).value(); }
void WriteArray(Objects& mine) {
  mine.array.Store(0, kNew).IgnoreError();
  mine.array.WithLock([](absl::Span<int64_t> all) { all[0] = all[1] = kNew; }).IgnoreError();
}
void ExpectArray(Stage& stage, Objects& mine, bool) {
  stage.ExpectTaken(mine.array.WithLock([](absl::Span<int64_t>) {}, stage.limit()), "WithLock");
  stage.ExpectOk(mine.array.Store(1, kOld), "Store");
  stage.Expect(mine.array.Load(1).value() == kOld, "not what was stored");
}

}  // namespace

std::vector<Scenario> StorageScenarios() {
  return {
      {.name = "value.small",
       .make = [](Objects& mine) { mine.value = Value<int64_t>::Create(kOld).value(); },
       .act =
           [](Objects& mine) {
             mine.value.Store(kNew).IgnoreError();
             mine.value.Update([](int64_t& value) { ++value; }).IgnoreError();
           },
       .judge =
           [](Stage& stage, Objects& mine, bool) {
             stage.ExpectTaken(mine.value.WithLock([] {}, stage.limit()), "WithLock");
             const int64_t value = mine.value.Load().value();
             stage.Expect(value >= kOld && value <= kNew + 1, "not what was stored");
           }},
      {.name = "value.large", .make = MakeLarge, .act = ReplaceLarge, .judge = ExpectWhole},
      {.name = "value.large_contended",
       .make = MakeLarge,
       .act = ReplaceLarge,
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.ExpectTaken(mine.large.WithLock([&] {
               stage.SetOff();
               stage.AwaitSleepers(1);
             }),
                               "WithLock");
           },
       .judge = ExpectWhole},
      {.name = "array.elements", .make = MakeArray, .act = WriteArray, .judge = ExpectArray},
      {.name = "array.release_to_sleepers",
       .make = MakeArray,
       .act = WriteArray,
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.ExpectTaken(mine.array.WithLock([&](absl::Span<int64_t>) {
               stage.SetOff();
               stage.AwaitSleepers(2);
             }),
                               "WithLock");
           },
       .sleepers = 1,
       .sleeper = [](Stage& stage, Objects& mine) { ExpectArray(stage, mine, false); },
       .judge = ExpectArray},
      {.name = "array.large_elements",
       .make = [](Objects& mine) { mine.large_array = Array<Large>::Create(uint64_t{2}).value(); },
       .act =
           [](Objects& mine) {
             mine.large_array.Store(1, Large::Of(kNew)).IgnoreError();
             mine.large_array.Load(1).IgnoreError();
           },
       .judge =
           [](Stage& stage, Objects& mine, bool) {
             stage.ExpectTaken(mine.large_array.WithLock([](absl::Span<Large>) {}, stage.limit()),
                               "WithLock");
             stage.ExpectOk(mine.large_array.Load(1).status(), "Load");
           }},
  };
}

}  // namespace isoproc::kill
