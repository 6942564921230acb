#include "platform/core/shared/slots.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/testing/crash_atomic.h"

namespace isoproc::internal {
namespace {

constexpr uint64_t kCapacity = 7;

class Memory {
 public:
  explicit Memory(const std::vector<uint64_t>& capacities = {kCapacity})
      : words_(static_cast<size_t>(*Slots::SizeOf(capacities)) / sizeof(uint64_t)) {
    Slots::Make(bytes(), capacities).Commit();
  }
  absl::Span<std::byte> bytes() {
    return {reinterpret_cast<std::byte*>(words_.data()), words_.size() * sizeof(uint64_t)};
  }
  std::vector<uint64_t>& words() { return words_; }
  Slot slot(uint64_t index = 0) { return Slots::Open(bytes()).value().At(index).value(); }

 private:
  std::vector<uint64_t> words_;
};

// Calls `at(n)` before the n-th store that `body` makes.
void WithCrashPoints(const std::function<void(int n)>& at, const std::function<void()>& body) {
  int n = 0;
  std::function<void()> point = [&] {
    crash_point = nullptr;  // what `at` does is not counted
    at(++n);
    crash_point = &point;
  };
  crash_point = &point;
  try {
    body();
  } catch (...) {
    crash_point = nullptr;
    throw;
  }
  crash_point = nullptr;
}

struct Death {};

TEST(Slots, WriterThatDiesAtAnyStoreTearsNothing) {
  for (int deadly = 1;; ++deadly) {
    Memory memory;
    const Slot slot = memory.slot();
    EXPECT_TRUE(slot.Write("old").ok());
    bool died = false;
    try {
      WithCrashPoints(
          [&](int n) {
            if (n == deadly) throw Death();
          },
          [&] { EXPECT_TRUE(slot.Write("newer").ok()); });
    } catch (const Death&) {
      died = true;
    }
    const std::string left = slot.Read().value();
    EXPECT_EQ(left, died ? "old" : "newer") << "store " << deadly;
    EXPECT_TRUE(slot.Write("next").ok());
    EXPECT_EQ(slot.Read().value(), "next");
    if (!died) {
      EXPECT_EQ(deadly, 8);  // two of the head, five cells
      break;
    }
  }
}

// Whoever stops at any store and goes on later has been overtaken, and what he had still to do to
// an old attempt changes nothing.
TEST(Slots, WriterThatIsOvertakenAtAnyStoreBeginsAnew) {
  for (const int times : {1, 2, 3}) {
    for (int stopped = 1; stopped <= 7; ++stopped) {
      Memory memory;
      const Slot slot = memory.slot();
      EXPECT_TRUE(slot.Write("old").ok());
      std::string current = "old";
      WithCrashPoints(
          [&](int n) {
            EXPECT_EQ(slot.Read().value(), current) << "store " << n << " stopped at " << stopped;
            for (int i = 0; n == stopped && i < times; ++i) {
              current = "over" + std::to_string(i);
              EXPECT_TRUE(slot.Write(current).ok());
            }
          },
          [&] { EXPECT_TRUE(slot.Write("slow").ok()); });
      EXPECT_EQ(slot.Read().value(), "slow");
    }
  }
}

TEST(Slots, WritersAtOnceTearNothing) {
  Memory memory({100});
  const Slot slot = memory.slot();
  std::atomic<bool> over{false};
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i) {
    writers.emplace_back([&, i] {
      while (!over)
        EXPECT_TRUE(
            slot.Write(std::string(static_cast<size_t>(30 * i), static_cast<char>('a' + i))).ok());
    });
  }
  for (int i = 0; i < 20000; ++i) {
    const std::string read = slot.Read().value();
    for (const char c : read) {
      ASSERT_EQ(c, read[0]);
      ASSERT_EQ(read.size(), static_cast<size_t>(30 * (c - 'a')));
    }
  }
  over = true;
  for (std::thread& writer : writers) writer.join();
}

TEST(Slots, SlotsAreApart) {
  Memory memory({0, 3, 100, 1});
  EXPECT_EQ(Slots::Open(memory.bytes()).value().count(), 4U);
  const std::vector<std::string> strings = {"", "abc", std::string(100, '\0'), "x"};
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(memory.slot(i).Write(strings[i]).ok());
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(memory.slot(i).capacity(), strings[i].size());
    EXPECT_EQ(memory.slot(i).Read().value(), strings[i]);
  }
}

TEST(Slots, SizesThatCannotBe) {
  EXPECT_FALSE(Slots::SizeOf(std::vector<uint64_t>{UINT64_MAX}).has_value());
  EXPECT_FALSE(Slots::SizeOf(std::vector<uint64_t>{uint64_t{1} << 32}).has_value());
  EXPECT_TRUE(Slots::SizeOf({}).has_value());
}

// Whatever the words are: an error or some string, and nothing outside of the memory is touched
// (which a sanitizer sees).
TEST(Slots, MemoryIsNotBelieved) {
  EXPECT_TRUE(absl::IsDataLoss(Slots::Open({}).status()));
  std::vector<std::byte> nothing(64);
  EXPECT_TRUE(absl::IsNotFound(Slots::Open(nothing).status()));
  std::minstd_rand random(1);
  for (int round = 0; round < 2000; ++round) {
    Memory memory({kCapacity, kCapacity});
    EXPECT_TRUE(memory.slot(0).Write("first").ok());
    const std::vector<uint64_t> lies = {0,
                                        1,
                                        memory.words().size(),
                                        random(),
                                        uint64_t{random()} << 32,
                                        UINT64_MAX,
                                        memory.words()[random() % memory.words().size()]};
    for (uint64_t i = random() % 3; i < 3; ++i) {
      memory.words()[random() % memory.words().size()] = lies[random() % lies.size()];
    }
    const absl::StatusOr<Slots> slots = Slots::Open(memory.bytes());
    if (!slots.ok()) continue;
    for (uint64_t i = 0; i < (std::min)(slots->count(), uint64_t{2}); ++i) {
      const absl::StatusOr<Slot> slot = slots->At(i);
      if (!slot.ok()) continue;
      slot->Read().IgnoreError();
      // Nor does anybody wait for a number to come that cannot.
      slot->Write(std::string(slot->capacity() > 0 ? 1 : 0, 'y')).IgnoreError();
    }
  }
}

}  // namespace
}  // namespace isoproc::internal
