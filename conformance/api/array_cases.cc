// Array and RawArray.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

namespace isoproc::conformance {
namespace {

// More than the arena holds.
constexpr uint64_t kMany = 100000;

int SumAndClear(const Array<int32_t>& few, const Array<int64_t>& many) {
  int64_t sum = 0;
  few.WithLock([&](absl::Span<int32_t> cells) {
       for (int32_t& cell : cells) sum += cell;
     })
      .IgnoreError();
  many.WithLock([&](absl::Span<int64_t> cells) {
        for (int64_t& cell : cells) sum += std::exchange(cell, 0);
      })
      .IgnoreError();
  return static_cast<int>(sum);
}
int HandOn(const Array<int32_t>& few, const Array<int64_t>& many) {
  absl::StatusOr<Process> child = Process::Start<SumAndClear>(Killable(), few, many);
  return child.ok() ? Await(*child).value().code() : 200;
}
ISOPROC_CASE(Array, VAL_12, ZeroUntilSomebodyWrites) {
  ASSERT_OK_AND_ASSIGN(const auto few, Array<int32_t>::Create(10));
  ASSERT_OK_AND_ASSIGN(const auto many, Array<int64_t>::Create(kMany));
  EXPECT_EQ(few.size(), 10U);
  EXPECT_EQ(many.size(), kMany);
  EXPECT_EQ(many.Load(kMany - 1).value_or(1), 0);
  EXPECT_OK(few.Store(9, 20));
  EXPECT_OK(many.Store(kMany - 1, 22));
  EXPECT_EQ(EndOf(Process::Start<SumAndClear>(Killable(), few, many)), "exited 42");
  EXPECT_EQ(few.Load(9).value_or(0), 20);
  EXPECT_EQ(many.Load(kMany - 1).value_or(1), 0);
  EXPECT_OK(many.Store(1, 5));
  EXPECT_EQ(EndOf(Process::Start<HandOn>(Killable(), few, many)), "exited 25");
}

ISOPROC_CASE(Array, VAL_12_2, MadeOfValues) {
  const std::vector<uint16_t> initial = {1, 2, 3};
  ASSERT_OK_AND_ASSIGN(const auto array, Array<uint16_t>::Create(absl::MakeConstSpan(initial)));
  EXPECT_EQ(array.size(), 3U);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(array.Load(i).value_or(0), initial[i]);
  ASSERT_OK_AND_ASSIGN(const auto of_list, Array<uint16_t>::Create({5}));
  EXPECT_EQ(of_list.size(), 1U);  // not five zeros
  EXPECT_EQ(of_list.Load(0).value_or(0), 5);
}

int IsEmptyArray(const Array<int>& array) { return array && array.size() == 0 ? 0 : 1; }
ISOPROC_CASE(Array, VAL_13, NoElementsAreFine) {
  ASSERT_OK_AND_ASSIGN(const auto array, Array<int>::Create(uint64_t{0}));
  EXPECT_CODE(array.Load(0), kInvalidArgument);
  EXPECT_EQ(EndOf(Process::Start<IsEmptyArray>(Killable(), array)), "exited 0");
  EXPECT_EQ(Array<int>().size(), 0U);
  EXPECT_CODE(Array<int>().Load(0), kFailedPrecondition);
}

ISOPROC_CASE(Array, VAL_14, IndexMustBeThere) {
  ASSERT_OK_AND_ASSIGN(const auto array, Array<int>::Create(2));
  EXPECT_OK(array.Store(1, 5));
  EXPECT_CODE(array.Store(2, 5), kInvalidArgument);
  EXPECT_CODE(array.Load(2), kInvalidArgument);
  EXPECT_CODE(array.Load(SIZE_MAX), kInvalidArgument);
}

struct Point {
  double x, y, z;
};
ISOPROC_CASE(Array, VAL_17, LargerElementsToo) {
  ASSERT_OK_AND_ASSIGN(const auto array, Array<Point>::Create(3));
  EXPECT_OK(array.Store(2, Point{1, 2, 3}));
  EXPECT_EQ(array.Load(2).value().z, 3);
  EXPECT_EQ(array.Load(1).value().z, 0);
}

ISOPROC_CASE(Array, VAL_24, MoreThanThereCanBeIsAnError) {
  EXPECT_CODE(Array<char>::Create(uint64_t{1} << 63), kResourceExhausted);
  EXPECT_CODE(Array<int64_t>::Create(uint64_t{1} << 61), kResourceExhausted);
  EXPECT_CODE(Array<int64_t>::Create(UINT64_MAX), kResourceExhausted);
}

void FillHalf(const Array<int>& array) {
  const auto fill = [](absl::Span<int> cells) {
    for (size_t i = 0; i < cells.size() / 2; ++i) cells[i] = 1;
    Say("half");
    Stay();
  };
  array.WithLock(fill).IgnoreError();
}
ISOPROC_CASE(Array, VAL_29, NextOwnerIsToldOfADeath) {
  ASSERT_OK_AND_ASSIGN(const auto array, Array<int>::Create(4));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<FillHalf>(Into(output), array));
  ASSERT_EQ(output.ReadLine(), "half");
  ASSERT_OK(child.Kill());
  LockStatus told = LockStatus::kOk;
  EXPECT_EQ(Show(array.WithLock(
                [&](absl::Span<int> cells, LockStatus status) {
                  told = status;
                  EXPECT_EQ(cells[1], 1);
                  EXPECT_EQ(cells[2], 0);
                },
                GetEnvironment().patience)),
            "owner died");
  EXPECT_EQ(told, LockStatus::kOwnerDied);
}

void HaveForEver(const Array<Point>& array) {
  array
      .WithLock([](absl::Span<Point>) {
        Say("taken");
        Stay();
      })
      .IgnoreError();
}
ISOPROC_CASE(Array, VAL_29_2, LoadAndStoreTellNobodyAndHideNothing) {
  ASSERT_OK_AND_ASSIGN(const auto array, Array<Point>::Create(2));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<HaveForEver>(Into(output), array));
  ASSERT_EQ(output.ReadLine(), "taken");
  ASSERT_OK(child.Kill());
  EXPECT_OK(array.Load(0));
  EXPECT_OK(array.Store(1, Point{1, 2, 3}));
  const auto nothing = [](absl::Span<Point>) {};
  EXPECT_EQ(Show(array.WithLock(nothing, GetEnvironment().patience)), "owner died");
  EXPECT_EQ(Show(array.WithLock(nothing, GetEnvironment().patience)), "ok") << "told once";
}

int Increment(const RawArray<uint8_t>& raw) {
  for (uint8_t& byte : raw.span()) ++byte;
  return static_cast<int>(raw.size());
}
ISOPROC_CASE(Array, VAL_19_2, RawArrayIsMemory) {
  ASSERT_OK_AND_ASSIGN(const auto raw, RawArray<uint8_t>::Create(100));
  EXPECT_EQ(EndOf(Process::Start<Increment>(Killable(), raw)), "exited 100");
  EXPECT_EQ(raw.span()[99], 1);
}

ISOPROC_CASE(Array, VAL_19_3, RawArrayMadeOfValues) {
  const std::vector<uint16_t> initial = {1, 2, 3};
  ASSERT_OK_AND_ASSIGN(const auto raw, RawArray<uint16_t>::Create(absl::MakeConstSpan(initial)));
  EXPECT_TRUE(std::equal(initial.begin(), initial.end(), raw.span().begin(), raw.span().end()));
}

constexpr int kAdditions = 3000;
void AddOften(const Array<uint8_t>& array) {
  for (int i = 0; i < kAdditions; ++i) array.FetchAdd(1, 1).IgnoreError();
}
ISOPROC_CASE(Array, VAL_07_2, NoAdditionIsLost) {
  ASSERT_OK_AND_ASSIGN(const auto array, Array<uint8_t>::Create(2));
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<AddOften>(Killable(), array));
  AddOften(array);
  EXPECT_EQ(EndOf(child), "exited 0");
  EXPECT_EQ(array.FetchAdd(1, 1).value_or(0), 2 * kAdditions % 256);
  EXPECT_EQ(array.Load(0).value_or(1), 0);
  EXPECT_CODE(array.FetchAdd(2, 1), kInvalidArgument);
}

}  // namespace
}  // namespace isoproc::conformance
