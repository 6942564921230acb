// ShareableList.
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "isoproc/shareable_list.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

using Item = ShareableList::Item;

std::string Old() { return std::string(10, 'o'); }
std::string New() { return std::string(17, 'n'); }
std::string Next() { return std::string(3, 'x'); }

void MakeList(Objects& mine) {
  mine.list = ShareableList::Create(std::vector<Item>{Old(), Old()}, 20).value();
}
void StoreTwice(Objects& mine) {
  mine.list.Store(1, New()).IgnoreError();
  mine.list.Store(1, Old()).IgnoreError();
}

// One of the items that were stored, and the next who stores finds nobody in his way.
void ExpectWhole(Stage& stage, Objects& mine) {
  const absl::StatusOr<Item> item = mine.list.Load(1);
  stage.ExpectOk(item.status(), "Load");
  if (item.ok()) {
    stage.Expect(*item == Item(Old()) || *item == Item(New()) || *item == Item(Next()), "torn");
  }
  stage.Expect(mine.list.Load(0).value() == Item(Old()), "another item has changed");
  stage.ExpectOk(mine.list.Store(1, Next()), "Store");
}

}  // namespace

std::vector<Scenario> ListScenarios() {
  return {
      {.name = "list.store",
       .make = MakeList,
       .act = StoreTwice,
       .judge =
           [](Stage& stage, Objects& mine, bool) {
             ExpectWhole(stage, mine);
             stage.Expect(mine.list.Load(1).value() == Item(Next()), "not what was stored");
           }},
      {.name = "list.contended",
       .make = MakeList,
       .act = StoreTwice,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             for (int i = 0; i < 100; ++i) ExpectWhole(stage, mine);
           },
       .judge = [](Stage& stage, Objects& mine, bool) { ExpectWhole(stage, mine); }},
  };
}

}  // namespace isoproc::kill
