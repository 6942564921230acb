// Queue: order, waiting, closing, counting.
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/api/sync_support.h"
#include "conformance/api/wait_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/pipe.h"
#include "isoproc/process.h"
#include "isoproc/queue.h"
#include "isoproc/wait.h"

namespace isoproc::conformance {
namespace {

using Numbers = Queue<int>;
using Texts = Queue<std::string>;

std::string Show(const absl::StatusOr<int>& number) {
  return number.ok() ? std::to_string(*number) : Code(number.status());
}
// The next one, which must come.
template <class T>
absl::StatusOr<T> Next(const Queue<T>& queue) {
  return queue.Get(GetEnvironment().patience);
}

ISOPROC_CASE(Queue, QUE_01, WithoutACapacityTheBytesCount) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create({.capacity = 0, .bytes = 1 << 20}));
  int count = 0;
  while (queue.TryPut(count).ok()) ++count;
  EXPECT_EQ(count, 8192) << "128 bytes each";
  EXPECT_TRUE(queue.Full().value());
  Observe("items", count);
}

ISOPROC_CASE(Queue, QUE_02, CapacityOutOfRange) {
  EXPECT_CODE(Numbers::Create({.capacity = uint64_t{1} << 40}), kInvalidArgument);
  EXPECT_CODE(Numbers::Create({.capacity = (uint64_t{1} << 24) + 1}), kInvalidArgument);
  EXPECT_CODE(Numbers::Create({.bytes = (uint64_t{1} << 40) + 1}), kInvalidArgument);
  EXPECT_CODE(Numbers::Create({.capacity = 0, .bytes = 0}), kInvalidArgument);
  EXPECT_OK(Numbers::Create({.capacity = 1, .bytes = 0}));
  EXPECT_OK(Numbers::Create({.capacity = 0, .bytes = 1}));
  // Not refused for its number. Nobody has so much, but some systems promise it all the same.
  const absl::Status most = Numbers::Create({.bytes = uint64_t{1} << 40}).status();
  EXPECT_TRUE(most.ok() || absl::IsResourceExhausted(most)) << most;
}

void PutNumbers(const Queue<std::pair<int, int>>& queue, int who, int count) {
  for (int i = 0; i < count; ++i) queue.Put({who, i}).IgnoreError();
}
ISOPROC_CASE(Queue, QUE_03, OrderOfEachProducer) {
  constexpr int kCount = 500;
  using Pairs = Queue<std::pair<int, int>>;
  ASSERT_OK_AND_ASSIGN(const auto queue, Pairs::Create({.capacity = 3}));
  std::vector<Process> children;
  for (int who = 0; who < 2; ++who) {
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<PutNumbers>(Killable(), queue, who, kCount));
    children.push_back(std::move(child));
  }
  std::vector<int> next(2);
  for (int i = 0; i < 2 * kCount; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto item, Next(queue));
    EXPECT_EQ(item.second, next[item.first]++);
  }
  for (Process& child : children) EXPECT_EQ(EndOf(child), "exited 0");
}

// One whenever it is told to.
void PutInTurn(const Numbers& queue, const Connection& turns, int first) {
  for (int i = first; turns.ReceiveBytes().ok(); ++i) {
    queue.Put(i).IgnoreError();
    turns.SendBytes("put").IgnoreError();
  }
}
ISOPROC_CASE(Queue, QUE_03_2, OrderOfSeveralProcesses) {
  constexpr int kRounds = 10;
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  std::vector<Process> children;
  std::vector<Connection> turns;
  for (int first = 0; first < 300; first += 100) {
    ASSERT_OK_AND_ASSIGN(auto pipe, Pipe());
    ASSERT_OK_AND_ASSIGN(Process child,
                         Process::Start<PutInTurn>(Killable(), queue, pipe.second, first));
    children.push_back(std::move(child));
    turns.push_back(std::move(pipe.first));
  }
  std::vector<int> expected;
  for (int round = 0; round < kRounds; ++round) {
    for (const int child : {2, 0, 1}) {
      ASSERT_OK(turns[child].SendBytes("your turn"));
      ASSERT_OK(turns[child].ReceiveBytes(GetEnvironment().patience));
      expected.push_back(100 * child + round);
    }
  }
  for (const int number : expected) EXPECT_EQ(Show(queue.TryGet()), std::to_string(number));
}

ISOPROC_CASE(Queue, QUE_05, PutWaitsForRoom) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create({.capacity = 1}));
  EXPECT_OK(queue.Put(1));
  EXPECT_CODE(queue.TryPut(2), kDeadlineExceeded);
  EXPECT_CODE(queue.Put(2, -absl::InfiniteDuration()), kDeadlineExceeded);
  absl::Status put;
  std::thread putter([&] { put = queue.Put(2, GetEnvironment().patience); });
  EXPECT_EQ(Show(Next(queue)), "1");
  EXPECT_EQ(Show(Next(queue)), "2");
  putter.join();
  EXPECT_OK(put);
}

ISOPROC_CASE(Queue, QUE_06, PutGivesUpAtItsTime) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create({.capacity = 1}));
  EXPECT_OK(queue.Put(1));
  const absl::Duration begin = TestPort().Now();
  EXPECT_CODE(queue.Put(2, absl::Milliseconds(30)), kDeadlineExceeded);
  EXPECT_GE(TestPort().Now() - begin, absl::Milliseconds(30));
  EXPECT_EQ(queue.Size().value(), 1U) << "it was not put";
}

ISOPROC_CASE(Queue, QUE_07, GetWaitsForAnItem) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  EXPECT_EQ(Show(queue.TryGet()), "DEADLINE_EXCEEDED");
  const absl::Duration begin = TestPort().Now();
  EXPECT_EQ(Show(queue.Get(absl::Milliseconds(30))), "DEADLINE_EXCEEDED");
  EXPECT_GE(TestPort().Now() - begin, absl::Milliseconds(30));
  std::string got;
  std::thread getter([&] { got = Show(Next(queue)); });
  EXPECT_OK(queue.Put(7));
  getter.join();
  EXPECT_EQ(got, "7");
}

ISOPROC_CASE(Queue, QUE_08, LargeItemIsGotWithoutWaiting) {
  const std::string large(10'000'000, 'x');
  ASSERT_OK_AND_ASSIGN(const auto queue, Texts::Create());
  for (const absl::Duration timeout : {absl::ZeroDuration(), -absl::InfiniteDuration()}) {
    ASSERT_OK(queue.Put(large));
    EXPECT_TRUE(queue.Get(timeout).value_or("") == large);
    EXPECT_CODE(queue.Get(timeout), kDeadlineExceeded);
  }
}

void PutAndTell(const Numbers& queue) {
  queue.Put(1).IgnoreError();
  Say("put");
  Stay();
}
ISOPROC_CASE(Queue, QUE_10, ThereWhenPutReturns) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  for (int i = 0; i < 100; ++i) {
    ASSERT_OK(queue.Put(i));
    ASSERT_FALSE(queue.Empty().value());
    ASSERT_EQ(Show(queue.TryGet()), std::to_string(i));
  }
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<PutAndTell>(Into(output), queue));
  ASSERT_EQ(output.ReadLine(), "put");
  EXPECT_EQ(Show(queue.TryGet()), "1");
}

ISOPROC_CASE(Queue, QUE_14, SizeIsExact) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Texts::Create({.capacity = 5}));
  for (size_t round = 0; round < 3; ++round) {
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(queue.Size().value(), i);
      EXPECT_OK(queue.Put(std::string(i * 100, 'x')));
    }
    for (size_t i = 5; i > 0; --i) {
      EXPECT_EQ(queue.Size().value(), i);
      EXPECT_OK(queue.TryGet());
    }
  }
}

ISOPROC_CASE(Queue, QUE_15, EmptyAndFull) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create({.capacity = 2}));
  EXPECT_TRUE(queue.Empty().value());
  EXPECT_FALSE(queue.Full().value());
  EXPECT_OK(queue.Put(1));
  EXPECT_FALSE(queue.Empty().value());
  EXPECT_FALSE(queue.Full().value());
  EXPECT_OK(queue.Put(2));
  EXPECT_TRUE(queue.Full().value());
}

void CloseIt(const Numbers& queue) { queue.Close(); }
ISOPROC_CASE(Queue, QUE_16, CloseIsForAll) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  EXPECT_EQ(EndOf(Process::Start<CloseIt>(Killable(), queue)), "exited 0");
  EXPECT_CODE(queue.Put(1), kUnavailable);
  queue.Close();
  EXPECT_EQ(Show(queue.Get()), "OUT_OF_RANGE");
}

ISOPROC_CASE(Queue, QUE_17, WhatIsLeftIsGot) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  EXPECT_OK(queue.Put(1));
  EXPECT_OK(queue.Put(2));
  queue.Close();
  EXPECT_CODE(queue.Put(3), kUnavailable);
  EXPECT_CODE(queue.TryPut(3), kUnavailable);
  EXPECT_CODE(queue.Borrow(), kUnavailable);
  EXPECT_EQ(Show(queue.Get()), "1");
  EXPECT_EQ(Show(queue.Get()), "2");
  EXPECT_EQ(Show(queue.Get()), "OUT_OF_RANGE");
  EXPECT_EQ(Show(queue.TryGet()), "OUT_OF_RANGE") << "it stays so";
}

ISOPROC_CASE(Queue, QUE_18, ClosedQueueAnswers) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create({.capacity = 1}));
  EXPECT_OK(queue.Put(1));
  queue.Close();
  EXPECT_EQ(queue.Size().value(), 1U);
  EXPECT_TRUE(queue.Full().value());
  EXPECT_OK(queue.TryGet());
  EXPECT_TRUE(queue.Empty().value());
}

void GetAll(const Numbers& queue, const Queue<int64_t>& sums) {
  int64_t sum = 0;
  for (const int number : queue) sum += number;
  sums.Put(sum).IgnoreError();
}
ISOPROC_CASE(Queue, QUE_22, EachItemGoesToOne) {
  constexpr int kCount = 2000;
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create({.capacity = 7}));
  ASSERT_OK_AND_ASSIGN(const auto sums, Queue<int64_t>::Create());
  std::vector<Process> children;
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<GetAll>(Killable(), queue, sums));
    children.push_back(std::move(child));
  }
  for (int i = 1; i <= kCount; ++i) ASSERT_OK(queue.Put(i));
  queue.Close();
  int64_t sum = 0;
  for (Process& child : children) {
    EXPECT_EQ(EndOf(child), "exited 0");
    sum += sums.TryGet().value_or(0);
  }
  EXPECT_EQ(sum, int64_t{kCount} * (kCount + 1) / 2);
}

ISOPROC_CASE(Queue, QUE_25, EndIsTold) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  {
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<PutAndTell>(Killable(), queue));
    EXPECT_EQ(Show(Next(queue)), "1");
  }
  EXPECT_EQ(Show(queue.TryGet()), "DEADLINE_EXCEEDED") << "its putter is gone; that is no end";
  queue.Close();
  EXPECT_EQ(Show(queue.Get()), "OUT_OF_RANGE");
}

// Who must notice waits for its putter, too.
ISOPROC_CASE(Queue, QUE_25_2, EndOfThePutterIsNoticed) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<PutAndTell>(Into(output), queue));
  ASSERT_OK_AND_ASSIGN(const Waitable item, queue.AsWaitable());
  ASSERT_OK_AND_ASSIGN(const Waitable putter, child.AsWaitable());
  EXPECT_EQ(WaitFor({item, putter}), "0");
  EXPECT_EQ(Show(queue.TryGet()), "1");
  ASSERT_OK(child.Kill());
  EXPECT_EQ(WaitFor({item, putter}), "1");
  queue.Close();
  for (const int number : queue) ADD_FAILURE() << number;
}

void Answer(const Numbers& questions, const Numbers& answers) {
  for (const int number : questions) answers.Put(2 * number).IgnoreError();
  answers.Close();
}
int HandOnBoth(const Numbers& questions, const Numbers& answers) {
  absl::StatusOr<Process> child = Process::Start<Answer>(Killable(), questions, answers);
  return child.ok() ? Await(*child).value().code() : 100;
}
ISOPROC_CASE(Queue, QUE_27, BothDirectionsAndHandedOn) {
  ASSERT_OK_AND_ASSIGN(const auto questions, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const auto answers, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<HandOnBoth>(Killable(), questions, answers));
  for (int i = 0; i < 5; ++i) {
    EXPECT_OK(questions.Put(i));
    EXPECT_EQ(Show(Next(answers)), std::to_string(2 * i));
  }
  questions.Close();
  EXPECT_EQ(Show(Next(answers)), "OUT_OF_RANGE");
  EXPECT_EQ(EndOf(child), "exited 0");
}

void Work(const Numbers& queue) {
  while (queue.Get().ok()) queue.TaskDone().IgnoreError();
}
ISOPROC_CASE(Queue, QUE_30, JoinWaitsForWhatIsNotDone) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create({.capacity = 3}));
  EXPECT_OK(queue.Join(absl::ZeroDuration())) << "nothing was put";
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<Work>(Killable(), queue));
  for (int i = 0; i < 100; ++i) ASSERT_OK(queue.Put(i));
  EXPECT_OK(queue.Join(GetEnvironment().patience));
  EXPECT_TRUE(queue.Empty().value());
  queue.Close();
  EXPECT_EQ(EndOf(child), "exited 0");
}

ISOPROC_CASE(Queue, QUE_31, GetDoesNotCount) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  EXPECT_OK(queue.Put(1));
  EXPECT_OK(queue.Put(2));
  EXPECT_OK(queue.Get());
  EXPECT_OK(queue.Get());
  EXPECT_CODE(queue.Join(absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_OK(queue.TaskDone());
  EXPECT_OK(queue.TaskDone());
  EXPECT_OK(queue.Join(absl::ZeroDuration()));
}

ISOPROC_CASE(Queue, QUE_32, TooManyTaskDone) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  EXPECT_CODE(queue.TaskDone(), kFailedPrecondition);
  EXPECT_OK(queue.Put(1));
  EXPECT_OK(queue.TaskDone()) << "before it was got";
  EXPECT_CODE(queue.TaskDone(), kFailedPrecondition);
}

ISOPROC_CASE(Queue, QUE_33, JoinGivesUpAtItsTime) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  EXPECT_OK(queue.Put(1));
  const absl::Duration begin = TestPort().Now();
  EXPECT_CODE(queue.Join(absl::Milliseconds(30)), kDeadlineExceeded);
  EXPECT_GE(TestPort().Now() - begin, absl::Milliseconds(30));
}

ISOPROC_CASE(Queue, QUE_35, TaskDoneMayBeForgotten) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create({.capacity = 2}));
  for (int i = 0; i < 70'000; ++i) {
    ASSERT_OK(queue.TryPut(i));
    ASSERT_OK(queue.TryGet());
  }
  EXPECT_CODE(queue.Join(absl::ZeroDuration()), kDeadlineExceeded);
}

void WaitInGet(const Numbers& queue) {
  Say("ready");
  Say(Show(queue.Get()));
}
void WaitInPut(const Numbers& queue) {
  Say("ready");
  Say(Code(queue.Put(2)));
}
ISOPROC_CASE(Queue, QUE_40, CloseWakesWhoWaits) {
  ASSERT_OK_AND_ASSIGN(const auto empty, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const auto full, Numbers::Create({.capacity = 1}));
  EXPECT_OK(full.Put(1));
  SystemPipe getter_says;
  SystemPipe putter_says;
  ASSERT_OK_AND_ASSIGN(Process getter, Process::Start<WaitInGet>(Into(getter_says), empty));
  ASSERT_OK_AND_ASSIGN(Process putter, Process::Start<WaitInPut>(Into(putter_says), full));
  ASSERT_EQ(getter_says.ReadLine(), "ready");
  ASSERT_EQ(putter_says.ReadLine(), "ready");
  LetAnotherComeAndGo();  // they wait by now
  empty.Close();
  full.Close();
  EXPECT_EQ(getter_says.ReadToEnd(), "OUT_OF_RANGE\n");
  EXPECT_EQ(putter_says.ReadToEnd(), "UNAVAILABLE\n");
}

int CountEmpty(const Numbers& queue) { return queue ? 1 : 0; }
ISOPROC_CASE(Queue, QUE_45, EmptyHandle) {
  const Numbers none;
  EXPECT_FALSE(none);
  EXPECT_CODE(none.Put(1), kFailedPrecondition);
  EXPECT_CODE(none.Get(), kFailedPrecondition);
  EXPECT_CODE(none.GetLease(), kFailedPrecondition);
  EXPECT_CODE(none.Borrow(), kFailedPrecondition);
  EXPECT_CODE(none.Size(), kFailedPrecondition);
  EXPECT_CODE(none.Empty(), kFailedPrecondition);
  EXPECT_CODE(none.Full(), kFailedPrecondition);
  EXPECT_CODE(none.TaskDone(), kFailedPrecondition);
  EXPECT_CODE(none.Join(), kFailedPrecondition);
  none.Close();
  for (const int number : none) ADD_FAILURE() << number;
  EXPECT_EQ(EndOf(Process::Start<CountEmpty>(Killable(), none)), "exited 0");
}

ISOPROC_CASE(Queue, QUE_47, RangeForEndsWithTheQueue) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Texts::Create());
  for (const char* text : {"one", "two", "three"}) EXPECT_OK(queue.Put(text));
  queue.Close();
  std::string all;
  for (const std::string& text : queue) all += text;
  EXPECT_EQ(all, "onetwothree");
}

}  // namespace
}  // namespace isoproc::conformance
