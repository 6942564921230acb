// All algorithms of shared memory at once, by threads of one process that are those of several
// pretended ones: ThreadSanitizer sees whether what one has written before is visible to the next.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/core/shared/barrier.h"
#include "platform/core/shared/counter.h"
#include "platform/core/shared/event.h"
#include "platform/core/shared/payload.h"
#include "platform/core/shared/permits.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/support.h"

namespace isoproc::internal {
namespace {

constexpr absl::Duration kForEver = absl::InfiniteDuration();
constexpr int kProcesses = 3;
constexpr int kThreads = 2 * kProcesses;
constexpr int kRounds = 60;

// Runs `body` in all threads of all processes.
class Crowd {
 public:
  ObjectName New(
      ObjectKind kind, uint64_t room = 0,
      absl::FunctionRef<void(ObjectSlot& slot)> prepare = [](ObjectSlot&) {}) {
    const ObjectName name = first_.arena()->NewObject(kind, room, prepare).value();
    for (PretendedProcess* process : processes_) {
      EXPECT_TRUE(process->arena()->Hold(name, kind).ok());
    }
    return name;
  }
  void Run(const std::function<void(Arena& arena, int thread)>& body) {
    std::vector<std::shared_ptr<PretendedProcess::Run>> runs;
    for (int i = 0; i < kThreads; ++i) {
      runs.push_back(ProcessOf(i).Start([&body, i](Arena& arena) { body(arena, i); }));
    }
    for (int i = 0; i < kThreads; ++i) {
      EXPECT_EQ(ProcessOf(i).Await(*runs[i], absl::Seconds(60)), Outcome::kReturned) << i;
    }
  }

 private:
  PretendedProcess& ProcessOf(int thread) { return *processes_[thread % kProcesses]; }

  PretendedProcess& first_ = PretendedProcess::First();
  const std::vector<PretendedProcess*> processes_ = {&first_, &first_.Another(), &first_.Another()};
};

TEST(Threads, LockGuardsPlainMemory) {
  Crowd crowd;
  const ObjectName lock = crowd.New(ObjectKind::kLock);
  int64_t guarded = 0;
  crowd.Run([&](Arena& arena, int) {
    for (int round = 0; round < kRounds; ++round) {
      ASSERT_TRUE(TakeObject(arena, lock).ok());
      ++guarded;
      ReleaseObject(arena, lock);
    }
  });
  EXPECT_EQ(guarded, kThreads * kRounds);
}

TEST(Threads, SemaphoresGuardPlainMemory) {
  Crowd crowd;
  const ObjectName counted = crowd.New(ObjectKind::kSemaphore, 0, [](ObjectSlot& slot) {
    PayloadOf<SemaphorePayload>(slot).count.store(1);
  });
  const ObjectName bounded = crowd.New(
      ObjectKind::kBoundedSemaphore, sizeof(uint64_t),
      [](ObjectSlot& slot) { PayloadOf<BoundedSemaphorePayload>(slot).permits.store(1); });
  int64_t by_count = 0;
  int64_t by_permit = 0;
  crowd.Run([&](Arena& arena, int) {
    ObjectSlot& count = arena.object(counted.index);
    ObjectSlot& permits = arena.object(bounded.index);
    for (int round = 0; round < kRounds; ++round) {
      ASSERT_TRUE(TakeOne(arena, count, Me(arena), kForEver).ok());
      ++by_count;
      ASSERT_TRUE(AddToCount(arena, count, 1, 1));
      ASSERT_TRUE(TakePermit(arena, permits, Me(arena), kForEver).ok());
      ++by_permit;
      ASSERT_TRUE(ReturnPermit(arena, permits, Me(arena)));
    }
  });
  EXPECT_EQ(by_count, kThreads * kRounds);
  EXPECT_EQ(by_permit, kThreads * kRounds);
}

// Each writes its own, all meet, and each reads those of all.
TEST(Threads, BarrierShowsWhatWasWrittenBefore) {
  Crowd crowd;
  const ObjectName barrier = crowd.New(ObjectKind::kBarrier, 0, [](ObjectSlot& slot) {
    PayloadOf<BarrierPayload>(slot).parties.store(kThreads);
  });
  std::vector<int> written(kThreads, 0);
  crowd.Run([&](Arena& arena, int thread) {
    ObjectSlot& slot = arena.object(barrier.index);
    for (int round = 1; round <= kRounds; ++round) {
      written[static_cast<size_t>(thread)] = round;
      ASSERT_TRUE(Arrive(arena, slot, Me(arena), kForEver, nullptr).ok());
      for (const int each : written) EXPECT_EQ(each, round);
      ASSERT_TRUE(Arrive(arena, slot, Me(arena), kForEver, nullptr).ok());
    }
  });
}

TEST(Threads, EventShowsWhatWasWrittenBefore) {
  Crowd crowd;
  std::vector<ObjectName> events;
  for (int round = 0; round < kRounds; ++round) events.push_back(crowd.New(ObjectKind::kEvent));
  std::vector<int> written(kRounds, 0);
  crowd.Run([&](Arena& arena, int thread) {
    for (size_t round = 0; round < kRounds; ++round) {
      ObjectSlot& slot = arena.object(events[round].index);
      if (static_cast<int>(round) % kThreads == thread) {
        written[round] = 1;
        SetEvent(arena, slot);
      }
      ASSERT_TRUE(AwaitEvent(arena, slot, Me(arena), kForEver).ok());
      EXPECT_EQ(written[round], 1);
    }
  });
}

// Objects come and go, while others sweep.
TEST(Threads, ObjectsComeAndGo) {
  Crowd crowd;
  const ObjectName last = crowd.New(ObjectKind::kLock);
  crowd.Run([&](Arena& arena, int) {
    for (int round = 0; round < kRounds; ++round) {
      const absl::StatusOr<ObjectName> name = arena.NewObject(ObjectKind::kArray, 1000);
      ASSERT_TRUE(name.ok());
      const absl::Span<std::byte> room = arena.RoomOf(arena.object(name->index));
      ASSERT_GE(room.size(), 1000U);
      for (std::byte& byte : room) ASSERT_EQ(std::exchange(byte, std::byte{1}), std::byte{0});
      arena.LetGo(*name);
      if (round % 10 == 0) arena.NoticeDeath();
      ASSERT_TRUE(arena.Hold(last, ObjectKind::kLock).ok());
      arena.LetGo(last);
    }
  });
}

}  // namespace
}  // namespace isoproc::internal
