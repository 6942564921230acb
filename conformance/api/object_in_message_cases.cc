// Shared objects in messages of pipes and in items of queues.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/connection_support.h"
#include "conformance/api/process_support.h"
#include "conformance/api/start_method_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/array.h"
#include "isoproc/pipe.h"
#include "isoproc/process.h"
#include "isoproc/queue.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"

namespace isoproc::conformance {
namespace {

struct Tools {
  std::string name;
  std::map<int, std::vector<std::optional<Lock>>> locks;
  Value<int64_t> value;
  Event none;

  const Lock& lock() const { return *locks.at(1).at(0); }
};
// Empty if there is no room.
Tools NewTools(int64_t number) {
  const absl::StatusOr<Lock> lock = Lock::Create();
  const absl::StatusOr<Value<int64_t>> value = Value<int64_t>::Create(number);
  if (!lock.ok() || !value.ok()) return {};
  return {"tools", {{1, {*lock, std::nullopt}}}, *value, {}};
}
// The value, if all is as NewTools made it.
int64_t NumberOf(const absl::StatusOr<Tools>& tools) {
  if (!tools.ok() || tools->name != "tools" || tools->none || tools->locks.at(1).at(1)) return -1;
  if (!tools->lock().Acquire(Patience()).ok() || !tools->lock().Release().ok()) return -2;
  return tools->value.Load().value_or(-3);
}

// How many objects can be made besides those that there are.
size_t CountRoom() {
  std::vector<Event> events;
  while (true) {
    absl::StatusOr<Event> event = Event::Create();
    if (!event.ok()) return events.size();
    events.push_back(*std::move(event));
  }
}

int UseTools(const Connection& connection) {
  const absl::StatusOr<Tools> tools = connection.Receive<Tools>(Patience());
  if (!tools.ok()) return 1;
  const bool is_free = tools->lock().TryAcquire().ok();
  if (!connection.Send(is_free).ok() || !tools->lock().Acquire(Patience()).ok()) return 2;
  return tools->value.FetchAdd(1).ok() ? 0 : 3;
}
ISOPROC_CASE_WITH(ObjectInMessage, CONN_58, BothProcessesUseIt, "processes") {
  for (const StartMethod method : StartMethods()) {
    if (method == StartMethod::kFork) continue;  // has what its parent has
    ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
    const auto& [here, there] = pipe;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<UseTools>(By(method), there));
    const Tools tools = NewTools(41);  // later than the child
    ASSERT_OK(tools.lock().Acquire());
    ASSERT_OK(here.Send(tools));
    EXPECT_FALSE(here.Receive<bool>(Patience()).value_or(true)) << "the lock is the same";
    ASSERT_OK(tools.lock().Release());
    EXPECT_EQ(EndOf(child), "exited 0");
    EXPECT_EQ(tools.value.Load().value_or(0), 42);
    ASSERT_OK_AND_ASSIGN(const LockStatus taken, tools.lock().Acquire(Patience()));
    EXPECT_TRUE(taken == LockStatus::kOwnerDied);
  }
}

void SendNewTools(const Connection& connection) {
  const absl::Status sent = connection.Send(NewTools(7));
  Say(sent.ok() ? "sent" : sent.ToString());
  Stay();
}
ISOPROC_CASE_WITH(ObjectInMessage, CONN_58_2, ItsSenderIsDead, "processes") {
  ASSERT_OK_AND_ASSIGN(const Connection here, EndToTheDead<SendNewTools>());
  EXPECT_EQ(NumberOf(here.Receive<Tools>(Patience())), 7);
  EXPECT_CODE(here.Receive<Tools>(Patience()), kOutOfRange);
}

int ReceiveTwo(const Connection& connection) {
  const absl::StatusOr<Tools> first = connection.Receive<Tools>(Patience());
  const absl::StatusOr<Tools> second = connection.Receive<Tools>(Patience());
  return NumberOf(first) == 1 && NumberOf(second) == 2 ? 0 : 1;
}
// The end moves when the messages are there, one of them half received.
ISOPROC_CASE_WITH(ObjectInMessage, CONN_58_3, EndMovesWithIt, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  for (const int64_t number : {1, 2}) ASSERT_OK(writer.Send(NewTools(number)));
  ASSERT_OK(reader.NextSize(Patience()));
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<ReceiveTwo>(Killable(), reader));
  writer.Close();
  EXPECT_EQ(EndOf(child), "exited 0");
}

// Its type does not tell what is in it.
struct Hidden {
  Lock lock;
  Connection connection;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(lock, connection);
  }
};
ISOPROC_CASE_WITH(ObjectInMessage, CONN_58_4, InsideOfWhatHasHooks, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_OK(lock.Acquire());
  ASSERT_OK_AND_ASSIGN(const auto cargo, Pipe());
  ASSERT_OK(here.Send(Hidden{lock, cargo.second}));
  ASSERT_OK_AND_ASSIGN(const Hidden hidden, there.Receive<Hidden>(Patience()));
  EXPECT_TRUE(hidden.lock.IsLocked());
  ASSERT_OK(hidden.connection.SendBytes("from inside"));
  EXPECT_EQ(Next(cargo.first), "from inside");
}

void Wait(const Connection& connection) {
  Say("here");
  Stay();
  connection.Close();
}
ISOPROC_CASE_WITH(ObjectInMessage, CONN_59, LeavesNothingBehind, "processes") {
  const size_t before = CountRoom();
  {
    ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
    const auto& [here, there] = pipe;
    Tools large = NewTools(1);
    large.name = Large();
    EXPECT_CODE(here.Send(large, absl::Milliseconds(5)), kDeadlineExceeded);
    // A message that is not received is not mistaken for the next one.
    EXPECT_CODE(there.ReceiveBytes(absl::Milliseconds(5)), kDeadlineExceeded);
    EXPECT_CODE(here.Send(large, absl::ZeroDuration()), kDeadlineExceeded);
    EXPECT_CODE(there.ReceiveBytes(absl::Milliseconds(5)), kDeadlineExceeded);
    std::string plain;
    std::thread reader([&plain, &end = there] { plain = Next(end); });
    EXPECT_OK(here.SendBytes("plain", Patience()));
    reader.join();
    EXPECT_EQ(plain, "plain");
    // What is received as something else.
    for (int i = 0; i < 3; ++i) ASSERT_OK(here.Send(NewTools(1)));
    EXPECT_CODE(there.Receive<Lock>(Patience()), kDataLoss);
    EXPECT_OK(there.ReceiveBytes(Patience()));
    EXPECT_EQ(NumberOf(there.Receive<Tools>(Patience())), 1);
    EXPECT_EQ(CountRoom(), before - 3) << "the pipe, a lock and a value";
    // What is not received at all.
    for (int i = 0; i < 3; ++i) ASSERT_OK(here.Send(NewTools(1)));
    EXPECT_LT(CountRoom(), before - 3);
    there.Close();
    EXPECT_CODE(here.Send(NewTools(1)), kUnavailable);
  }
  EXPECT_EQ(CountRoom(), before);
  {
    ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
    const auto& [here, there] = pipe;
    SystemPipe output;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<Wait>(Into(output), there));
    ASSERT_EQ(output.ReadLine(), "here");
    for (int i = 0; i < 3; ++i) ASSERT_OK(here.Send(NewTools(1)));
    ASSERT_OK(child.Kill());
    ASSERT_OK(Await(child));
    here.Close();
  }
  EXPECT_EQ(CountRoom(), before);
}

// ---- queues -------------------------------------------------------------------------------------

int PutNewTools(const Queue<Tools>& queue) {
  const absl::Status put = queue.Put(NewTools(8));
  return put.ok() && queue.Put(NewTools(9)).ok() ? 0 : 1;
}
ISOPROC_CASE_WITH(ObjectInItem, QUE_52, WhoPutItIsGone, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Tools>::Create());
  EXPECT_EQ(EndOf(Process::Start<PutNewTools>(Killable(), queue)), "exited 0");
  EXPECT_EQ(NumberOf(queue.TryGet()), 8);
  EXPECT_EQ(NumberOf(queue.TryGet()), 9);
}

int GetTools(const Queue<Tools>& queue) {
  const absl::StatusOr<Tools> tools = queue.Get(Patience());
  return NumberOf(tools) == 10 && tools->value.Store(11).ok() ? 0 : 1;
}
ISOPROC_CASE_WITH(ObjectInItem, QUE_52_2, BothProcessesUseIt, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Tools>::Create());
  Tools tools = NewTools(10);
  ASSERT_OK(queue.Put(tools));
  EXPECT_EQ(EndOf(Process::Start<GetTools>(Killable(), queue)), "exited 0");
  EXPECT_EQ(tools.value.Load().value_or(0), 11);
}

void LeaseAndStay(const Queue<Tools>& queue) {
  const absl::StatusOr<Lease<Tools>> lease = queue.GetLease(Patience());
  Say(lease.ok() && (*lease)->value.Store(12).ok() ? "changed" : "none");
  Stay();
}
ISOPROC_CASE_WITH(ObjectInItem, QUE_53, ComesBackWithALease, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Tools>::Create());
  ASSERT_OK(queue.Put(NewTools(10)));
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<LeaseAndStay>(Into(output), queue));
  ASSERT_EQ(output.ReadLine(), "changed");
  ASSERT_OK(child.Kill());
  ASSERT_OK(Await(child));
  {
    ASSERT_OK_AND_ASSIGN(const auto lease, queue.GetLease(Patience()));
    EXPECT_EQ(NumberOf(*lease), 12);
  }
  EXPECT_EQ(NumberOf(queue.Get(Patience())), 12);
}

ISOPROC_CASE_WITH(ObjectInItem, QUE_54, MemoryOfItsOwnDoesNotGo, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Array<int64_t>>::Create());
  ASSERT_OK_AND_ASSIGN(const auto small, Array<int64_t>::Create(100));
  ASSERT_OK_AND_ASSIGN(const auto large, Array<int64_t>::Create(100'000));
  EXPECT_CODE(queue.Put(large), kInvalidArgument);
  EXPECT_TRUE(queue.Empty().value_or(false));
  ASSERT_OK(small.Store(99, 5));
  ASSERT_OK(queue.Put(small));
  ASSERT_OK_AND_ASSIGN(const auto array, queue.TryGet());
  EXPECT_EQ(array.Load(99).value_or(0), 5);
}

ISOPROC_CASE_WITH(ObjectInItem, QUE_55, LeavesNothingBehind, "processes") {
  const size_t before = CountRoom();
  {
    ASSERT_OK_AND_ASSIGN(const auto queue, Queue<Tools>::Create({.capacity = 3}));
    for (int i = 0; i < 3; ++i) ASSERT_OK(queue.Put(NewTools(1)));
    const size_t full = CountRoom();
    EXPECT_CODE(queue.TryPut(NewTools(2)), kDeadlineExceeded);
    EXPECT_EQ(CountRoom(), full);
    EXPECT_EQ(NumberOf(queue.TryGet()), 1);
    EXPECT_EQ(CountRoom(), full + 3) << "a lock, a value and what held them";
    ASSERT_OK_AND_ASSIGN(auto lease, queue.GetLease(Patience()));
    ASSERT_OK(lease.Done());
    queue.Close();
    EXPECT_CODE(queue.Put(NewTools(2)), kUnavailable);
  }
  EXPECT_EQ(CountRoom(), before);
}

}  // namespace
}  // namespace isoproc::conformance
