// Somebody writes where nobody may: anything at all into the memory that the family shares. Whoever
// uses it afterwards gets wrong answers or errors, but touches no memory outside, and waits no
// longer than it was told to.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "isoproc/array.h"
#include "isoproc/exit_status.h"
#include "isoproc/process.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/family.h"
#include "platform/core/shared/layout.h"
#include "platform/port/port.h"

namespace isoproc::internal {
namespace {

constexpr absl::Duration kShortly = absl::Milliseconds(2);
constexpr absl::Duration kPatience = absl::Minutes(1);
// Of each table, what few processes and objects use.
constexpr size_t kFew = 16;

enum class Part { kHeader, kParticipants, kOwners, kParkers, kObjects, kPayloads, kHeap, kAll };
constexpr Part kParts[] = {Part::kHeader,  Part::kParticipants, Part::kOwners, Part::kParkers,
                           Part::kObjects, Part::kPayloads,     Part::kHeap,   Part::kAll};
enum class Pattern { kZero, kOnes, kRandom, kSmall };
constexpr Pattern kPatterns[] = {Pattern::kZero, Pattern::kOnes, Pattern::kRandom, Pattern::kSmall};

class Scribbler {
 public:
  Scribbler(Part part, Pattern pattern, uint64_t seed)
      : memory_(const_cast<ArenaMemory&>(FamilyArena().value()->memory())),
        part_(part),
        pattern_(pattern),
        random_(seed) {}

  void Scribble() {
    switch (part_) {
      case Part::kHeader:
        return Fill(&memory_.header, sizeof(memory_.header));
      case Part::kParticipants:
        return Fill(memory_.participants, kFew * sizeof(Participant));
      case Part::kOwners:
        return Fill(memory_.parker_owners, sizeof(memory_.parker_owners));
      case Part::kParkers:
        return Fill(memory_.parkers, kFew * sizeof(port::ParkerCell));
      case Part::kObjects:
        return Fill(memory_.objects, kFew * sizeof(ObjectSlot));
      case Part::kPayloads:
        // An object that is not the one that was meant is not used at all: so this is left.
        for (size_t i = 0; i < kFew; ++i) {
          ObjectSlot& slot = memory_.objects[i];
          Fill(&slot.lock, sizeof(slot) - offsetof(ObjectSlot, lock));
        }
        return;
      case Part::kHeap:
        return Fill(memory_.heap, kFew * 1024);
      case Part::kAll:
        return Fill(&memory_, sizeof(memory_));
    }
  }
  uint64_t Random() { return random_(); }

 private:
  void Fill(void* begin, size_t size) {
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
      // Not all of it each time, so that what belongs together does not fit any more.
      if (pattern_ != Pattern::kZero && pattern_ != Pattern::kOnes && random_() % 4 != 0) continue;
      const uint64_t word = Word();
      std::memcpy(static_cast<std::byte*>(begin) + at, &word, (std::min)(sizeof(word), size - at));
    }
  }
  uint64_t Word() {
    switch (pattern_) {
      case Pattern::kZero:
        return 0;
      case Pattern::kOnes:
        return ~uint64_t{0};
      case Pattern::kRandom:
        return random_();
      case Pattern::kSmall:
        return random_() % 32768 << 32 | random_() % 32768;
    }
    return 0;
  }

  ArenaMemory& memory_;
  const Part part_;
  const Pattern pattern_;
  std::mt19937_64 random_;
};

struct Large {
  std::array<int64_t, 20> numbers;
};

// One of each kind, and what can be done with it; each thing after another scribble.
class Toys {
 public:
  explicit Toys(Scribbler& scribbler) : scribbler_(scribbler) {}

  void UseAll() {
    Lockable(lock_);
    Lockable(rlock_);
    Try([&] { semaphore_.Acquire(kShortly).IgnoreError(); });
    Try([&] { semaphore_.Release(3).IgnoreError(); });
    Try([&] { (void)semaphore_.Value(); });
    Try([&] { permits_.Acquire(kShortly).IgnoreError(); });
    Try([&] { permits_.Release().IgnoreError(); });
    Try([&] { (void)permits_.Value(); });
    Try([&] { event_.Wait(kShortly).IgnoreError(); });
    Try([&] { event_.Set().IgnoreError(); });
    Try([&] { event_.Clear().IgnoreError(); });
    Try([&] { (void)event_.IsSet(); });
    Try([&] { condition_.Acquire(kShortly).IgnoreError(); });
    Try([&] { condition_.Wait(kShortly).IgnoreError(); });
    Try([&] { condition_.WaitFor([] { return false; }, kShortly).IgnoreError(); });
    Try([&] { condition_.Notify().IgnoreError(); });
    Try([&] { condition_.NotifyAll().IgnoreError(); });
    Try([&] { condition_.Release().IgnoreError(); });
    Try([&] { barrier_.Wait(kShortly).IgnoreError(); });
    Try([&] { barrier_.Reset().IgnoreError(); });
    Try([&] { barrier_.WaitAnd([] {}, kShortly).IgnoreError(); });
    Try([&] { barrier_.Abort().IgnoreError(); });
    Try([&] { (void)(barrier_.parties() + barrier_.waiting()); });
    Try([&] { (void)barrier_.IsBroken(); });
    Variable(small_);
    Variable(large_);
    for (const Array<int64_t>* array : {&few_, &many_}) {
      Try([&] { array->Load(array->size() - 1).IgnoreError(); });
      Try([&] { array->Store(0, 7).IgnoreError(); });
      Try([&] {
        const auto fill = [](absl::Span<int64_t> all) { std::fill(all.begin(), all.end(), 1); };
        array->WithLock(fill, kShortly).IgnoreError();
      });
    }
    const std::shared_ptr<Arena> arena = FamilyArena().value();
    Try([&] {
      const ObjectName name = {.arena = arena->id(),
                               .state = scribbler_.Random(),
                               .index = scribbler_.Random() % (2 * kMaxObjects)};
      if (arena->Hold(name, ObjectKind(name.state & 0xFF)).ok()) arena->LetGo(name);
    });
    Try([&] { arena->NoticeDeath(); });
    Try([&] { few_ = Array<int64_t>::Create(100).value_or(few_); });
    Try([&] { permits_ = BoundedSemaphore::Create(9).value_or(permits_); });
    Try([&] { lock_ = Lock(); });
  }

 private:
  template <class Use>
  void Try(Use use) {
    scribbler_.Scribble();
    use();
  }
  template <class AnyLock>
  void Lockable(const AnyLock& lock) {
    Try([&] { lock.Acquire(kShortly).IgnoreError(); });
    Try([&] { (void)lock.IsLocked(); });
    Try([&] { lock.TryAcquire().IgnoreError(); });
    Try([&] { lock.Release().IgnoreError(); });
  }
  template <class AnyValue>
  void Variable(const AnyValue& value) {
    Try([&] { value.Load().IgnoreError(); });
    Try([&] { value.Store({}).IgnoreError(); });
    Try([&] { value.Update([](auto&) {}).IgnoreError(); });
    Try([&] { value.WithLock([] {}, kShortly).IgnoreError(); });
  }

  Scribbler& scribbler_;
  Lock lock_ = Lock::Create().value();
  RLock rlock_ = RLock::Create().value();
  Semaphore semaphore_ = Semaphore::Create(1).value();
  BoundedSemaphore permits_ = BoundedSemaphore::Create(100).value();
  Event event_ = Event::Create().value();
  Condition condition_ = Condition::Create().value();
  Barrier barrier_ = Barrier::Create(2).value();
  Value<int64_t> small_ = Value<int64_t>::Create(1).value();
  Value<Large> large_ = Value<Large>::Create().value();
  Array<int64_t> few_ = Array<int64_t>::Create(10).value();
  Array<int64_t> many_ = Array<int64_t>::Create(20000).value();  // has memory of its own
};

// In a process without an arena before, so that it has one of its own.
void UseScribbled(int part, int pattern, uint64_t seed) {
  Scribbler scribbler(kParts[part], kPatterns[pattern], seed);
  Toys(scribbler).UseAll();
}

class ScribbledArena : public testing::TestWithParam<int> {};

TEST_P(ScribbledArena, HurtsNobodyElse) {
  if (!port::HostPort().capabilities().processes) GTEST_SKIP() << "the port starts no processes";
  const int part = GetParam();
  ASSERT_FALSE(ArenaForChild().value().has_value()) << "each child is to have its own";
  for (int pattern = 0; pattern < static_cast<int>(std::size(kPatterns)); ++pattern) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      absl::StatusOr<Process> child = Process::Start<UseScribbled>(part, pattern, seed);
      ASSERT_TRUE(child.ok()) << child.status();
      const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
      if (!end.ok()) child->Kill().IgnoreError();
      ASSERT_TRUE(end.ok()) << "hangs: pattern " << pattern << " seed " << seed;
      EXPECT_TRUE(end->ok()) << *end << ": pattern " << pattern << " seed " << seed;
    }
  }
}
std::string NameOfPart(const testing::TestParamInfo<int>& part) {
  constexpr const char* kNames[] = {"Header",  "Participants", "Owners", "Parkers",
                                    "Objects", "Payloads",     "Heap",   "All"};
  return kNames[part.param];
}
INSTANTIATE_TEST_SUITE_P(Parts, ScribbledArena, testing::Range(0, int{std::size(kParts)}),
                         NameOfPart);

}  // namespace
}  // namespace isoproc::internal
