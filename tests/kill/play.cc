#include "tests/kill/play.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {

Verdict Play(const Scenario& scenario, const StartVictim& start, const Death& death,
             absl::Duration limit) {
  Verdict verdict;
  // Whoever is not woken must be late, however long before the death they fell asleep.
  Stage stage(scenario.sleepers, death.noticed, 2 * limit);
  Objects objects;
  Enter();
  scenario.make(objects);
  std::unique_ptr<Victim> first;
  if (scenario.first != nullptr) {
    first = start(scenario, objects, Role::kFirst);
    first->Kill();
  }
  // Before there are threads, as it may be a copy of this process.
  std::unique_ptr<Victim> victim = start(scenario, objects, Role::kVictim);

  std::vector<std::thread> threads;
  if (scenario.meanwhile != nullptr) {
    threads.emplace_back([&] { scenario.meanwhile(stage, objects); });
    stage.AwaitSetOff();
  }
  for (int i = 0; i < scenario.sleepers; ++i) {
    threads.emplace_back([&] {
      scenario.sleeper(stage, objects);
      stage.Finish();
    });
  }
  while (CountSleepers() < scenario.sleepers) std::this_thread::yield();

  bool has_returned = false;
  switch (death.where) {
    case Death::Where::kAtPoint:
      verdict.changes = victim->RunTo(death.point);
      has_returned = verdict.changes.has_value();
      break;
    case Death::Where::kAsleep:
      stage.LetSleep();
      victim->RunOn();
      while (CountSleepers() <= scenario.sleepers) std::this_thread::yield();
      break;
    case Death::Where::kAtEnd:
    case Death::Where::kAtEndSurveyed:
      verdict.survey = victim->Survey(death.where == Death::Where::kAtEndSurveyed);
      has_returned = true;
      break;
  }
  const int locks = CountLocksOfOthers();
  const bool committed = has_returned || scenario.committed(stage, objects);
  const absl::Time begin = absl::Now();
  victim->Kill();
  stage.VictimIsDead();
  if (death.noticed) NoticeDeath();
  scenario.judge(stage, objects, committed);
  for (std::thread& thread : threads) thread.join();
  verdict.recovery = absl::Now() - begin;

  stage.Expect(verdict.recovery < limit, "the survivors were late");
  stage.Expect(stage.times_told() == locks,
               absl::StrCat("the dead had ", locks, " locks, and ", stage.times_told(),
                            " survivors were told"));
  // They may have handles in this process.
  first.reset();
  victim.reset();
  objects = Objects();
  // A child of the dead may end a moment after it.
  std::string left;
  do {
    NoticeDeath();
    left = WhatOthersLeft();
  } while (!left.empty() && absl::Now() < begin + 2 * limit);
  stage.Expect(left.empty(), absl::StrCat("left behind: ", left));
  verdict.problems = stage.problems();
  return verdict;
}

}  // namespace isoproc::kill
