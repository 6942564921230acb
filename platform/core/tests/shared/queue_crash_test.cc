// Queues whose users die at each store.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/shared_queue.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/queue_under_test.h"
#include "platform/core/tests/shared/support.h"

namespace isoproc::internal {
namespace {

constexpr uint64_t kBytes = 12 << 10;
// As large as all buffers together: it can be put if none has leaked.
std::string LargestText() { return std::string(kBytes, 'x'); }

using Texts = std::vector<std::string>;

// How the victim and who comes to the rescue have ended, if there is one.
struct Ends {
  Outcome victim;
  Outcome rescuer = Outcome::kReturned;
};

// A victim is killed at each store of `act`, with a queue of `capacity` that has `before` in it.
struct Scenario {
  uint64_t capacity = 4;
  Texts before;
  std::function<void(QueueEnd& end)> act;
  // In other processes, asleep when `act` begins.
  std::vector<std::function<void(QueueEnd& end)>> sleepers;
  // What is in the queue afterwards: the further `act` had come, the later in this list. With
  // `rescue`, each of these twice: it was not, or was.
  std::vector<Texts> after;
  // A second process is killed in turn, at each store of this, before anybody looks.
  std::function<void(Arena& arena, QueueEnd& end)> rescue = nullptr;
  // False: it may be full afterwards.
  bool room_for_marker = true;
  // Whoever takes an item takes it by a lease, and says that it is done: none is lost or doubled.
  bool by_lease = false;

  // Who has died may have done it, all or a part; who has returned has done it.
  bool CanEndWith(const Texts& left, const Ends& ends) const {
    const size_t of_rescue = rescue == nullptr ? 1 : 2;
    for (size_t i = 0; i < after.size(); ++i) {
      const bool acted = i + of_rescue >= after.size();
      const bool rescued = i % of_rescue == of_rescue - 1;
      const bool can_be =
          (acted || ends.victim == Outcome::kDied) && (rescued || ends.rescuer == Outcome::kDied);
      if (can_be && left == after[i]) return true;
    }
    return false;
  }
};

// Runs `body` in a process that is killed at its n-th store, or else when it has returned.
Outcome RunAndKill(PretendedProcess& process, int n, std::function<void(Arena& arena)> body) {
  const auto run = process.Start(std::move(body), n);
  const Outcome outcome = process.Await(*run);
  EXPECT_NE(outcome, Outcome::kNone) << n;
  if (outcome == Outcome::kReturned) process.Kill();
  return outcome;
}

// The same with two of them: each store of the one with each of the other. Gives the number of
// deaths of the first.
int ForEveryTwoStores(const std::function<Ends(int n, int m)>& play) {
  return ForEveryStore([&](int n) {
    bool died = true;
    ForEveryStore([&](int m) {
      const Ends ends = play(n, m);
      died = ends.victim == Outcome::kDied;
      return ends.rescuer == Outcome::kDied;
    });
    return died;
  });
}

// So that what a process does later stores nothing but what is to be seen.
void Hold(PretendedProcess& process, const QueueUnderTest& queue) {
  EXPECT_TRUE(process.arena()->Hold(queue.name(), ObjectKind::kQueue).ok());
}

void ExpectNothingLeaked(const QueueUnderTest& queue, QueueEnd& end) {
  EXPECT_TRUE(end.Put(LargestText(), absl::ZeroDuration()).ok());
  EXPECT_EQ(end.Show(), LargestText());
  EXPECT_EQ(queue.InUse(), "buffers 0 leases 0");
}

Texts Drain(QueueEnd& end) {
  Texts texts;
  while (true) {
    // In vain only when nothing is there.
    const absl::StatusOr<std::string> text = end.Get(absl::ZeroDuration());
    if (!text.ok()) return texts;
    texts.push_back(*text);
  }
}

// With the victim killed at store `n`, and who comes to the rescue at `m`.
Ends PlayOnce(const Scenario& scenario, int n, int m) {
  SCOPED_TRACE(absl::StrCat("stores ", n, " ", m));
  PretendedProcess& survivor = PretendedProcess::First();
  PretendedProcess& victim = survivor.Another();
  PretendedProcess& rescuer = survivor.Another();
  PretendedProcess& other = survivor.Another();
  const QueueUnderTest queue(survivor, scenario.capacity, kBytes);
  const auto end = queue.In(*survivor.arena());
  for (const std::string& text : scenario.before) EXPECT_TRUE(end->Put(text).ok());
  for (PretendedProcess* process : {&victim, &rescuer}) Hold(*process, queue);
  std::vector<std::shared_ptr<PretendedProcess::Run>> sleepers;
  for (const auto& sleeper : scenario.sleepers) {
    sleepers.push_back(other.Start([&](Arena& arena) { sleeper(*queue.In(arena)); }));
  }
  survivor.AwaitSleepers(static_cast<int>(sleepers.size()));
  Ends ends{RunAndKill(victim, n, [&](Arena& arena) { scenario.act(*queue.In(arena)); })};
  EXPECT_TRUE(queue.BlocksAreRight());
  if (scenario.rescue != nullptr) {
    ends.rescuer =
        RunAndKill(rescuer, m, [&](Arena& arena) { scenario.rescue(arena, *queue.In(arena)); });
  }
  if (scenario.sleepers.empty() && scenario.rescue == nullptr) {
    // Nobody has taken a lock yet, and found what the dead one has left.
    const uint64_t size = end->queue().Size();
    EXPECT_TRUE(std::any_of(scenario.after.begin(), scenario.after.end(),
                            [size](const Texts& texts) { return texts.size() == size; }))
        << size;
  }
  // Now and then nobody tells of the death before the survivors go on.
  if ((n + m) % 2 == 0) survivor.arena()->NoticeDeath();
  for (const auto& sleeper : sleepers) EXPECT_EQ(other.Await(*sleeper), Outcome::kReturned);
  if (scenario.room_for_marker) {
    EXPECT_TRUE(end->Put("marker").ok());  // its turn to steal
  }
  survivor.arena()->NoticeDeath();
  Texts left = Drain(*end);
  if (scenario.room_for_marker) {
    EXPECT_TRUE(!left.empty() && left.back() == "marker");
    if (!left.empty()) left.pop_back();
  }
  EXPECT_TRUE(scenario.CanEndWith(left, ends)) << ::testing::PrintToString(left);
  if (scenario.by_lease) {
    const size_t got = left.size() + (scenario.room_for_marker ? 1 : 0);
    for (size_t i = 0; i < got; ++i) {
      EXPECT_TRUE(end->queue().TaskDone(end->self()).ok());
    }
    EXPECT_TRUE(end->queue().Join(end->self(), absl::ZeroDuration()).ok());
  }
  ExpectNothingLeaked(queue, *end);
  return ends;
}

int Play(const Scenario& scenario) {
  if (scenario.rescue != nullptr) {
    return ForEveryTwoStores([&](int n, int m) { return PlayOnce(scenario, n, m); });
  }
  return ForEveryStore([&](int n) { return PlayOnce(scenario, n, 0).victim == Outcome::kDied; });
}

std::function<void(QueueEnd& end)> Gets(const std::string& text) {
  return [text](QueueEnd& end) { EXPECT_EQ(end.Show(absl::InfiniteDuration()), text); };
}
std::function<void(QueueEnd& end)> Puts(const std::string& text) {
  return [text](QueueEnd& end) { EXPECT_TRUE(end.Put(text).ok()); };
}
// Gives what it was.
std::string TakeAndFinish(QueueEnd& end) {
  const absl::StatusOr<SharedQueue::Lease> lease = end.GetLease();
  const std::string text = QueueEnd::TextOf(lease->bytes);
  EXPECT_TRUE(end.queue().Acknowledge(end.self(), lease->index).ok());
  return text;
}
std::function<void(QueueEnd& end)> Finishes(const std::string& text) {
  return [text](QueueEnd& end) { EXPECT_EQ(TakeAndFinish(end), text); };
}

TEST(QueueCrash, Putting) {
  EXPECT_GT(Play({.before = {"1"}, .act = Puts("2"), .after = {{"1"}, {"1", "2"}}}), 5);
}

TEST(QueueCrash, PuttingALargeItem) {
  EXPECT_GT(Play({.before = {LargeText(1)},
                  .act = Puts(LargeText(2)),
                  .after = {{LargeText(1)}, {LargeText(1), LargeText(2)}}}),
            9);
}

// The last item ends where once one began that was longer than what is left: its size must be
// written anew.
TEST(QueueCrash, PuttingWhereOtherSizesWere) {
  const auto units = [](size_t count, char c) { return std::string(count * QueueShape::kUnit, c); };
  const auto act = [&](QueueEnd& end) {
    EXPECT_TRUE(end.Put(units(2, 'a')).ok() && end.Put(units(3, 'b')).ok());
    EXPECT_EQ(end.Show(), units(2, 'a'));
    EXPECT_EQ(end.Show(), units(3, 'b'));
    EXPECT_TRUE(end.Put(units(4, 'c')).ok() && end.Put(units(1, 'd')).ok());
    EXPECT_EQ(end.Show(), units(4, 'c'));
    EXPECT_TRUE(end.Put(units(2, 'e')).ok());
  };
  EXPECT_GT(Play({.act = act,
                  .after = {{},
                            {units(2, 'a')},
                            {units(2, 'a'), units(3, 'b')},
                            {units(3, 'b')},
                            {units(4, 'c')},
                            {units(4, 'c'), units(1, 'd')},
                            {units(1, 'd')},
                            {units(1, 'd'), units(2, 'e')}}}),
            50);
}

// The sleeper gets the victim's item, or nothing.
TEST(QueueCrash, PuttingWithAGetterAsleep) {
  for (const std::string& text : {std::string("1"), LargeText(1)}) {
    EXPECT_GT(Play({.act = Puts(text),
                    .sleepers = {[](QueueEnd& end) {
                      const absl::StatusOr<std::string> got = end.Get(absl::Milliseconds(400));
                      if (!got.ok()) return;
                      // Back again, so that all is judged alike.
                      EXPECT_TRUE(end.Put(*got).ok());
                    }},
                    .after = {{}, {text}}}),
              6);
  }
}

TEST(QueueCrash, WaitingForRoom) {
  EXPECT_GT(Play({.capacity = 2,
                  .before = {"1"},
                  .act =
                      [](QueueEnd& end) {
                        EXPECT_TRUE(end.Put("2").ok());
                        EXPECT_TRUE(absl::IsDeadlineExceeded(end.Put("3", absl::Milliseconds(1))));
                      },
                  .after = {{"1"}, {"1", "2"}},
                  .room_for_marker = false}),
            12);
}

TEST(QueueCrash, Getting) {
  EXPECT_GT(Play({.before = {"1", "2"}, .act = Gets("1"), .after = {{"1", "2"}, {"2"}}}), 5);
}

TEST(QueueCrash, GettingALargeItem) {
  EXPECT_GT(Play({.before = {LargeText(1), "2"},
                  .act = Gets(LargeText(1)),
                  .after = {{LargeText(1), "2"}, {"2"}}}),
            7);
}

TEST(QueueCrash, GettingWithAPutterAsleep) {
  EXPECT_GT(Play({.capacity = 2,
                  .before = {"1", "2"},
                  .act = Gets("1"),
                  .sleepers = {[](QueueEnd& end) {
                    // Room comes with the victim's get, or not before its death is known.
                    const absl::Status put = end.Put("3", absl::Milliseconds(400));
                    EXPECT_TRUE(put.ok() || absl::IsDeadlineExceeded(put));
                    if (!put.ok()) {
                      EXPECT_EQ(end.Show(), "1");
                      EXPECT_TRUE(end.Put("3").ok());
                    }
                    EXPECT_EQ(end.Show(), "2");
                  }},
                  .after = {{"3"}}}),
            6);
}

TEST(QueueCrash, GettingMemoryBackWithAPutterAsleep) {
  EXPECT_GT(Play({.before = {LargestText()},
                  .act = Gets(LargestText()),
                  .sleepers = {[](QueueEnd& end) {
                    const absl::Status put = end.Put(LargeText(2), absl::Milliseconds(400));
                    EXPECT_TRUE(put.ok() || absl::IsDeadlineExceeded(put));
                    if (!put.ok()) {
                      EXPECT_EQ(end.Show(), LargestText());
                      EXPECT_TRUE(end.Put(LargeText(2)).ok());
                    }
                  }},
                  .after = {{LargeText(2)}}}),
            8);
}

// Whatever it had got to, unless it was done with it.
TEST(QueueCrash, LeasesOfTheDeadComeBack) {
  EXPECT_GT(Play({.before = {"1", "2"},
                  .act = Finishes("1"),
                  .after = {{"1", "2"}, {"2"}},
                  .by_lease = true}),
            14);
}

TEST(QueueCrash, LeasesOfLargeItemsComeBack) {
  const Texts both = {LargeText(1), "2"};
  EXPECT_GT(Play({.before = both,
                  .act = Finishes(LargeText(1)),
                  .after = {both, {"2"}},
                  .by_lease = true}),
            16);
}

TEST(QueueCrash, GivingALeaseBack) {
  const auto act = [](QueueEnd& end) {
    const absl::StatusOr<SharedQueue::Lease> lease = end.GetLease();
    end.queue().Return(end.self(), lease->index);
    const absl::StatusOr<SharedQueue::Lease> again = end.GetLease();
    EXPECT_TRUE(again->redelivered);
    EXPECT_EQ(QueueEnd::TextOf(again->bytes), LargeText(1));
  };
  const Texts both = {LargeText(1), "2"};
  EXPECT_GT(Play({.before = both, .act = act, .after = {both}}), 20);
}

// Who waits for memory has looked in vain before the lock is taken from the dead one, and looks no
// more by himself. Now and then who takes it dies, too.
TEST(QueueCrash, EndingALeaseWithAPutterAsleepForMemory) {
  const auto play = [](int n, int m) {
    SCOPED_TRACE(absl::StrCat("stores ", n, " ", m));
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& victim = survivor.Another();
    PretendedProcess& rescuer = survivor.Another();
    PretendedProcess& other = survivor.Another();
    // Of two deaths, the second one may be told while somebody else looks after the first.
    if (m == 0) survivor.NeverLookAgain();
    const QueueUnderTest queue(survivor, 4, kBytes);
    const auto end = queue.In(*survivor.arena());
    EXPECT_TRUE(end->Put(LargestText()).ok());
    const auto victims = queue.In(*victim.arena());
    const auto rescuers = queue.In(*rescuer.arena());
    const uint64_t lease = victims->GetLease().value().index;
    Ends ends{RunAndKill(victim, n, [&](Arena&) {
      EXPECT_TRUE(victims->queue().Acknowledge(victims->self(), lease).ok());
    })};
    survivor.arena()->NoticeDeath();
    const auto puts =
        other.Start([&](Arena& arena) { EXPECT_TRUE(queue.In(arena)->Put(LargeText(2)).ok()); });
    survivor.AwaitSleepersOr(1, *puts);
    if (m != 0) {
      ends.rescuer = RunAndKill(rescuer, m, [&](Arena&) { rescuers->Show(); });
      survivor.arena()->NoticeDeath();
    }
    const auto gets = other.Start([&](Arena& arena) {
      const auto mine = queue.In(arena);
      std::string text = mine->Show(absl::InfiniteDuration());
      if (text == LargestText()) text = mine->Show(absl::InfiniteDuration());
      // Or the rescuer had it.
      EXPECT_TRUE(text == LargeText(2) || (m != 0 && text == "3"));
    });
    if (m != 0) {
      EXPECT_TRUE(end->Put("3").ok());
    }
    for (const auto& run : {gets, puts}) {
      if (other.Await(*run) == Outcome::kReturned) continue;
      ADD_FAILURE() << "somebody sleeps for ever";
      return Ends{Outcome::kReturned};
    }
    Drain(*end);
    ExpectNothingLeaked(queue, *end);
    return ends;
  };
  EXPECT_GT(ForEveryStore([&](int n) { return play(n, 0).victim == Outcome::kDied; }), 6);
  EXPECT_GT(ForEveryTwoStores(play), 6);
}

// A rescuer dies on its way, too.
TEST(QueueCrash, TwoDeathsInPutting) {
  EXPECT_GT(Play({.before = {"1"},
                  .act = Puts(LargeText(2)),
                  .after = {{"1"}, {"1", "3"}, {"1", LargeText(2)}, {"1", LargeText(2), "3"}},
                  .rescue = [](Arena&, QueueEnd& end) { EXPECT_TRUE(end.Put("3").ok()); }}),
            9);
}

TEST(QueueCrash, TwoDeathsInGetting) {
  const Texts all = {LargeText(1), "2", "3"};
  EXPECT_GT(Play({.before = all,
                  .act = Gets(LargeText(1)),
                  .after = {all, {"2", "3"}, {"2", "3"}, {"3"}},
                  .rescue = [](Arena&, QueueEnd& end) { EXPECT_TRUE(end.Get().ok()); }}),
            7);
}

TEST(QueueCrash, TwoDeathsWithALease) {
  const Texts all = {LargeText(1), "2", "3"};
  EXPECT_GT(Play({.before = all,
                  .act = Finishes(LargeText(1)),
                  .after = {all, {"2", "3"}, {"2", "3"}, {"3"}},
                  .rescue =
                      [](Arena& arena, QueueEnd& end) {
                        arena.NoticeDeath();
                        TakeAndFinish(end);
                      },
                  .by_lease = true}),
            14);
}

// The second one looks for memory that the first one had, and may have left.
TEST(QueueCrash, TwoDeathsForMemory) {
  EXPECT_GT(Play({.before = {LargestText()},
                  .act = Gets(LargestText()),
                  .after = {{LargestText()}, {LargestText()}, {}, {LargestText()}},
                  .rescue =
                      [](Arena& arena, QueueEnd& end) {
                        arena.NoticeDeath();
                        end.Put(LargestText(), absl::ZeroDuration()).IgnoreError();
                      }}),
            7);
}

// The second one finds no room before it has looked what the first one, who puts, has left: it dies
// while it looks.
TEST(QueueCrash, TwoDeathsForMemoryOfWhoPuts) {
  EXPECT_GT(Play({.act = Puts(LargeText(2)),
                  .after = {{}, {LargestText()}, {LargeText(2)}, {LargeText(2)}},
                  .rescue =
                      [](Arena& arena, QueueEnd& end) {
                        arena.NoticeDeath();
                        end.Put(LargestText(), absl::ZeroDuration()).IgnoreError();
                      }}),
            9);
}

// The second one asks whether all is done, and finishes for that what the first one had begun.
TEST(QueueCrash, TwoDeathsInJoining) {
  const Texts all = {LargeText(1), "2"};
  EXPECT_GT(Play({.before = all,
                  .act = Finishes(LargeText(1)),
                  .after = {all, all, {"2"}, {"2"}},
                  .rescue =
                      [](Arena& arena, QueueEnd& end) {
                        arena.NoticeDeath();
                        const absl::Status joined =
                            end.queue().Join(end.self(), absl::ZeroDuration());
                        EXPECT_TRUE(absl::IsDeadlineExceeded(joined));
                      },
                  .by_lease = true}),
            14);
}

// The second one closes the queue after the first one has died, for somebody who waits for the end.
// When both are dead it is closed once more, in case that it was not.
TEST(QueueCrash, TwoDeathsInClosing) {
  struct Act {
    std::function<void(QueueEnd& end)> body;
    Texts after;  // otherwise the queue is as it was
  };
  const Texts before = {LargeText(1)};
  for (const Act& act :
       {Act{Puts(LargeText(2)), {LargeText(1), LargeText(2)}}, Act{Finishes(LargeText(1)), {}}}) {
    const auto play = [&](int n, int m) {
      SCOPED_TRACE(absl::StrCat("stores ", n, " ", m));
      PretendedProcess& survivor = PretendedProcess::First();
      PretendedProcess& victim = survivor.Another();
      PretendedProcess& rescuer = survivor.Another();
      PretendedProcess& other = survivor.Another();
      const QueueUnderTest queue(survivor, 4, kBytes);
      const auto end = queue.In(*survivor.arena());
      EXPECT_TRUE(end->Put(before.front()).ok());
      for (PretendedProcess* process : {&victim, &rescuer}) Hold(*process, queue);
      Ends ends{RunAndKill(victim, n, [&](Arena& arena) { act.body(*queue.In(arena)); })};
      Texts got;
      const auto gets = other.Start([&](Arena& arena) {
        const auto mine = queue.In(arena);
        while (true) {
          const absl::StatusOr<std::string> text = mine->Get();
          if (!text.ok()) {
            EXPECT_TRUE(absl::IsOutOfRange(text.status()));
            return;
          }
          got.push_back(*text);
        }
      });
      survivor.AwaitSleepers(1);
      ends.rescuer = RunAndKill(rescuer, m, [&](Arena& arena) {
        const auto mine = queue.In(arena);
        EXPECT_TRUE(mine->queue().Close(mine->self()).ok());
      });
      if ((n + m) % 2 == 0) survivor.arena()->NoticeDeath();
      EXPECT_TRUE(end->queue().Close(end->self()).ok());
      EXPECT_EQ(other.Await(*gets), Outcome::kReturned);
      EXPECT_TRUE(got == act.after || (got == before && ends.victim == Outcome::kDied))
          << ::testing::PrintToString(got);
      EXPECT_TRUE(absl::IsUnavailable(end->Put("3", absl::ZeroDuration())));
      EXPECT_EQ(end->Show(), "OUT_OF_RANGE");
      return ends;
    };
    EXPECT_GT(ForEveryTwoStores(play), 9);
  }
}

// The sweeper is the second to die.
TEST(QueueCrash, SweeperDies) {
  const Texts all = {LargeText(1), "2"};
  EXPECT_GT(Play({.before = all,
                  .act =
                      [](QueueEnd& end) {
                        EXPECT_TRUE(end.GetLease().ok());
                        EXPECT_TRUE(end.Get().ok());
                      },
                  .after = {all, all, {LargeText(1)}, {LargeText(1)}},
                  .rescue = [](Arena& arena, QueueEnd&) { arena.NoticeDeath(); }}),
            10);
}

TEST(QueueCrash, ClosingWithAllAsleep) {
  const int deaths = ForEveryStore([&](int n) {
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& victim = survivor.Another();
    PretendedProcess& other = survivor.Another();
    const QueueUnderTest full(survivor, 1, 0);
    const QueueUnderTest empty(survivor, 1, 0);
    const auto full_end = full.In(*survivor.arena());
    const auto empty_end = empty.In(*survivor.arena());
    EXPECT_TRUE(full_end->Put("1").ok());
    for (const QueueUnderTest* queue : {&full, &empty}) Hold(victim, *queue);
    std::vector<std::shared_ptr<PretendedProcess::Run>> runs;
    for (int i = 0; i < 2; ++i) {
      runs.push_back(other.Start(
          [&](Arena& arena) { EXPECT_TRUE(absl::IsUnavailable(full.In(arena)->Put("2"))); }));
      runs.push_back(other.Start([&](Arena& arena) {
        EXPECT_EQ(empty.In(arena)->Show(absl::InfiniteDuration()), "OUT_OF_RANGE");
      }));
    }
    survivor.AwaitSleepers(4);
    const Outcome outcome = RunAndKill(victim, n, [&](Arena& arena) {
      for (const QueueUnderTest* queue : {&full, &empty}) {
        const auto end = queue->In(arena);
        EXPECT_TRUE(end->queue().Close(end->self()).ok());
      }
    });
    if (n % 2 == 0) survivor.arena()->NoticeDeath();
    // What the dead one has not closed is not closed.
    for (QueueEnd* end : {full_end.get(), empty_end.get()}) {
      EXPECT_TRUE(end->queue().Close(end->self()).ok());
    }
    for (const auto& each : runs) EXPECT_EQ(other.Await(*each), Outcome::kReturned) << n;
    EXPECT_EQ(full_end->Show(), "1");
    EXPECT_EQ(full_end->Show(), "OUT_OF_RANGE");
    return outcome == Outcome::kDied;
  });
  EXPECT_GT(deaths, 8);
}

// It is done for all, or the others can still say so; and whoever waits for it hears of it.
TEST(QueueCrash, SayingThatATaskIsDone) {
  for (const bool by_lease : {false, true}) {
    const int deaths = ForEveryStore([&](int n) {
      PretendedProcess& survivor = PretendedProcess::First();
      PretendedProcess& victim = survivor.Another();
      PretendedProcess& other = survivor.Another();
      const QueueUnderTest queue(survivor, 4, 0);
      const auto end = queue.In(*survivor.arena());
      EXPECT_TRUE(end->Put("1").ok());
      Hold(victim, queue);
      const auto joins = other.Start([&](Arena& arena) {
        const auto mine = queue.In(arena);
        EXPECT_TRUE(mine->queue().Join(mine->self(), absl::InfiniteDuration()).ok());
      });
      survivor.AwaitSleepers(1);
      const Outcome outcome = RunAndKill(victim, n, [&](Arena& arena) {
        const auto mine = queue.In(arena);
        if (by_lease) {
          TakeAndFinish(*mine);
        } else {
          EXPECT_TRUE(mine->Get().ok());
          EXPECT_TRUE(mine->queue().TaskDone(mine->self()).ok());
        }
      });
      survivor.arena()->NoticeDeath();
      bool came_back = false;
      bool done = false;
      // Who joins may be sweeping just then, and have seen the death but not yet the queue.
      do {
        came_back = end->Show() == "1";
        done = end->queue().Join(end->self(), absl::ZeroDuration()).ok();
      } while (by_lease && !done && !came_back);
      EXPECT_FALSE(done && came_back) << n;
      EXPECT_TRUE(done || outcome == Outcome::kDied) << n;
      if (!done) {
        EXPECT_TRUE(end->queue().TaskDone(end->self()).ok()) << n;
      }
      EXPECT_EQ(other.Await(*joins), Outcome::kReturned) << n;
      EXPECT_TRUE(absl::IsFailedPrecondition(end->queue().TaskDone(end->self()))) << n;
      return outcome == Outcome::kDied;
    });
    EXPECT_GT(deaths, 7);
  }
}

// More die one after the other than the ring has slots, each at the same store.
TEST(QueueCrash, ManyDeathsInARow) {
  for (const bool of_getters : {false, true}) {
    const int deaths = ForEveryStore([&](int n) {
      PretendedProcess& survivor = PretendedProcess::First();
      const QueueUnderTest queue(survivor, 2, 1024);
      const auto end = queue.In(*survivor.arena());
      Outcome outcome = Outcome::kNone;
      for (int i = 0; i < 5; ++i) {
        PretendedProcess& victim = survivor.Another();
        Hold(victim, queue);
        if (of_getters) {
          EXPECT_TRUE(end->Put("one").ok()) << n << " " << i;
        }
        outcome = RunAndKill(victim, n, [&](Arena& arena) {
          const auto mine = queue.In(arena);
          EXPECT_TRUE(of_getters ? mine->Get().ok() : mine->Put("one").ok());
        });
        survivor.arena()->NoticeDeath();
        // Both locks are free for the next one, and nothing was put.
        const absl::StatusOr<uint64_t> unit = end->queue().Begin(end->self(), 1, absl::Seconds(1));
        EXPECT_TRUE(unit.ok()) << n;
        end->queue().Drop(end->self(), *unit);
        const std::string left = end->Show();
        EXPECT_TRUE(left == "one" || left == "DEADLINE_EXCEEDED") << left;
      }
      for (const char* text : {"1", "2", "3", "4", "5"}) {
        EXPECT_TRUE(end->Put(text, absl::ZeroDuration()).ok()) << n;
        EXPECT_EQ(end->Show(), text) << n;
      }
      return outcome == Outcome::kDied;
    });
    EXPECT_GT(deaths, 3);
  }
}

// Without anybody who waits, or tells of the death.
TEST(QueueCrash, WhoOnlyAsksGetsLeasesOfTheDead) {
  PretendedProcess& survivor = PretendedProcess::First();
  PretendedProcess& victim = survivor.Another();
  const QueueUnderTest queue(survivor, 4, 0);
  const auto end = queue.In(*survivor.arena());
  EXPECT_TRUE(end->Put("1").ok());
  EXPECT_TRUE(queue.In(*victim.arena())->GetLease().ok());
  EXPECT_EQ(end->Show(), "DEADLINE_EXCEEDED");
  victim.Kill();
  std::string seen;
  while (seen != "1") {  // the test's own time ends what would not end
    seen = end->Show();
    ASSERT_TRUE(seen == "1" || seen == "DEADLINE_EXCEEDED") << seen;
  }
}

}  // namespace
}  // namespace isoproc::internal
