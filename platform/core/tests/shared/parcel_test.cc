// Objects on their way: what holds them, and what is left when somebody dies at any store.
#include "platform/core/shared/parcel.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "isoproc/internal/object_handle.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/layout.h"
#include "platform/core/shared/shared_queue.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/queue_under_test.h"
#include "platform/core/tests/shared/support.h"
#include "platform/testing/crash_atomic.h"

namespace isoproc::internal {
namespace {

ObjectName New(Arena& arena, ObjectKind kind = ObjectKind::kLock) {
  return arena.NewObject(kind).value();
}

int CountObjects(Arena& arena) {
  int count = 0;
  for (const ObjectSlot& slot : arena.memory().objects) count += IsFree(slot.state.load()) ? 0 : 1;
  return count;
}

TEST(Parcel, HoldsItsObjectsWithoutAnyProcess) {
  PretendedProcess& receiver = PretendedProcess::First();
  PretendedProcess& sender = receiver.Another();
  Arena& arena = *receiver.arena();
  const ObjectName carrier = New(arena, ObjectKind::kPipe);
  ObjectName object;
  uint64_t word = 0;
  {
    Arena& theirs = *sender.arena();
    object = New(theirs);
    const Parcel parcel = Parcel::Pack(theirs, {object}).value();
    parcel.Post(carrier.word());
    word = parcel.word();
    theirs.LetGo(object);
  }
  sender.Kill();
  arena.NoticeDeath();
  EXPECT_EQ(CountObjects(arena), 3);
  EXPECT_TRUE(absl::IsNotFound(Parcel::Open(arena, word, object.word()).status()));
  EXPECT_TRUE(absl::IsNotFound(Parcel::Open(arena, object.word(), carrier.word()).status()));
  {
    const Parcel parcel = Parcel::Open(arena, word, carrier.word()).value();
    parcel.Unpost();
    EXPECT_TRUE(arena.Hold(object, ObjectKind::kLock).ok());
  }
  EXPECT_TRUE(absl::IsNotFound(Parcel::Open(arena, word, carrier.word()).status()));
  EXPECT_EQ(CountObjects(arena), 2);
  arena.LetGo(object);
  EXPECT_EQ(CountObjects(arena), 1);
}

TEST(Parcel, GoesWithItsCarrier) {
  PretendedProcess& process = PretendedProcess::First();
  Arena& arena = *process.arena();
  // A carrier that is in a parcel itself.
  const ObjectName outer = New(arena, ObjectKind::kPipe);
  const ObjectName inner = New(arena, ObjectKind::kPipe);
  const ObjectName object = New(arena);
  Parcel::Pack(arena, {object}).value().Post(inner.word());
  Parcel::Pack(arena, {inner, object}).value().Post(outer.word());
  arena.LetGo(object);
  arena.LetGo(inner);
  EXPECT_EQ(CountObjects(arena), 5);
  arena.LetGo(outer);
  EXPECT_EQ(CountObjects(arena), 0);
}

TEST(Parcel, HasAnyNumberOfObjects) {
  PretendedProcess& process = PretendedProcess::First();
  Arena& arena = *process.arena();
  for (const size_t count : {0, 1, 22, 23, 1000}) {
    std::vector<ObjectName> objects;
    for (size_t i = 0; i < count; ++i) objects.push_back(New(arena));
    {
      const Parcel parcel = Parcel::Pack(arena, objects).value();
      for (const ObjectName& object : objects) arena.LetGo(object);
      EXPECT_EQ(CountObjects(arena), static_cast<int>(count) + 1);
      for (const ObjectName& object : objects) {
        ASSERT_TRUE(arena.Hold(object, ObjectKind::kLock).ok());
        arena.LetGo(object);
      }
    }
    EXPECT_EQ(CountObjects(arena), 0) << count;
  }
}

TEST(Parcel, RefusesWhatIsNotOfItsFamily) {
  Arena& arena = *PretendedProcess::First().arena();
  Arena& other = *PretendedProcess::First().arena();
  EXPECT_TRUE(absl::IsFailedPrecondition(Parcel::Pack(arena, {New(other)}).status()));
  ObjectName gone = New(arena);
  arena.LetGo(gone);
  EXPECT_TRUE(absl::IsFailedPrecondition(Parcel::Pack(arena, {gone}).status()));
  EXPECT_EQ(CountObjects(arena), 0);
}

// Whoever dies with a parcel in whatever state, nothing is left of it when its carrier is gone.
TEST(Parcel, NothingIsLeftOfTheDead) {
  const int deaths = ForEveryStore([](int n) {
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& victim = survivor.Another();
    Arena& arena = *survivor.arena();
    const ObjectName carrier = New(arena, ObjectKind::kPipe);
    const ObjectName kept = New(arena);
    const auto run = victim.Start(
        [&](Arena& theirs) {
          const ObjectName inner = New(theirs, ObjectKind::kPipe);
          const ObjectName object = New(theirs);
          EXPECT_TRUE(theirs.Hold(kept, ObjectKind::kLock).ok());
          Parcel::Pack(theirs, {object, kept}).value().Post(inner.word());
          const Parcel parcel = Parcel::Pack(theirs, {inner, kept}).value();
          parcel.Post(carrier.word());
          theirs.LetGo(object);
          theirs.LetGo(inner);
          parcel.Unpost();
          parcel.Post(carrier.word());
        },
        n);
    const Outcome outcome = victim.Await(*run);
    EXPECT_NE(outcome, Outcome::kNone) << n;
    if (outcome == Outcome::kReturned) victim.Kill();
    arena.NoticeDeath();
    arena.LetGo(carrier);
    EXPECT_EQ(CountObjects(arena), 1) << n;
    arena.LetGo(kept);
    EXPECT_EQ(CountObjects(arena), 0) << n;
    return outcome == Outcome::kDied;
  });
  EXPECT_GT(deaths, 60);
}

// Who drops a carrier, or buries its last holder, dies in turn.
TEST(Parcel, NothingIsLeftByWhoLetsGo) {
  for (const bool buries : {false, true}) {
    const int deaths = ForEveryStore([buries](int n) {
      PretendedProcess& survivor = PretendedProcess::First();
      PretendedProcess& first = survivor.Another();
      PretendedProcess& victim = survivor.Another();
      Arena& arena = *survivor.arena();
      const ObjectName kept = New(arena);
      const ObjectName outer = New(*first.arena(), ObjectKind::kPipe);
      const ObjectName inner = New(*first.arena(), ObjectKind::kPipe);
      Parcel::Pack(arena, {kept}).value().Post(inner.word());
      EXPECT_TRUE(arena.Hold(inner, ObjectKind::kPipe).ok());
      Parcel::Pack(arena, {inner, kept}).value().Post(outer.word());
      arena.LetGo(inner);
      first.arena()->LetGo(inner);
      static_cast<void>(Me(*victim.arena()));
      if (!buries) {
        EXPECT_TRUE(victim.arena()->Hold(outer, ObjectKind::kPipe).ok());
        first.arena()->LetGo(outer);
      }
      first.Kill();
      const auto run = victim.Start(
          [&](Arena& theirs) {
            if (buries) {
              theirs.NoticeDeath();
            } else {
              theirs.LetGo(outer);
            }
          },
          n);
      const Outcome outcome = victim.Await(*run);
      EXPECT_NE(outcome, Outcome::kNone) << n;
      if (outcome == Outcome::kReturned) victim.Kill();
      arena.NoticeDeath();
      EXPECT_EQ(CountObjects(arena), 1) << buries << n;
      arena.LetGo(kept);
      EXPECT_EQ(CountObjects(arena), 0) << buries << n;
      return outcome == Outcome::kDied;
    });
    EXPECT_GT(deaths, 8);
  }
}

// ---- in a queue ---------------------------------------------------------------------------------

// An item is the name of a new object, and a text.
absl::Status PutObject(Arena& arena, QueueEnd& end, const std::string& text,
                       absl::Duration timeout = absl::InfiniteDuration()) {
  const ObjectName object = New(arena);
  absl::Status put;
  {
    const Parcel parcel = Parcel::Pack(arena, {object}).value();
    const uint64_t words[] = {parcel.word(), object.word()};
    std::string bytes(reinterpret_cast<const char*>(words), sizeof(words));
    bytes += text;
    put = end.queue().Put(
        end.self(),
        absl::MakeConstSpan(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()),
        timeout, &parcel);
  }
  arena.LetGo(object);
  return put;
}

// The text, if the object is there.
std::string OpenItem(Arena& arena, absl::Span<const std::byte> bytes) {
  uint64_t word = 0;
  if (bytes.size() < sizeof(word)) return "too short";
  std::memcpy(&word, bytes.data(), sizeof(word));
  const ObjectName name{.arena = arena.id(), .state = StateIn(word), .index = IndexIn(word)};
  if (!arena.Hold(name, ObjectKind::kLock).ok()) return "the object is gone";
  arena.LetGo(name);
  return QueueEnd::TextOf(bytes.subspan(sizeof(word)));
}

std::string GetObject(Arena& arena, QueueEnd& end, absl::Duration timeout = absl::ZeroDuration()) {
  SharedQueue::Taken taken;
  const absl::Status got = end.queue().Get(end.self(), taken, timeout);
  if (!got.ok()) return absl::StatusCodeToString(got.code());
  return OpenItem(arena, taken.bytes());
}

TEST(ParcelInQueue, ArrivesAlsoFromTheDead) {
  for (const std::string& text : {std::string("small"), LargeText(1)}) {
    PretendedProcess& survivor = PretendedProcess::First();
    PretendedProcess& sender = survivor.Another();
    Arena& arena = *survivor.arena();
    const QueueUnderTest queue(survivor, 4, 12 << 10);
    const auto end = queue.In(arena);
    EXPECT_TRUE(PutObject(*sender.arena(), *queue.In(*sender.arena()), text).ok());
    EXPECT_TRUE(end->Put("plain").ok());
    sender.Kill();
    arena.NoticeDeath();
    EXPECT_EQ(CountObjects(arena), 3);
    EXPECT_EQ(GetObject(arena, *end), text);
    EXPECT_EQ(CountObjects(arena), 1);
    EXPECT_EQ(end->Show(), "plain");
  }
}

TEST(ParcelInQueue, ComesBackToWhoCouldNotPutIt) {
  PretendedProcess& process = PretendedProcess::First();
  Arena& arena = *process.arena();
  const QueueUnderTest queue(process, 1, 12 << 10);
  const auto end = queue.In(arena);
  EXPECT_TRUE(end->Put("plain").ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(PutObject(arena, *end, "late", absl::ZeroDuration())));
  EXPECT_EQ(CountObjects(arena), 1);
  EXPECT_TRUE(end->queue().Close(end->self()).ok());
  EXPECT_TRUE(absl::IsUnavailable(PutObject(arena, *end, "closed")));
  EXPECT_EQ(CountObjects(arena), 1);
}

TEST(ParcelInQueue, StaysWithALease) {
  PretendedProcess& survivor = PretendedProcess::First();
  PretendedProcess& other = survivor.Another();
  Arena& arena = *survivor.arena();
  const QueueUnderTest queue(survivor, 4, 12 << 10);
  const auto end = queue.In(arena);
  for (const char* const text : {"1", "2"}) EXPECT_TRUE(PutObject(arena, *end, text).ok());
  const auto theirs = queue.In(*other.arena());
  EXPECT_TRUE(theirs->GetLease().ok());
  other.Kill();
  arena.NoticeDeath();
  const SharedQueue::Lease lease = end->GetLease().value();
  EXPECT_TRUE(lease.redelivered);
  EXPECT_EQ(OpenItem(arena, lease.bytes), "1");
  end->queue().Return(end->self(), lease.index);
  EXPECT_EQ(GetObject(arena, *end), "1");
  EXPECT_EQ(CountObjects(arena), 3);
  const SharedQueue::Lease last = end->GetLease().value();
  EXPECT_EQ(OpenItem(arena, last.bytes), "2");
  EXPECT_TRUE(end->queue().Acknowledge(end->self(), last.index).ok());
  EXPECT_EQ(CountObjects(arena), 1);
}

// Another process may write there what it likes, also while this one reads.
TEST(ParcelInQueue, SizeThatChangesIsReadOnce) {
  PretendedProcess& process = PretendedProcess::First();
  Arena& arena = *process.arena();
  const QueueUnderTest queue(process, 4, 12 << 10);
  const auto end = queue.In(arena);
  EXPECT_TRUE(PutObject(arena, *end, LargeText(1)).ok());
  Atomic<uint64_t>& size = queue.SizeOfBuffer(0);
  const uint64_t right = size.load();
  size.store(4);  // less than the name of the parcel
  int looks = 0;
  std::function<void(const void*, std::memory_order)> look = [&](const void* word,
                                                                 std::memory_order) {
    if (word == &size && ++looks == 2) size.store(right);
  };
  load_point = &look;
  SharedQueue::Taken taken;
  const absl::Status got = end->queue().Get(end->self(), taken, absl::ZeroDuration());
  load_point = nullptr;
  EXPECT_TRUE(absl::IsDataLoss(got)) << got << ", " << taken.bytes().size() << " bytes";
}

TEST(ParcelInQueue, GoesWithTheQueue) {
  PretendedProcess& process = PretendedProcess::First();
  Arena& arena = *process.arena();
  const QueueUnderTest queue(process, 4, 12 << 10);
  const auto end = queue.In(arena);
  for (const char* const text : {"1", "2"}) EXPECT_TRUE(PutObject(arena, *end, text).ok());
  EXPECT_EQ(CountObjects(arena), 5);
  arena.LetGo(queue.name());
  arena.LetGo(queue.name());
  EXPECT_EQ(CountObjects(arena), 0);
}

constexpr uint64_t kBytes = 12 << 10;
// As large as all buffers together: it can be put if none has leaked.
std::string LargestText() { return std::string(kBytes, 'x'); }

// A victim is killed at each store of `act`, and now and then who comes after it at each of
// `rescue`.
struct Scenario {
  std::vector<std::string> before;
  std::function<void(Arena& arena, QueueEnd& end)> act;
  // What may be in the queue afterwards: `act` was not, or was. The last one if nobody died.
  std::vector<std::vector<std::string>> after;
  std::function<void(Arena& arena, QueueEnd& end)> rescue = nullptr;
};

std::pair<Outcome, Outcome> PlayOnce(const Scenario& scenario, int n, int m) {
  PretendedProcess& survivor = PretendedProcess::First();
  PretendedProcess& victim = survivor.Another();
  PretendedProcess& rescuer = survivor.Another();
  Arena& arena = *survivor.arena();
  const QueueUnderTest queue(survivor, 4, kBytes);
  const auto end = queue.In(arena);
  for (const std::string& text : scenario.before) EXPECT_TRUE(PutObject(arena, *end, text).ok());
  for (PretendedProcess* process : {&victim, &rescuer}) {
    EXPECT_TRUE(process->arena()->Hold(queue.name(), ObjectKind::kQueue).ok());
  }
  const auto play = [&](PretendedProcess& process, const auto& what, int at) {
    const auto run = process.Start([&](Arena& theirs) { what(theirs, *queue.In(theirs)); }, at);
    const Outcome outcome = process.Await(*run);
    EXPECT_NE(outcome, Outcome::kNone) << n << " " << m;
    if (outcome == Outcome::kReturned) process.Kill();
    return outcome;
  };
  const Outcome victims = play(victim, scenario.act, n);
  const Outcome rescuers =
      scenario.rescue == nullptr ? Outcome::kReturned : play(rescuer, scenario.rescue, m);
  // Now and then nobody tells of the death before the survivors go on.
  if ((n + m) % 2 == 0) arena.NoticeDeath();
  EXPECT_TRUE(PutObject(arena, *end, "marker").ok());
  arena.NoticeDeath();
  std::vector<std::string> left;
  while (true) {
    std::string text = GetObject(arena, *end);
    if (text == absl::StatusCodeToString(absl::StatusCode::kDeadlineExceeded)) break;
    left.push_back(std::move(text));
  }
  EXPECT_TRUE(!left.empty() && left.back() == "marker") << n << " " << m;
  if (!left.empty()) left.pop_back();
  const bool all_returned = victims == Outcome::kReturned && rescuers == Outcome::kReturned;
  const auto possible = all_returned ? scenario.after.end() - 1 : scenario.after.begin();
  EXPECT_NE(std::find(possible, scenario.after.end(), left), scenario.after.end())
      << n << " " << m << ": " << ::testing::PrintToString(left);
  EXPECT_TRUE(end->Put(LargestText(), absl::ZeroDuration()).ok()) << n << " " << m;
  EXPECT_EQ(end->Show(), LargestText());
  EXPECT_EQ(queue.InUse(), "buffers 0 leases 0") << n << " " << m;
  EXPECT_EQ(CountObjects(arena), 1) << n << " " << m;
  return {victims, rescuers};
}

int Play(const Scenario& scenario) {
  return ForEveryStore([&](int n) {
    // Of two deaths, the first one at some stores, for want of time.
    if (scenario.rescue == nullptr || n % 11 != 0) {
      return PlayOnce(scenario, n, 0).first == Outcome::kDied;
    }
    bool died = true;
    ForEveryStore([&](int m) {
      const auto [victim, rescuer] = PlayOnce(scenario, n, m);
      died = victim == Outcome::kDied;
      return rescuer == Outcome::kDied;
    });
    return died;
  });
}

std::function<void(Arena&, QueueEnd&)> Puts(const std::string& text) {
  return [text](Arena& arena, QueueEnd& end) { EXPECT_TRUE(PutObject(arena, end, text).ok()); };
}
std::function<void(Arena&, QueueEnd&)> Gets(const std::string& text) {
  return [text](Arena& arena, QueueEnd& end) { EXPECT_EQ(GetObject(arena, end), text); };
}
void GetAndFinish(Arena& arena, QueueEnd& end) {
  const SharedQueue::Lease lease = end.GetLease().value();
  EXPECT_EQ(OpenItem(arena, lease.bytes), "1");
  EXPECT_TRUE(end.queue().Acknowledge(end.self(), lease.index).ok());
}

TEST(ParcelInQueueCrash, Putting) {
  for (const std::string& text : {std::string("2"), LargeText(2)}) {
    EXPECT_GT(Play({.before = {"1"}, .act = Puts(text), .after = {{"1"}, {"1", text}}}), 60);
  }
}

TEST(ParcelInQueueCrash, Getting) {
  for (const std::string& text : {std::string("1"), LargeText(1)}) {
    EXPECT_GT(Play({.before = {text, "2"}, .act = Gets(text), .after = {{text, "2"}, {"2"}}}), 15);
  }
}

TEST(ParcelInQueueCrash, FinishingALease) {
  EXPECT_GT(Play({.before = {"1", "2"}, .act = GetAndFinish, .after = {{"1", "2"}, {"2"}}}), 20);
}

// The second process takes the lock from the first one, and what that had left.
TEST(ParcelInQueueCrash, PuttingAfterADeath) {
  EXPECT_GT(Play({.act = Puts("1"),
                  .after = {{}, {"1"}, {"too short"}, {"1", "too short"}},
                  .rescue = [](Arena&, QueueEnd& end) { EXPECT_TRUE(end.Put("2").ok()); }}),
            60);
}

TEST(ParcelInQueueCrash, GettingAfterADeath) {
  EXPECT_GT(Play({.before = {"1", "2", "3"},
                  .act = Gets("1"),
                  .after = {{"1", "2", "3"}, {"2", "3"}, {"3"}},
                  .rescue = [](Arena& arena,
                               QueueEnd& end) { EXPECT_EQ(GetObject(arena, end).size(), 1); }}),
            15);
}

}  // namespace
}  // namespace isoproc::internal
