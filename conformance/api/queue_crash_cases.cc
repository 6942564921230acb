// Queue: processes that are killed.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/process.h"
#include "isoproc/queue.h"

namespace isoproc::conformance {
namespace {

using Texts = Queue<std::string>;

void WaitForItem(const Texts& queue) {
  Say("ready");
  queue.Get().IgnoreError();
  Say("got one");
}
ISOPROC_CASE(QueueCrash, QUE_23, KilledWhileItWaits) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Texts::Create());
  for (int i = 0; i < 3; ++i) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<WaitForItem>(Into(output), queue));
    ASSERT_EQ(output.ReadLine(), "ready");
    LetAnotherComeAndGo();  // it waits by now
    ASSERT_OK(child.Kill());
    ASSERT_OK(Await(child));
    EXPECT_OK(queue.Put("item"));
    EXPECT_EQ(queue.Get(GetEnvironment().patience).value_or("none"), "item");
  }
}

// The number, and as many letters that they need a buffer every second time.
std::string Numbered(int64_t number) {
  return std::to_string(number) + std::string(number % 2 == 0 ? 3000 : 0, 'x');
}
void PutForEver(const Texts& queue) {
  for (int64_t number = 0; queue.Put(Numbered(number)).ok(); ++number) {
    if (number == 20) Say("goes on");
  }
}
ISOPROC_CASE(QueueCrash, QUE_24, KilledWhileItPuts) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Texts::Create({.capacity = 8, .bytes = 32 << 10}));
  for (int i = 0; i < 5; ++i) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<PutForEver>(Into(output), queue));
    int64_t next = 0;
    for (; next < 30; ++next) {
      ASSERT_EQ(queue.Get(GetEnvironment().patience).value_or("none"), Numbered(next));
    }
    ASSERT_OK(child.Kill());
    ASSERT_OK(Await(child));
    absl::StatusOr<std::string> left;
    for (; (left = queue.TryGet()).ok(); ++next) ASSERT_EQ(*left, Numbered(next));
    EXPECT_CODE(left, kDeadlineExceeded);
    EXPECT_OK(queue.TryPut(std::string(32 << 10, 'x'))) << "all memory is there again";
    EXPECT_OK(queue.TryGet());
  }
}

void TakeAndStay(const Texts& queue) {
  const absl::StatusOr<Lease<std::string>> lease = queue.GetLease();
  Say(lease.ok() ? lease->redelivered() ? "again" : "first" : "none");
  Stay();
}
ISOPROC_CASE(QueueCrash, QUE_34, LeaseOfTheDeadComesBack) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Texts::Create());
  const std::string large(100'000, 'x');
  EXPECT_OK(queue.Put(large));
  EXPECT_OK(queue.Put("small"));
  for (const char* expected : {"first", "again"}) {
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<TakeAndStay>(Into(output), queue));
    ASSERT_EQ(output.ReadLine(), expected);
    EXPECT_EQ(queue.Size().value(), 1U);
    ASSERT_OK(child.Kill());
    ASSERT_OK(Await(child));
    EXPECT_EQ(queue.Size().value(), 2U);
  }
  for (const std::string& text : {large, std::string("small")}) {
    EXPECT_CODE(queue.Join(absl::ZeroDuration()), kDeadlineExceeded);
    ASSERT_OK_AND_ASSIGN(auto lease, queue.GetLease(GetEnvironment().patience));
    EXPECT_TRUE(*lease == text);
    EXPECT_EQ(lease.redelivered(), text == large);
    EXPECT_OK(lease.Done());
  }
  EXPECT_OK(queue.Join(absl::ZeroDuration()));
}

// Who waits hears of it without asking.
ISOPROC_CASE(QueueCrash, QUE_34_2, WaitingOneGetsIt) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Texts::Create());
  EXPECT_OK(queue.Put("item"));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process first, Process::Start<TakeAndStay>(Into(output), queue));
  ASSERT_EQ(output.ReadLine(), "first");
  queue.Close();
  SystemPipe other;
  ASSERT_OK_AND_ASSIGN(Process second, Process::Start<TakeAndStay>(Into(other), queue));
  EXPECT_CODE(queue.Get(absl::Milliseconds(20)), kDeadlineExceeded) << "the end has not come";
  ASSERT_OK(first.Kill());
  EXPECT_EQ(other.ReadLine(), "again");
  ASSERT_OK(second.Kill());
  ASSERT_OK(Await(second));
  EXPECT_EQ(queue.Get(GetEnvironment().patience).value_or("none"), "item");
  EXPECT_CODE(queue.Get(), kOutOfRange);
}

}  // namespace
}  // namespace isoproc::conformance
