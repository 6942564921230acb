// Queues between processes that nobody kills.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/core/shared/arena.h"
#include "platform/core/shared/queue_layout.h"
#include "platform/core/shared/shared_queue.h"
#include "platform/core/tests/shared/pretended_system.h"
#include "platform/core/tests/shared/queue_under_test.h"
#include "platform/core/tests/shared/support.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::internal {
namespace {

constexpr absl::Duration kNow = absl::ZeroDuration();

// A queue of one process, whose port is the test's.
class QueueWithPort {
 public:
  QueueWithPort(port::Port& port, std::shared_ptr<Arena> arena, const QueueShape& shape)
      : arena_(std::move(arena)),
        name_(
            arena_
                ->NewObject(ObjectKind::kQueue, sizeof(QueueWords),
                            [&](ObjectSlot& slot) { PrepareQueue(shape, 7, arena_->RoomOf(slot)); })
                .value()),
        memory_(port.CreateSegment(shape.memory()).value()) {
    PrepareQueueMemory(shape, memory_->data());
    end_.emplace(*arena_, QueueView::Of(room(), memory_->data()).value(), name_.word());
  }
  QueueEnd& end() { return *end_; }
  QueueWords& words() { return *reinterpret_cast<QueueWords*>(room().data()); }

 private:
  absl::Span<std::byte> room() { return arena_->RoomOf(arena_->object(name_.index)); }

  const std::shared_ptr<Arena> arena_;
  const ObjectName name_;
  const std::unique_ptr<port::Segment> memory_;
  std::optional<QueueEnd> end_;
};

TEST(Queue, GivesInOrderRoundAfterRound) {
  for (const uint64_t capacity : {1, 2, 3, 4, 7}) {
    PretendedProcess& a = PretendedProcess::First();
    const QueueUnderTest queue(a, capacity, 16 << 10);
    const auto putter = queue.In(*a.arena());
    const auto getter = queue.In(*a.Another().arena());
    int put = 0;
    int got = 0;
    for (int round = 0; round < 10; ++round) {
      // As many as fit, and not one more.
      while (putter->Put(put % 3 == 0 ? LargeText(put) : absl::StrCat(put), kNow).ok()) ++put;
      EXPECT_EQ(put - got, static_cast<int>(capacity == 7 ? put - got : capacity));
      EXPECT_EQ(getter->queue().Size(), static_cast<uint64_t>(put - got));
      for (int i = 0; got < put && i < (round % 2 == 0 ? 1 : 100); ++i, ++got) {
        EXPECT_EQ(getter->Show(), got % 3 == 0 ? LargeText(got) : absl::StrCat(got));
      }
    }
    while (got < put) {
      EXPECT_EQ(getter->Show(), got % 3 == 0 ? LargeText(got) : absl::StrCat(got));
      ++got;
    }
    EXPECT_EQ(getter->Show(), "DEADLINE_EXCEEDED");
    EXPECT_EQ(queue.InUse(), "buffers 0 leases 0");
  }
}

TEST(Queue, SizesAtTheEdges) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 4, 4096);
  const auto end = queue.In(*a.arena());
  for (const size_t size : {0, 1, 111, 112, 113, 1023, 1024, 1025, 4096}) {
    const std::string text(size, 'x');
    EXPECT_TRUE(end->Put(text, kNow).ok()) << size;
    EXPECT_EQ(end->Show(), text);
  }
  EXPECT_TRUE(absl::IsResourceExhausted(end->Put(std::string(4097, 'x'), kNow)));
  const QueueUnderTest without(a, 4, 0);
  EXPECT_TRUE(absl::IsResourceExhausted(without.In(*a.arena())->Put(std::string(113, 'x'), kNow)));
}

// However memory was parted, all of it can be had again; and nothing is given to two.
TEST(Queue, MemoryIsPartedAndJoinedAgain) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 16, 16 << 10);
  const auto end = queue.In(*a.arena());
  std::deque<std::string> put;
  uint32_t random = 1;
  for (int i = 0; i < 2000; ++i) {
    random = random * 1664525 + 1013904223;
    const size_t size = 113 + (random >> 8) % (random % 7 == 0 ? 8000 : 2000);
    const std::string text(size, static_cast<char>('a' + i % 26));
    while (!end->Put(text, kNow).ok()) {
      ASSERT_EQ(end->Show(), put.front()) << i;
      put.pop_front();
    }
    put.push_back(text);
    ASSERT_EQ(queue.InUse(), absl::StrCat("buffers ", put.size(), " leases 0")) << i;
    ASSERT_TRUE(queue.BlocksAreRight()) << i;
  }
  for (const std::string& text : put) EXPECT_EQ(end->Show(), text);
  const std::string largest(16 << 10, 'x');
  EXPECT_TRUE(end->Put(largest, kNow).ok());
  EXPECT_EQ(end->Show(), largest);
}

TEST(Queue, BytesThatAreUsedHoldUpLargeItemsOnly) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 8, 4096);
  const auto end = queue.In(*a.arena());
  EXPECT_TRUE(end->Put(LargeText(1), kNow).ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(end->Put(LargeText(2), kNow)));
  EXPECT_TRUE(end->Put("small", kNow).ok());
  PretendedProcess& b = a.Another();
  b.NeverLookAgain();
  const auto waits =
      b.Start([&](Arena& arena) { EXPECT_TRUE(queue.In(arena)->Put(LargeText(3)).ok()); });
  b.AwaitSleepers(1);
  EXPECT_EQ(end->Show(), LargeText(1));
  EXPECT_EQ(b.Await(*waits), Outcome::kReturned);
  EXPECT_EQ(end->Show(), "small");
  EXPECT_EQ(end->Show(), LargeText(3));
}

TEST(Queue, TimeoutsSayWhatTheyWaitedFor) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 2, 4096);
  const auto end = queue.In(*a.arena());
  for (const absl::Duration timeout : {kNow, absl::Milliseconds(1)}) {
    EXPECT_EQ(end->Get(timeout).status().message(), "the queue is empty");
    EXPECT_EQ(end->GetLease(timeout).status().message(), "the queue is empty");
    EXPECT_TRUE(end->Put(std::string(4096, 'x'), kNow).ok());
    EXPECT_EQ(end->Put(LargeText(1), timeout).message(),
              "too many bytes of the queue are in use for an item as large as this: see "
              "QueueOptions::bytes");
    EXPECT_TRUE(end->Put("2", kNow).ok());
    EXPECT_EQ(end->Put("3", timeout).message(), "the queue is full");
    EXPECT_EQ(end->queue().Join(end->self(), timeout).message(),
              "not all items of the queue are done with");
    EXPECT_EQ(end->Show(), std::string(4096, 'x'));
    EXPECT_EQ(end->Show(), "2");
  }
}

TEST(Queue, ShapesThatCannotBe) {
  EXPECT_TRUE(
      absl::IsInvalidArgument(QueueShape::For(QueueShape::kMaxCapacity + 1, 0, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(QueueShape::For(uint64_t{1} << 40, 0, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(QueueShape::For(1, uint64_t{1} << 41, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(QueueShape::For(0, 0, 0).status()));
  EXPECT_EQ(QueueShape::For(0, 1, 0)->capacity, 2U);
  // Without a limit on the items, as many as the bytes would hold.
  EXPECT_EQ(QueueShape::For(0, 128 << 10, 0)->capacity, 1024U);
  EXPECT_EQ(QueueShape::For(8, 0, 64)->slot_size, 128U);
  EXPECT_EQ(QueueShape::For(8, 0, 8)->slot_size, 64U);
  EXPECT_EQ(QueueShape::For(8, 0, 240)->slot_size, 256U);
  EXPECT_EQ(QueueShape::For(8, 0, 241)->slot_size, 128U);
}

TEST(Queue, NumbersOfSomethingElseAreRefused) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 4, 4096);
  Arena& arena = *a.arena();
  const absl::Span<std::byte> room = arena.RoomOf(arena.object(queue.name().index));
  std::vector<std::byte> memory(1 << 20);
  EXPECT_TRUE(QueueView::Of(room, absl::MakeSpan(memory)).ok());
  EXPECT_TRUE(absl::IsDataLoss(QueueView::Of(room, absl::MakeSpan(memory).first(4096)).status()));
  auto& words = *reinterpret_cast<QueueWords*>(room.data());
  for (Atomic<uint64_t>* word :
       {&words.capacity, &words.slots, &words.slot_size, &words.leases, &words.units}) {
    const uint64_t right = word->load();
    word->store((uint64_t{1} << 40) + 1);
    EXPECT_TRUE(absl::IsDataLoss(QueueView::Of(room, absl::MakeSpan(memory)).status()));
    word->store(right);
  }
}

// Nobody looks again: each wake has its sender.
TEST(Queue, NoWakeIsLostWithoutLookingAgain) {
  PretendedProcess& first = PretendedProcess::First();
  first.NeverLookAgain();
  constexpr int kEach = 300;
  const QueueUnderTest queue(first, 3, 8192);
  std::vector<std::pair<PretendedProcess*, std::shared_ptr<PretendedProcess::Run>>> runs;
  std::atomic<int> got = 0;
  for (int producer = 0; producer < 2; ++producer) {
    PretendedProcess& process = first.Another();
    runs.emplace_back(&process, process.Start([&, producer](Arena& arena) {
      const auto end = queue.In(arena);
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(end->Put(i % 5 == 0 ? absl::StrCat(producer, " ", i, " ", LargeText(i))
                                        : absl::StrCat(producer, " ", i))
                        .ok());
      }
    }));
  }
  for (int consumer = 0; consumer < 3; ++consumer) {
    PretendedProcess& process = first.Another();
    runs.emplace_back(&process, process.Start([&](Arena& arena) {
      const auto end = queue.In(arena);
      std::map<std::string, int> last;
      while (true) {
        const absl::StatusOr<std::string> text = end->Get();
        if (!text.ok()) {
          EXPECT_TRUE(absl::IsOutOfRange(text.status()));
          break;
        }
        const std::vector<std::string> parts = absl::StrSplit(*text, ' ');
        int number = 0;
        EXPECT_TRUE(absl::SimpleAtoi(parts[1], &number));
        if (parts.size() > 2) {
          EXPECT_EQ(parts[2], LargeText(number));
        }
        const auto [place, is_new] = last.emplace(parts[0], -1);
        EXPECT_GT(number, place->second) << "the order of one producer";
        place->second = number;
        if (++got == 2 * kEach) {
          EXPECT_TRUE(end->queue().Close(end->self()).ok());
        }
      }
    }));
  }
  for (auto& [process, run] : runs) EXPECT_EQ(process->Await(*run), Outcome::kReturned);
  EXPECT_EQ(got, 2 * kEach);
  EXPECT_EQ(queue.InUse(), "buffers 0 leases 0");
}

TEST(Queue, CloseEndsAllWaitsAndLosesNothing) {
  PretendedProcess& a = PretendedProcess::First();
  PretendedProcess& b = a.Another();
  b.NeverLookAgain();
  const QueueUnderTest full(a, 1, 2048);
  const QueueUnderTest empty(a, 1, 2048);
  const auto full_end = full.In(*a.arena());
  const auto empty_end = empty.In(*a.arena());
  EXPECT_TRUE(full_end->Put(std::string(2000, 'x')).ok());
  std::vector<std::shared_ptr<PretendedProcess::Run>> runs;
  runs.push_back(b.Start(
      [&](Arena& arena) { EXPECT_TRUE(absl::IsUnavailable(full.In(arena)->Put("one more"))); }));
  runs.push_back(b.Start([&](Arena& arena) {
    EXPECT_TRUE(absl::IsUnavailable(full.In(arena)->Put(LargeText(1).substr(0, 200))));
  }));
  runs.push_back(b.Start([&](Arena& arena) {
    EXPECT_EQ(empty.In(arena)->Show(absl::InfiniteDuration()), "OUT_OF_RANGE");
  }));
  runs.push_back(b.Start([&](Arena& arena) {
    const auto end = empty.In(arena);
    EXPECT_TRUE(absl::IsOutOfRange(end->GetLease().status()));
  }));
  b.AwaitSleepers(4);
  EXPECT_TRUE(full_end->queue().Close(full_end->self()).ok());
  EXPECT_TRUE(empty_end->queue().Close(empty_end->self()).ok());
  for (const auto& run : runs) EXPECT_EQ(b.Await(*run), Outcome::kReturned);
  EXPECT_TRUE(absl::IsUnavailable(full_end->Put("one more", kNow)));
  EXPECT_EQ(full_end->Show(), std::string(2000, 'x'));
  EXPECT_EQ(full_end->Show(), "OUT_OF_RANGE");
  EXPECT_EQ(full.InUse(), "buffers 0 leases 0");
}

TEST(Queue, JoinWaitsForAllThatWasPut) {
  PretendedProcess& a = PretendedProcess::First();
  PretendedProcess& b = a.Another();
  b.NeverLookAgain();
  const QueueUnderTest queue(a, 4, 0);
  const auto end = queue.In(*a.arena());
  EXPECT_TRUE(end->queue().Join(end->self(), kNow).ok()) << "nothing was put";
  EXPECT_TRUE(absl::IsFailedPrecondition(end->queue().TaskDone(end->self())));
  EXPECT_TRUE(end->Put("1").ok());
  EXPECT_TRUE(end->Put("2").ok());
  const auto joins = b.Start([&](Arena& arena) {
    const auto other = queue.In(arena);
    EXPECT_TRUE(other->queue().Join(other->self(), absl::InfiniteDuration()).ok());
  });
  b.AwaitSleepers(1);
  EXPECT_EQ(end->Show(), "1");
  EXPECT_TRUE(end->queue().TaskDone(end->self()).ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(end->queue().Join(end->self(), kNow)));
  EXPECT_TRUE(end->queue().TaskDone(end->self()).ok()) << "before it was got";
  EXPECT_EQ(b.Await(*joins), Outcome::kReturned);
  EXPECT_TRUE(absl::IsFailedPrecondition(end->queue().TaskDone(end->self())));
}

TEST(Queue, LeaseIsAcknowledgedOrGivenBack) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 4, 16 << 10);
  const auto end = queue.In(*a.arena());
  for (const std::string& text : {std::string("1"), LargeText(2), std::string("3")}) {
    EXPECT_TRUE(end->Put(text).ok());
  }
  const auto first = end->GetLease(kNow).value();
  const auto second = end->GetLease(kNow).value();
  EXPECT_EQ(QueueEnd::TextOf(first.bytes), "1");
  EXPECT_EQ(QueueEnd::TextOf(second.bytes), LargeText(2));
  EXPECT_FALSE(first.redelivered);
  EXPECT_EQ(queue.InUse(), "buffers 1 leases 2");
  EXPECT_EQ(end->queue().Size(), 1U);
  end->queue().Return(end->self(), second.index);
  end->queue().Return(end->self(), first.index);
  EXPECT_EQ(end->queue().Size(), 3U);
  const auto again = end->GetLease(kNow).value();
  EXPECT_EQ(QueueEnd::TextOf(again.bytes), "1") << "in their old order";
  EXPECT_TRUE(again.redelivered);
  EXPECT_EQ(end->Show(), LargeText(2)) << "without a lease too";
  EXPECT_TRUE(end->queue().Acknowledge(end->self(), again.index).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(end->queue().Acknowledge(end->self(), again.index)));
  EXPECT_EQ(end->Show(), "3");
  EXPECT_EQ(queue.InUse(), "buffers 0 leases 0");
  EXPECT_TRUE(absl::IsDeadlineExceeded(end->queue().Join(end->self(), kNow)));
  EXPECT_TRUE(end->queue().TaskDone(end->self()).ok());
  EXPECT_TRUE(end->queue().TaskDone(end->self()).ok());
  EXPECT_TRUE(end->queue().Join(end->self(), kNow).ok()) << "one by its lease";
}

TEST(Queue, LeasesComeToAnEnd) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 2, 0);  // as many leases as slots
  const auto end = queue.In(*a.arena());
  std::vector<SharedQueue::Lease> leases;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(end->Put(absl::StrCat(i)).ok());
    leases.push_back(end->GetLease(kNow).value());
  }
  EXPECT_TRUE(end->Put("2").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(end->GetLease(kNow).status()));
  EXPECT_TRUE(end->queue().Acknowledge(end->self(), leases[0].index).ok());
  EXPECT_EQ(QueueEnd::TextOf(end->GetLease(kNow)->bytes), "2");
}

// Who is chosen for an item and can take no lease leaves it to somebody else.
TEST(Queue, WhoCanTakeNoLeaseWakesTheNext) {
  PretendedProcess& a = PretendedProcess::First();
  PretendedProcess& b = a.Another();
  b.NeverLookAgain();
  const QueueUnderTest queue(a, 2, 0);  // as many leases as slots
  const auto end = queue.In(*a.arena());
  std::vector<SharedQueue::Lease> leases;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(end->Put(absl::StrCat(i)).ok());
    leases.push_back(end->GetLease(kNow).value());
  }
  // The first to sleep is the first to be chosen.
  const auto lends = b.Start([&](Arena& arena) {
    EXPECT_TRUE(absl::IsResourceExhausted(queue.In(arena)->GetLease().status()));
  });
  b.AwaitSleepers(1);
  const auto gets = b.Start(
      [&](Arena& arena) { EXPECT_EQ(queue.In(arena)->Show(absl::InfiniteDuration()), "2"); });
  b.AwaitSleepers(2);
  EXPECT_TRUE(end->Put("2").ok());
  EXPECT_EQ(b.Await(*lends), Outcome::kReturned);
  EXPECT_EQ(b.Await(*gets), Outcome::kReturned);
}

// A parker that cannot sleep.
TEST(Queue, WhatCannotBeAcknowledgedStaysOnTrial) {
  class Sleepless : public port::PortWrapper {
   public:
    Sleepless() : PortWrapper(port::HostPort()) {}
    absl::StatusOr<std::unique_ptr<port::Parker>> CreateParker(port::ParkerCell&) override {
      class Parker : public port::Parker {
       public:
        absl::Status Park(port::Deadline) override { return absl::InternalError("cannot sleep"); }
        absl::StatusOr<port::Waitable*> Listen() override {
          return absl::UnimplementedError("nothing is waited for");
        }
      };
      return std::make_unique<Parker>();
    }
  };
  Sleepless port;
  absl::StatusOr<std::shared_ptr<Arena>> made = Arena::Create(port);
  if (absl::IsUnimplemented(made.status())) GTEST_SKIP() << made.status();
  QueueWithPort queue(port, *std::move(made), QueueShape::For(4, 0, 0).value());
  QueueEnd& end = queue.end();
  EXPECT_TRUE(end.Put("1").ok());
  const SharedQueue::Lease lease = end.GetLease().value();
  LockWord& lock = queue.words().get_lock;
  lock.owner.store(end.self().word());  // as another thread has it
  EXPECT_TRUE(absl::IsInternal(end.queue().Acknowledge(end.self(), lease.index)));
  lock.owner.store(0);
  EXPECT_TRUE(end.queue().Acknowledge(end.self(), lease.index).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(end.queue().Acknowledge(end.self(), lease.index)));
}

// The end has come when nothing can come back any more.
TEST(Queue, EndWaitsForTheLeasesOfOthers) {
  for (const bool returned : {false, true}) {
    PretendedProcess& a = PretendedProcess::First();
    PretendedProcess& b = a.Another();
    b.NeverLookAgain();
    const QueueUnderTest queue(a, 2, 0);
    const auto end = queue.In(*a.arena());
    EXPECT_TRUE(end->Put("1").ok());
    const auto lease = end->GetLease(kNow).value();
    EXPECT_TRUE(end->queue().Close(end->self()).ok());
    EXPECT_EQ(end->Show(), "OUT_OF_RANGE") << "its own lease ends with it";
    std::vector<std::shared_ptr<PretendedProcess::Run>> runs;
    std::atomic<int> came_back = 0;
    for (int i = 0; i < 2; ++i) {
      runs.push_back(b.Start([&](Arena& arena) {
        const auto other = queue.In(arena);
        std::string text = other->Show(absl::InfiniteDuration());
        if (text == "1") {
          ++came_back;
          text = other->Show(absl::InfiniteDuration());
        }
        EXPECT_EQ(text, "OUT_OF_RANGE");
      }));
    }
    b.AwaitSleepers(2);
    if (returned) {
      end->queue().Return(end->self(), lease.index);
    } else {
      EXPECT_TRUE(end->queue().Acknowledge(end->self(), lease.index).ok());
    }
    for (const auto& run : runs) EXPECT_EQ(b.Await(*run), Outcome::kReturned);
    EXPECT_EQ(came_back, returned ? 1 : 0);
  }
}

TEST(Queue, PutAndGetCallNothing) {
  class Watched : public port::PortWrapper {
   public:
    Watched() : PortWrapper(port::HostPort()) {}
    absl::StatusOr<std::unique_ptr<port::Parker>> CreateParker(port::ParkerCell& cell) override {
      ++calls;
      return PortWrapper::CreateParker(cell);
    }
    void Unpark(port::ParkerCell& cell) override {
      ++calls;
      PortWrapper::Unpark(cell);
    }
    absl::StatusOr<bool> IsAlive(const port::ProcessIdentity& process) override {
      ++calls;
      return PortWrapper::IsAlive(process);
    }
    absl::Duration Now() override {
      ++calls;
      return PortWrapper::Now();
    }
    int calls = 0;
  };
  Watched port;
  absl::StatusOr<std::shared_ptr<Arena>> made = Arena::Create(port);
  if (absl::IsUnimplemented(made.status())) GTEST_SKIP() << made.status();
  QueueWithPort queue(port, *std::move(made), QueueShape::For(8, 16 << 10, 0).value());
  QueueEnd& end = queue.end();
  const int before = port.calls;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(end.Put(i % 2 == 0 ? "small" : LargeText(1)).ok());
    ASSERT_TRUE(end.Get().ok());
  }
  EXPECT_EQ(port.calls, before);
}

TEST(Queue, ALoanIsPutByWhoHasIt) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 4, 4096);
  const auto owner = queue.In(*a.arena());
  const auto other = queue.In(*a.Another().arena());
  const absl::StatusOr<uint64_t> unit = owner->queue().Begin(owner->self(), 200, kNow);
  ASSERT_TRUE(unit.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(other->queue().PutBegun(other->self(), *unit, kNow)));
  EXPECT_TRUE(owner->queue().PutBegun(owner->self(), *unit, kNow).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(other->queue().PutBegun(other->self(), *unit, kNow)));
}

TEST(Queue, NumbersOfNoBufferAreNotFollowed) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 4, 4096);
  const auto end = queue.In(*a.arena());
  end->queue().Drop(end->self(), uint64_t{1} << 40);  // as a lease may say that was written over
  EXPECT_TRUE(end->Put(LargeText(1), kNow).ok());
}

// Two that look ahead do not wait for each other at the end.
TEST(Queue, WhoHasLeasesSeesTheEndAtOnce) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 4, 0);
  const auto one = queue.In(*a.arena());
  const auto two = queue.In(*a.Another().arena());
  EXPECT_TRUE(one->Put("1").ok());
  EXPECT_TRUE(one->Put("2").ok());
  EXPECT_TRUE(one->queue().Close(one->self()).ok());
  const absl::StatusOr<SharedQueue::Lease> first = one->GetLease();
  const absl::StatusOr<SharedQueue::Lease> second = two->GetLease();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE(absl::IsOutOfRange(one->GetLease().status()));
  EXPECT_TRUE(absl::IsOutOfRange(two->GetLease().status()));
  EXPECT_TRUE(one->queue().Acknowledge(one->self(), first->index).ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(one->GetLease(kNow).status())) << "the other's may return";
  two->queue().Return(two->self(), second->index);
  EXPECT_EQ(one->Show(), "2");
}

TEST(Queue, DoneTwiceCountsOnce) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 4, 0);
  const auto end = queue.In(*a.arena());
  EXPECT_TRUE(end->Put("1").ok());
  const absl::StatusOr<SharedQueue::Lease> lease = end->GetLease();
  EXPECT_TRUE(end->queue().TaskDone(end->self()).ok());
  EXPECT_TRUE(end->queue().Acknowledge(end->self(), lease->index).ok());
  EXPECT_TRUE(end->Put("2").ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(end->queue().Join(end->self(), kNow)));
}

TEST(Queue, WhatCameBackTakesNoRoom) {
  PretendedProcess& a = PretendedProcess::First();
  const QueueUnderTest queue(a, 1, 0);
  const auto end = queue.In(*a.arena());
  EXPECT_TRUE(end->Put("1").ok());
  EXPECT_TRUE(end->queue().IsFull());
  const absl::StatusOr<SharedQueue::Lease> lease = end->GetLease();
  end->queue().Return(end->self(), lease->index);
  EXPECT_FALSE(end->queue().IsFull());
  EXPECT_TRUE(end->Put("2", kNow).ok());
  EXPECT_EQ(end->queue().Size(), 2U);
}

}  // namespace
}  // namespace isoproc::internal
