// What a process does that is killed meanwhile, and what the others must find afterwards.
#ifndef ISOPROC_TESTS_KILL_SCENARIO_H_
#define ISOPROC_TESTS_KILL_SCENARIO_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "isoproc/array.h"
#include "isoproc/queue.h"
#include "isoproc/shareable_list.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {

// Too large for one store. Whole if all words are the same.
struct Large {
  std::array<int64_t, 25> words;

  static Large Of(int64_t word) {
    Large large;
    large.words.fill(word);
    return large;
  }
  bool whole() const {
    for (const int64_t word : words) {
      if (word != words[0]) return false;
    }
    return true;
  }
};

// What a scenario shares; the others are empty. All of it travels to the victim.
struct Objects {
  Lock lock;
  RLock rlock;
  Semaphore semaphore;
  BoundedSemaphore bounded;
  Event event;
  Condition condition;
  Barrier barrier;
  Value<int64_t> value;
  Value<Large> large;
  Array<int64_t> array;
  Array<Large> large_array;
  ShareableList list;
  Queue<std::string> queue;
  Queue<Lock> locks;
  Queue<Large> larges;
};

// Functions get the objects of their own process. `act` and `sleeper` must not throw.
struct Scenario {
  std::string name;
  // In the surviving process, before the others are started.
  std::function<void(Objects& mine)> make = [](Objects&) {};
  // In a process that is killed before the victim begins; null: there is none.
  std::function<void(Objects& mine)> first = nullptr;
  // In the victim, which is not killed yet.
  std::function<void(Objects& mine)> before = [](Objects&) {};
  // False: the victim is not yet one of the family when `act` begins.
  bool registered = true;
  // In the victim: what it is killed in.
  std::function<void(Objects& mine)> act;
  // Whether the victim sleeps in `act`, so that it can be killed asleep.
  bool sleeps = false;
  // In a thread of the surviving process, begun before `act`, which waits for stage.SetOff.
  std::function<void(Stage& stage, Objects& mine)> meanwhile = nullptr;
  // In threads of the surviving process; so many are asleep when `act` begins.
  int sleepers = 0;
  std::function<void(Stage& stage, Objects& mine)> sleeper = nullptr;
  // Whether `act` has come to pass for all to see; asked while the victim has stopped, unless `act`
  // has returned, and so has come to pass.
  std::function<bool(const Stage& stage, const Objects& mine)> committed =
      [](const Stage&, const Objects&) { return false; };
  // In the surviving process, after the kill.
  std::function<void(Stage& stage, Objects& mine, bool committed)> judge;
};

std::vector<Scenario> LockScenarios();
std::vector<Scenario> CountScenarios();
std::vector<Scenario> MeetingScenarios();
std::vector<Scenario> StorageScenarios();
std::vector<Scenario> LifetimeScenarios();
std::vector<Scenario> ListScenarios();
std::vector<Scenario> QueueScenarios();
std::vector<Scenario> ParcelScenarios();
const std::vector<Scenario>& AllScenarios();

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_SCENARIO_H_
