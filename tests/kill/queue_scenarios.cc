// Queue. The victim's item is "new", or large; "old" ones are there before.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "isoproc/queue.h"
#include "isoproc/wait.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/scenario.h"
#include "tests/kill/stage.h"

namespace isoproc::kill {
namespace {

using Texts = std::vector<std::string>;

constexpr size_t kBytes = 8192;
std::string LargeText() { return std::string(3000, 'l'); }
// As large as all bytes.
std::string LargestText() { return std::string(kBytes, 'x'); }

std::function<void(Objects& mine)> MakeQueue(const Texts& texts, uint64_t capacity = 4) {
  return [=](Objects& mine) {
    mine.queue = Queue<std::string>::Create({.capacity = capacity, .bytes = kBytes}).value();
    for (const std::string& text : texts) mine.queue.Put(text).IgnoreError();
  };
}
std::function<void(Objects& mine)> Put(const std::string& text) {
  return [text](Objects& mine) { mine.queue.Put(text).IgnoreError(); };
}
void Get(Objects& mine) { mine.queue.Get().IgnoreError(); }

// Whether so many can be got: who has put or taken one has done so for all to see.
std::function<bool(const Stage& stage, const Objects& mine)> HasSize(size_t size) {
  return [size](const Stage&, const Objects& mine) { return mine.queue.Size().value() == size; };
}

std::string Show(const Texts& texts) {
  std::string all;
  for (const std::string& text : texts) all += text.substr(0, 10) + " ";
  return all;
}

// All memory can be used again.
void ExpectAllBytes(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.queue.Put(LargestText(), stage.limit()), "Put of all bytes");
  stage.ExpectOk(mine.queue.Get(stage.limit()).status(), "Get of all bytes");
}
// What is there, in order, and all memory with it.
Texts TakeAll(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.queue.Put("end", stage.limit()), "Put");
  Texts left;
  while (true) {
    const absl::StatusOr<std::string> text = mine.queue.Get(stage.limit());
    stage.ExpectOk(text.status(), "Get");
    if (!text.ok() || *text == "end") break;
    left.push_back(*text);
  }
  ExpectAllBytes(stage, mine);
  return left;
}
void ExpectLeft(Stage& stage, Objects& mine, const Texts& expected) {
  const Texts left = TakeAll(stage, mine);
  stage.Expect(left == expected, "left: " + Show(left) + "and not: " + Show(expected));
}

// `before` if it has not come to pass, `after` if it has.
std::function<void(Stage& stage, Objects& mine, bool committed)> Expect(const Texts& before,
                                                                        const Texts& after) {
  return [=](Stage& stage, Objects& mine, bool committed) {
    ExpectLeft(stage, mine, committed ? after : before);
  };
}

void TakeAndFinish(Objects& mine) {
  absl::StatusOr<Lease<std::string>> lease = mine.queue.GetLease();
  if (lease.ok()) lease->Done().IgnoreError();
}
// What the dead had comes back as soon as somebody knows of the death, and is first then.
void ExpectBackOrDone(Stage& stage, Objects& mine, bool) {
  while (!mine.queue.Join(absl::ZeroDuration()).ok()) {
    absl::StatusOr<Lease<std::string>> lease = mine.queue.GetLease(stage.limit());
    stage.ExpectOk(lease.status(), "GetLease");
    if (!lease.ok()) return;
    stage.Expect(**lease == LargeText() || **lease == "old", "another item: " + **lease);
    stage.ExpectOk(lease->Done(), "Done");
  }
  ExpectLeft(stage, mine, {});
}

// Sleeps for the memory of the item that the victim takes, which is all there is.
void PutLarge(Stage& stage, Objects& mine) {
  stage.ExpectOk(mine.queue.Put(LargeText(), stage.limit()), "Put");
}
// Whether the victim's item is there in spite of that, before what the sleeper puts.
bool IsStillThere(Stage& stage, Objects& mine) {
  std::string text = mine.queue.Get(stage.limit()).value_or("none");
  const bool is_there = text == LargestText();
  if (is_there) text = mine.queue.Get(stage.limit()).value_or("none");
  stage.Expect(text == LargeText(), "another item: " + text.substr(0, 10));
  ExpectAllBytes(stage, mine);
  return is_there;
}
// The size is the same before the victim has taken its item and after the sleeper has put another.
bool IsTaken(const Stage& stage, const Objects& mine) {
  while (mine.queue.Size().value() == 1 && stage.finished() == 0) {
    // Now and then a sleeper wakes up to look.
    if (CountSleepers() == 1) return false;
    std::this_thread::yield();
  }
  return true;
}

// The sleepers are to hear of it.
void CloseUnless(Stage&, Objects& mine, bool closed) {
  if (!closed) mine.queue.Close();
}
// Where all room and all memory is taken, one sleeps for either.
void PutInVain(Stage& stage, Objects& mine) {
  static std::atomic<unsigned> turn = 0;
  const std::string text = turn++ % 2 == 0 ? "small" : LargeText();
  stage.Expect(absl::IsUnavailable(mine.queue.Put(text, stage.limit())), "not closed: " + text);
}

// Items that a loan is written for; others have no buffer.
void MakeLarges(Objects& mine) {
  mine.larges = Queue<Large>::Create({.capacity = 4, .bytes = 2048}).value();
  mine.larges.Put(Large::Of(1)).IgnoreError();
}
void ExpectLarges(Stage& stage, Objects& mine, int64_t count) {
  stage.ExpectOk(mine.larges.Put(Large::Of(count + 1), stage.limit()), "Put");
  for (int64_t i = 1; i <= count + 1; ++i) {
    const absl::StatusOr<Large> large = mine.larges.Get(stage.limit());
    stage.ExpectOk(large.status(), "Get");
    stage.Expect(large.ok() && large->whole() && large->words[0] == i, "another item");
  }
  // As many as there is memory for.
  const absl::StatusOr<Loan<Large>> one = mine.larges.Borrow(stage.limit());
  stage.ExpectOk(one.status(), "Borrow");
  stage.ExpectOk(mine.larges.Borrow(stage.limit()).status(), "Borrow of the rest");
}

}  // namespace

std::vector<Scenario> QueueScenarios() {
  return {
      {.name = "queue.put",
       .make = MakeQueue({"old"}),
       .act = Put("new"),
       .committed = HasSize(2),
       .judge = Expect({"old"}, {"old", "new"})},
      {.name = "queue.put_large",
       .make = MakeQueue({LargeText()}),
       .act = Put(LargeText()),
       .committed = HasSize(2),
       .judge = Expect({LargeText()}, {LargeText(), LargeText()})},
      {.name = "queue.put_to_sleeper",
       .make = MakeQueue({}),
       .act = Put("new"),
       .sleepers = 1,
       .sleeper =
           [](Stage& stage, Objects& mine) {
             const absl::StatusOr<std::string> text = mine.queue.Get(stage.limit());
             stage.ExpectOk(text.status(), "Get");
             stage.Expect(text.value_or("") == "new" || text.value_or("") == "other", "what is it");
           },
       .judge =
           [](Stage& stage, Objects& mine, bool committed) {
             // If the victim has put none; else there is one for each of two.
             stage.ExpectOk(mine.queue.Put("other", stage.limit()), "Put");
             if (committed) stage.ExpectOk(mine.queue.Get(stage.limit()).status(), "Get");
           }},
      {.name = "queue.put_waits",
       .make = MakeQueue({"old"}, 1),
       .act = Put("new"),
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(1);
             stage.Expect(mine.queue.Get(stage.limit()).value_or("") == "old", "not the old one");
             const std::string text = mine.queue.Get(stage.limit()).value_or("none");
             stage.Expect(text == "new" || text == "other", "another item: " + text);
           },
       .judge =
           [](Stage& stage, Objects& mine, bool committed) {
             // As above.
             stage.ExpectOk(mine.queue.Put("other", stage.limit()), "Put");
             if (committed) stage.ExpectOk(mine.queue.Get(stage.limit()).status(), "Get");
           }},
      {.name = "queue.put_waits_for_memory",
       .make = MakeQueue({LargestText()}),
       .act = Put(LargeText()),
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             // Has all memory, and is not in the queue.
             absl::StatusOr<Lease<std::string>> lease = mine.queue.GetLease(stage.limit());
             stage.ExpectOk(lease.status(), "GetLease");
             stage.SetOff();
             stage.AwaitSleepers(1);
             if (lease.ok()) stage.ExpectOk(lease->Done(), "Done");
             stage.Mark();
           },
       .committed = HasSize(1),
       .judge =
           [](Stage& stage, Objects& mine, bool committed) {
             while (!stage.marked()) std::this_thread::yield();
             ExpectLeft(stage, mine, committed ? Texts{LargeText()} : Texts{});
           }},
      {.name = "queue.loan",
       .make = MakeLarges,
       .act =
           [](Objects& mine) {
             absl::StatusOr<Loan<Large>> loan = mine.larges.Borrow();
             if (!loan.ok()) return;
             **loan = Large::Of(2);
             mine.larges.Put(*loan).IgnoreError();
           },
       .committed = [](const Stage&,
                       const Objects& mine) { return mine.larges.Size().value() == 2; },
       .judge = [](Stage& stage, Objects& mine,
                   bool committed) { ExpectLarges(stage, mine, committed ? 2 : 1); }},
      {.name = "queue.loan_dropped",
       .make = MakeLarges,
       .act = [](Objects& mine) { mine.larges.Borrow().IgnoreError(); },
       .judge = [](Stage& stage, Objects& mine, bool) { ExpectLarges(stage, mine, 1); }},
      {.name = "queue.get",
       .make = MakeQueue({"new", "old"}),
       .act = Get,
       .committed = HasSize(1),
       .judge = Expect({"new", "old"}, {"old"})},
      {.name = "queue.get_large",
       .make = MakeQueue({LargeText(), "old"}),
       .act = Get,
       .committed = HasSize(1),
       .judge = Expect({LargeText(), "old"}, {"old"})},
      {.name = "queue.get_large_to_sleeper",
       .make = MakeQueue({LargestText()}),
       .act = Get,
       .sleepers = 1,
       .sleeper = PutLarge,
       .committed = IsTaken,
       .judge =
           [](Stage& stage, Objects& mine, bool taken) {
             stage.Expect(IsStillThere(stage, mine) != taken, "the item is lost, or got twice");
           }},
      {.name = "queue.get_waits",
       .make = MakeQueue({}),
       .act = Get,
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(1);
             stage.ExpectOk(mine.queue.Put("new", stage.limit()), "Put");
           },
       .judge =
           [](Stage& stage, Objects& mine, bool committed) {
             stage.ExpectOk(mine.queue.Put("other", stage.limit()), "Put");
             std::string text = mine.queue.Get(stage.limit()).value_or("none");
             if (text == "new" && !committed) text = mine.queue.Get(stage.limit()).value_or("none");
             stage.Expect(text == "other", "another item: " + text);
           }},
      // Who waits takes nothing: one item is enough for the other.
      {.name = "queue.wait",
       .make = MakeQueue({}),
       .act =
           [](Objects& mine) {
             const Waitable item = mine.queue.AsWaitable().value();
             Wait({&item, 1}).IgnoreError();
           },
       .sleeps = true,
       .meanwhile =
           [](Stage& stage, Objects& mine) {
             stage.SetOff();
             stage.AwaitSleepers(2);
             stage.ExpectOk(mine.queue.Put("new", stage.limit()), "Put");
             // Perhaps the victim has not seen it.
             if (stage.AwaitFinished(1)) mine.queue.Put("other").IgnoreError();
           },
       .sleepers = 1,
       .sleeper =
           [](Stage& stage, Objects& mine) {
             stage.ExpectOk(mine.queue.Get(stage.limit()).status(), "Get");
           },
       .judge = [](Stage&, Objects&, bool) {}},
      {.name = "queue.get_in_vain",
       .make = MakeQueue({}),
       .act = [](Objects& mine) { mine.queue.Get(absl::Milliseconds(1)).IgnoreError(); },
       .judge = Expect({}, {})},
      {.name = "queue.lease",
       .make = MakeQueue({LargeText(), "old"}),
       .act = TakeAndFinish,
       .judge =
           [](Stage& stage, Objects& mine, bool committed) {
             if (committed) return ExpectLeft(stage, mine, {"old"});
             ExpectBackOrDone(stage, mine, committed);
           }},
      {.name = "queue.lease_of_the_dead",
       .make = MakeQueue({LargeText(), "old"}),
       .first = [](Objects& mine) { new auto(mine.queue.GetLease()); },
       .act = TakeAndFinish,
       .judge = ExpectBackOrDone},
      {.name = "queue.lease_returned",
       .make = MakeQueue({LargeText(), "old"}),
       .act = [](Objects& mine) { mine.queue.GetLease().IgnoreError(); },
       .judge = ExpectBackOrDone},
      {.name = "queue.lease_of_large_to_sleeper",
       .make = MakeQueue({LargestText()}),
       .act = TakeAndFinish,
       .sleepers = 1,
       .sleeper = PutLarge,
       // By Done. That it is, is seen a moment later, when the memory is free.
       .committed = [](const Stage& stage, const Objects&) { return stage.finished() == 1; },
       .judge =
           [](Stage& stage, Objects& mine, bool done) {
             stage.Expect(!IsStillThere(stage, mine) || !done, "what was done with came back");
           }},
      {.name = "queue.task_done_to_sleepers",
       .make = MakeQueue({"old"}),
       .act = [](Objects& mine) { mine.queue.TaskDone().IgnoreError(); },
       .sleepers = 2,
       .sleeper = [](Stage& stage,
                     Objects& mine) { stage.ExpectOk(mine.queue.Join(stage.limit()), "Join"); },
       .judge =
           [](Stage& stage, Objects& mine, bool committed) {
             // If the victim has not said so.
             if (!committed) mine.queue.TaskDone().IgnoreError();
             stage.ExpectOk(mine.queue.Join(stage.limit()), "Join");
           }},
      {.name = "queue.close_to_sleepers",
       .make = MakeQueue({}),
       .act = [](Objects& mine) { mine.queue.Close(); },
       .sleepers = 2,
       .sleeper =
           [](Stage& stage, Objects& mine) {
             stage.Expect(absl::IsOutOfRange(mine.queue.Get(stage.limit()).status()), "no end");
           },
       .judge = CloseUnless},
      {.name = "queue.close_to_putters",
       .make = MakeQueue({LargestText()}, 1),
       .act = [](Objects& mine) { mine.queue.Close(); },
       .sleepers = 2,
       .sleeper = PutInVain,
       .judge = CloseUnless},
  };
}

}  // namespace isoproc::kill
