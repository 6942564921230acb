// Value and RawValue.
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "conformance/api/process_support.h"
#include "conformance/api/sync_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/array.h"
#include "isoproc/process.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"

namespace isoproc::conformance {
namespace {

// Larger than any processor stores at once; whole if all its parts are equal.
struct Large {
  int64_t parts[40];
};
Large LargeOf(int64_t part) {
  Large large;
  for (int64_t& each : large.parts) each = part;
  return large;
}
bool IsWhole(const Large& large) {
  for (const int64_t part : large.parts) {
    if (part != large.parts[0]) return false;
  }
  return true;
}

int ChangeAll(const Value<int64_t>& number, const Value<double>& real, const Value<Large>& large) {
  if (number.Load().value_or(0) != 7 || real.Load().value_or(0) != 0.5) return 1;
  if (large.Load().value().parts[39] != 3) return 2;
  const bool changed =
      number.Store(8).ok() && real.Store(-1.25).ok() && large.Store(LargeOf(4)).ok();
  return changed ? 0 : 3;
}
ISOPROC_CASE(Value, VAL_01, ChangeInTheChildIsSeen) {
  ASSERT_OK_AND_ASSIGN(const auto number, Value<int64_t>::Create(7));
  ASSERT_OK_AND_ASSIGN(const auto real, Value<double>::Create(0.5));
  ASSERT_OK_AND_ASSIGN(const auto large, Value<Large>::Create(LargeOf(3)));
  EXPECT_EQ(EndOf(Process::Start<ChangeAll>(Killable(), number, real, large)), "exited 0");
  EXPECT_EQ(number.Load().value_or(0), 8);
  EXPECT_EQ(real.Load().value_or(0), -1.25);
  EXPECT_EQ(large.Load().value().parts[0], 4);
}

ISOPROC_CASE(Value, VAL_03, NothingSaidIsZero) {
  ASSERT_OK_AND_ASSIGN(const auto number, Value<int>::Create());
  EXPECT_EQ(number.Load().value_or(1), 0);
  const Value<int> none;
  EXPECT_FALSE(none);
  EXPECT_CODE(none.Load(), kFailedPrecondition);
  EXPECT_CODE(none.Store(1), kFailedPrecondition);
  EXPECT_CODE(none.Update([](int&) {}), kFailedPrecondition);
  EXPECT_CODE(none.WithLock([] {}), kFailedPrecondition);
}

void Hold(const Value<int>& value) {
  const auto stay = [] {
    Say("locked");
    Stay();
  };
  value.WithLock(stay).IgnoreError();
}
ISOPROC_CASE(Value, VAL_05, LockIsTheValues) {
  ASSERT_OK_AND_ASSIGN(const auto value, Value<int>::Create(1));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<Hold>(Into(output), value));
  ASSERT_EQ(output.ReadLine(), "locked");
  bool called = false;
  EXPECT_EQ(Show(value.WithLock([&] { called = true; }, absl::Milliseconds(5))),
            "DEADLINE_EXCEEDED");
  EXPECT_FALSE(called);
  EXPECT_EQ(value.Load().value_or(0), 1) << "without the lock";
  ASSERT_OK(child.Kill());
  LockStatus told = LockStatus::kOk;
  EXPECT_EQ(Show(value.WithLock([&](LockStatus status) {
              told = status;
              EXPECT_OK(value.Update([](int& number) { ++number; })) << "once more";
            })),
            "owner died");
  EXPECT_EQ(told, LockStatus::kOwnerDied);
  EXPECT_EQ(Show(value.WithLock([] {})), "ok");
  EXPECT_EQ(value.Load().value_or(0), 2);
}

constexpr int kRounds = 3000;
void Count(const Value<int64_t>& by_update, const Value<uint8_t>& by_add,
           const Value<Large>& large) {
  for (int i = 0; i < kRounds; ++i) {
    by_update.Update([](int64_t& number) { ++number; }).IgnoreError();
    by_add.FetchAdd(1).IgnoreError();
    large
        .Update([](Large& value) {
          for (int64_t& part : value.parts) ++part;
        })
        .IgnoreError();
  }
}
ISOPROC_CASE(Value, VAL_07, NoUpdateIsLost) {
  ASSERT_OK_AND_ASSIGN(const auto by_update, Value<int64_t>::Create());
  ASSERT_OK_AND_ASSIGN(const auto by_add, Value<uint8_t>::Create());
  ASSERT_OK_AND_ASSIGN(const auto large, Value<Large>::Create(LargeOf(0)));
  std::vector<Process> children;
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(Process child,
                         Process::Start<Count>(Killable(), by_update, by_add, large));
    children.push_back(std::move(child));
  }
  Count(by_update, by_add, large);
  for (Process& child : children) EXPECT_EQ(EndOf(child), "exited 0");
  EXPECT_EQ(by_update.Load().value_or(0), 3 * kRounds);
  EXPECT_EQ(by_add.Load().value_or(0), 3 * kRounds % 256);
  EXPECT_TRUE(IsWhole(large.Load().value()));
  EXPECT_EQ(large.Load().value().parts[0], 3 * kRounds);
}

ISOPROC_CASE(Value, VAL_08, UpdateThatThrowsChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const auto small, Value<int>::Create(1));
  ASSERT_OK_AND_ASSIGN(const auto large, Value<Large>::Create(LargeOf(1)));
  EXPECT_THROW(small
                   .Update([](int& value) {
                     value = 2;
                     throw std::runtime_error("no");
                   })
                   .IgnoreError(),
               std::runtime_error);
  EXPECT_THROW(large
                   .Update([](Large& value) {
                     value.parts[0] = 2;
                     throw std::runtime_error("no");
                   })
                   .IgnoreError(),
               std::runtime_error);
  EXPECT_EQ(small.Load().value_or(0), 1);
  EXPECT_EQ(large.Load().value().parts[0], 1);
  EXPECT_EQ(Show(large.WithLock([] {}, absl::ZeroDuration())), "ok") << "the lock is free";
}

void HaveForEver(const Value<Large>& large) {
  large
      .WithLock([] {
        Say("taken");
        Stay();
      })
      .IgnoreError();
}
ISOPROC_CASE(Value, VAL_29_3, NothingHidesADeath) {
  ASSERT_OK_AND_ASSIGN(const auto large, Value<Large>::Create(LargeOf(1)));
  const auto use = {
      std::function([&] { return large.Load().status(); }),
      std::function([&] { return large.Store(LargeOf(2)); }),
      std::function([&] { return large.Update([](Large&) {}); }),
  };
  for (const auto& take_silently : use) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<HaveForEver>(Into(output), large));
    ASSERT_EQ(output.ReadLine(), "taken");
    ASSERT_OK(child.Kill());
    EXPECT_OK(take_silently());
    EXPECT_OK(take_silently());
    EXPECT_EQ(Show(large.WithLock([] {}, GetEnvironment().patience)), "owner died");
    EXPECT_EQ(Show(large.WithLock([] {}, GetEnvironment().patience)), "ok") << "told once";
  }
}

int Twice(const RawValue<int64_t>& raw) {
  if (!raw) return 1;
  *raw *= 2;
  return 0;
}
ISOPROC_CASE(Value, VAL_19, RawValueIsMemory) {
  ASSERT_OK_AND_ASSIGN(const auto raw, RawValue<int64_t>::Create(21));
  EXPECT_EQ(EndOf(Process::Start<Twice>(Killable(), raw)), "exited 0");
  EXPECT_EQ(*raw, 42);
  EXPECT_EQ(RawValue<int>().get(), nullptr);
}

void WriteForEver(const Value<Large>& large) {
  Say("ready");
  for (int64_t i = 0;; ++i) large.Store(LargeOf(i)).IgnoreError();
}
ISOPROC_CASE(Value, VAL_28, KilledWriterTearsNothing) {
  ASSERT_OK_AND_ASSIGN(const auto large, Value<Large>::Create(LargeOf(0)));
  for (int i = 0; i < 5; ++i) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<WriteForEver>(Into(output), large));
    ASSERT_EQ(output.ReadLine(), "ready");
    for (int look = 0; look < 50; ++look) ASSERT_TRUE(IsWhole(large.Load().value()));
    ASSERT_OK(child.Kill());
    ASSERT_OK(Await(child));
    ASSERT_TRUE(IsWhole(large.Load().value()));
  }
}

}  // namespace
}  // namespace isoproc::conformance
