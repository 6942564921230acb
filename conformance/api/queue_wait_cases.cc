// Waiting for queues, together with other things.
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/connection_support.h"
#include "conformance/api/process_support.h"
#include "conformance/api/wait_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/pipe.h"
#include "isoproc/process.h"
#include "isoproc/queue.h"
#include "isoproc/sync.h"
#include "isoproc/wait.h"

namespace isoproc::conformance {
namespace {

using Numbers = Queue<int>;

ISOPROC_CASE(QueueWait, QUE_49, ReadyWhileGetNeedNotWait) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const Waitable item, queue.AsWaitable());
  EXPECT_EQ(Look({item}), "DEADLINE_EXCEEDED");
  EXPECT_EQ(WaitFor({item}, absl::Milliseconds(5)), "DEADLINE_EXCEEDED");
  ASSERT_OK(queue.Put(1));
  EXPECT_EQ(WaitFor({item}), "0");
  EXPECT_EQ(Look({item, item}), "0 1") << "it is still there";
  {
    ASSERT_OK_AND_ASSIGN(const auto lease, queue.GetLease());
    EXPECT_EQ(Look({item}), "DEADLINE_EXCEEDED");
  }
  EXPECT_EQ(Look({item}), "0") << "it came back";
  EXPECT_OK(queue.TryGet());
  EXPECT_EQ(Look({item}), "DEADLINE_EXCEEDED");
  ASSERT_OK(queue.Put(2));
  queue.Close();
  EXPECT_EQ(Look({item}), "0");
  EXPECT_OK(queue.TryGet());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(WaitFor({item}), "0") << "the end";
  EXPECT_CODE(queue.TryGet(), kOutOfRange);
  EXPECT_CODE(Numbers().AsWaitable(), kFailedPrecondition);
}

// Each wake-up comes from another thread, or the wait would last.
ISOPROC_CASE(QueueWait, QUE_49_2, ItemsAndMessagesWake) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable item, queue.AsWaitable());
  ASSERT_OK_AND_ASSIGN(const Waitable message, other.AsWaitable());
  for (int i = 0; i < 20; ++i) {
    std::thread putter([&queue, i] { queue.Put(i).IgnoreError(); });
    EXPECT_EQ(WaitFor({message, item}), "1");
    putter.join();
    EXPECT_EQ(queue.TryGet().value_or(-1), i);
    std::thread sender([&one = one] { one.SendBytes("x").IgnoreError(); });
    EXPECT_EQ(WaitFor({message, item}), "0");
    sender.join();
    EXPECT_EQ(Next(other), "x");
  }
  std::thread closer([&queue] { queue.Close(); });
  EXPECT_EQ(WaitFor({message, item}), "1");
  closer.join();
}

void TakeAndAcknowledge(const Numbers& queue) {
  absl::StatusOr<Lease<int>> lease = queue.GetLease();
  Say("taken");
  ReadInput();
  if (lease.ok()) lease->Done().IgnoreError();
  Stay();
}
ISOPROC_CASE(QueueWait, QUE_49_3, EndWaitsForTheLeasesOfOthers) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const Waitable item, queue.AsWaitable());
  ASSERT_OK(queue.Put(1));
  queue.Close();
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child,
                       Process::Start<TakeAndAcknowledge>(Between(input, output), queue));
  ASSERT_EQ(output.ReadLine(), "taken");
  EXPECT_EQ(Look({item}), "DEADLINE_EXCEEDED") << "it may come back";
  input.CloseReadEnd();
  input.CloseWriteEnd();
  EXPECT_EQ(WaitFor({item}), "0");
  EXPECT_CODE(queue.TryGet(), kOutOfRange);
}

void TakeAndStay(const Numbers& queue) {
  const absl::StatusOr<Lease<int>> lease = queue.GetLease();
  Say(lease.ok() ? "taken" : "nothing");
  Stay();
}
ISOPROC_CASE(QueueWait, QUE_50, LeaseOfTheDeadWakes) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const auto other, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const Waitable item, queue.AsWaitable());
  ASSERT_OK_AND_ASSIGN(const Waitable none, other.AsWaitable());
  ASSERT_OK(queue.Put(1));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<TakeAndStay>(Into(output), queue));
  ASSERT_EQ(output.ReadLine(), "taken");
  EXPECT_EQ(WaitFor({none, item}, absl::Milliseconds(5)), "DEADLINE_EXCEEDED");
  // Nobody joins it: who waits finds out.
  ASSERT_OK(child.Kill());
  EXPECT_EQ(WaitFor({none, item}), "1");
  ASSERT_OK_AND_ASSIGN(const auto lease, queue.GetLease(absl::ZeroDuration()));
  EXPECT_TRUE(lease.redelivered());
}

ISOPROC_CASE(QueueWait, QUE_50_2, WhoOnlyAsksFindsOut) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const Waitable item, queue.AsWaitable());
  ASSERT_OK(queue.Put(1));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<TakeAndStay>(Into(output), queue));
  ASSERT_EQ(output.ReadLine(), "taken");
  ASSERT_OK(child.Kill());
  while (Look({item}) != "0") std::this_thread::yield();
}

void WaitAgainAndAgain(const Numbers& queue) {
  const Waitable item = queue.AsWaitable().value();
  Say("waits");
  while (Wait({&item, 1}).ok()) continue;
}
ISOPROC_CASE(QueueWait, QUE_51, WhoTakesNothingHoldsUpNobody) {
  ASSERT_OK_AND_ASSIGN(const auto queue, Numbers::Create());
  ASSERT_OK_AND_ASSIGN(const auto back, Numbers::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(const Process child, Process::Start<WaitAgainAndAgain>(Into(output), queue));
  ASSERT_EQ(output.ReadLine(), "waits");
  std::thread getter([&queue = queue, &back = back] {
    for (absl::StatusOr<int> item; (item = queue.Get()).ok();) back.Put(*item).IgnoreError();
  });
  for (int i = 0; i < 50; ++i) {
    ASSERT_OK(queue.Put(i));
    ASSERT_EQ(back.Get(Patience()).value_or(-1), i);
  }
  queue.Close();
  getter.join();
}

// More than a system waits for at once, and each kind wakes.
ISOPROC_CASE(QueueWait, CONN_44_3, QueuesAndOthersInAnyNumber) {
  std::vector<Numbers> queues;
  std::vector<std::pair<Connection, Connection>> pipes;
  std::vector<Waitable> objects;
  ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
  for (int i = 0; i < 70; ++i) {
    ASSERT_OK_AND_ASSIGN(auto queue, Numbers::Create({.capacity = 2, .bytes = 0}));
    ASSERT_OK_AND_ASSIGN(const Waitable item, queue.AsWaitable());
    ASSERT_OK_AND_ASSIGN(auto pipe, Pipe());
    ASSERT_OK_AND_ASSIGN(const Waitable message, pipe.second.AsWaitable());
    queues.push_back(std::move(queue));
    pipes.push_back(std::move(pipe));
    objects.push_back(item);
    objects.push_back(message);
  }
  ASSERT_OK_AND_ASSIGN(const Waitable is_set, event.AsWaitable());
  objects.push_back(is_set);
  EXPECT_EQ(WaitFor(objects, absl::Milliseconds(5)), "DEADLINE_EXCEEDED");
  std::thread putter([&queues] { queues[69].Put(1).IgnoreError(); });
  EXPECT_EQ(WaitFor(objects), "138");
  putter.join();
  EXPECT_OK(queues[69].TryGet());
  std::thread sender([&pipes] { pipes[66].first.SendBytes("x").IgnoreError(); });
  EXPECT_EQ(WaitFor(objects), "133");
  sender.join();
  ASSERT_OK(queues[68].Put(1));
  ASSERT_OK(queues[3].Put(1));
  ASSERT_OK(event.Set());
  EXPECT_EQ(WaitFor(objects), "6 133 136 140");
  Observe("ready", Look(objects));
}

}  // namespace
}  // namespace isoproc::conformance
