#include <vector>

#include "tests/kill/scenario.h"

namespace isoproc::kill {

const std::vector<Scenario>& AllScenarios() {
  static const auto* const all = [] {
    auto* scenarios = new std::vector<Scenario>;
    for (const auto& group :
         {LockScenarios(), CountScenarios(), MeetingScenarios(), StorageScenarios(),
          LifetimeScenarios(), ListScenarios(), QueueScenarios(), ParcelScenarios()}) {
      scenarios->insert(scenarios->end(), group.begin(), group.end());
    }
    return scenarios;
  }();
  return *all;
}

}  // namespace isoproc::kill
