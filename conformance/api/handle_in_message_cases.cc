// Connections, and what has memory of its own, in messages of pipes.
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <new>
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
#include "conformance/api/replaced_port.h"
#include "conformance/api/start_method_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/array.h"
#include "isoproc/pipe.h"
#include "isoproc/process.h"
#include "isoproc/queue.h"
#include "isoproc/shareable_list.h"
#include "isoproc/shared_memory.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "platform/testing/fault_port.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// Sends back what it receives until the other end is closed.
int Echo(const Connection& connection) {
  while (true) {
    const absl::StatusOr<std::string> bytes = connection.ReceiveBytes(Patience());
    if (absl::IsOutOfRange(bytes.status())) return 0;
    if (!bytes.ok() || !connection.SendBytes(*bytes).ok()) return 1;
  }
}
// Goes from the one to the other.
void ExpectConnected(const Connection& from, const Connection& to) {
  EXPECT_OK(from.SendBytes("through", Patience()));
  EXPECT_EQ(Next(to), "through");
}
std::string EndOfStream() { return "OUT_OF_RANGE"; }

// ---- connections --------------------------------------------------------------------------------

int EchoOverWhatComes(const Connection& connection) {
  const absl::StatusOr<Connection> end = connection.Receive<Connection>(Patience());
  return end.ok() ? Echo(*end) : 2;
}
ISOPROC_CASE_WITH(HandleInMessage, CONN_39, EndGoesToAChild, "processes") {
  for (const StartMethod method : StartMethods()) {
    if (method == StartMethod::kFork) continue;  // see ObjectInMessage
    ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
    const auto& [here, there] = pipe;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<EchoOverWhatComes>(By(method), there));
    ASSERT_OK_AND_ASSIGN(const auto cargo, Pipe());
    const auto& [stays, goes] = cargo;
    ASSERT_OK(stays.SendBytes("before"));
    ASSERT_OK(here.Send(goes));
    ASSERT_OK(stays.SendBytes("after"));
    EXPECT_EQ(Next(stays), "before");
    EXPECT_EQ(Next(stays), "after");
    stays.Close();
    EXPECT_EQ(EndOf(child), "exited 0");
  }
}

struct Cargo {
  std::string name;
  std::map<int, std::vector<std::optional<Connection>>> ends;
};
ISOPROC_CASE(HandleInMessage, CONN_39_2, EndsKeepTheirRestriction) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  ASSERT_OK(here.Send(Cargo{"inside", {{1, {reader, std::nullopt, Connection()}}, {2, {writer}}}}));
  ASSERT_OK_AND_ASSIGN(const Cargo cargo, there.Receive<Cargo>(Patience()));
  EXPECT_EQ(cargo.name, "inside");
  EXPECT_FALSE(cargo.ends.at(1).at(1).has_value());
  EXPECT_TRUE(cargo.ends.at(1).at(2)->closed()) << "one that refers to no end";
  const Connection& new_reader = *cargo.ends.at(1).at(0);
  const Connection& new_writer = *cargo.ends.at(2).at(0);
  EXPECT_TRUE(new_reader.readable() && !new_reader.writable());
  EXPECT_TRUE(!new_writer.readable() && new_writer.writable());
  EXPECT_CODE(new_reader.SendBytes("x"), kFailedPrecondition);
  EXPECT_CODE(new_writer.ReceiveBytes(), kFailedPrecondition);
  ExpectConnected(new_writer, new_reader);
}

struct Errand {
  Connection cargo;
  Connection to;
};
int RunErrand(const Connection& connection) {
  const absl::StatusOr<Errand> errand = connection.Receive<Errand>(Patience());
  return errand.ok() && errand->to.Send(errand->cargo, Patience()).ok() ? 0 : 1;
}
ISOPROC_CASE_WITH(HandleInMessage, CONN_39_3, EndIsHandedOn, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto to_first, Pipe());
  ASSERT_OK_AND_ASSIGN(const auto to_second, Pipe());
  ASSERT_OK_AND_ASSIGN(const auto cargo, Pipe());
  const auto& [stays, goes] = cargo;
  ASSERT_OK_AND_ASSIGN(Process first, Process::Start<RunErrand>(Killable(), to_first.second));
  ASSERT_OK_AND_ASSIGN(Process second,
                       Process::Start<EchoOverWhatComes>(Killable(), to_second.second));
  ASSERT_OK(to_first.first.Send(Errand{goes, to_second.first}));
  EXPECT_EQ(EndOf(first), "exited 0");
  ASSERT_OK(stays.SendBytes("far away"));
  EXPECT_EQ(Next(stays), "far away");
  stays.Close();
  EXPECT_EQ(EndOf(second), "exited 0");
}

void SendEndAndStay(const Connection& connection) {
  const absl::StatusOr<std::pair<Connection, Connection>> pipe = Pipe();
  const bool sent = pipe.ok() && pipe->first.SendBytes("from the dead").ok() &&
                    connection.Send(pipe->second).ok();
  Say(sent ? "sent" : "not sent");
  Stay();
}
ISOPROC_CASE_WITH(HandleInMessage, CONN_41, SenderIsKilled, "processes") {
  ASSERT_OK_AND_ASSIGN(const Connection here, EndToTheDead<SendEndAndStay>());
  ASSERT_OK_AND_ASSIGN(const Connection end, here.Receive<Connection>(Patience()));
  EXPECT_EQ(Next(end), "from the dead");
  EXPECT_EQ(Next(end), EndOfStream());
  EXPECT_CODE(end.SendBytes("x"), kUnavailable);
  EXPECT_EQ(Next(here), EndOfStream());
}

ISOPROC_CASE(HandleInMessage, CONN_66, SentEndIsClosedHere) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const auto cargo, Pipe());
  const auto& [stays, goes] = cargo;
  const Connection copy = goes;
  const std::pair<std::string, Connection> large{Large(), goes};
  EXPECT_CODE(here.Send(large, absl::Milliseconds(5)), kDeadlineExceeded);
  EXPECT_CODE(here.Send(std::pair(goes, copy)), kFailedPrecondition) << "to two places";
  EXPECT_FALSE(goes.closed());
  ExpectConnected(stays, goes);
  absl::StatusOr<Connection> arrived;
  std::thread receiver([&arrived, &end = there] { arrived = end.Receive<Connection>(Patience()); });
  EXPECT_OK(here.Send(goes, Patience()));
  receiver.join();
  EXPECT_TRUE(goes.closed() && copy.closed());
  EXPECT_CODE(copy.SendBytes("x"), kFailedPrecondition);
  EXPECT_CODE(here.Send(copy), kFailedPrecondition);
  ASSERT_OK(arrived);
  ExpectConnected(stays, *arrived);
  there.Close();
  EXPECT_CODE(here.Send(*arrived), kUnavailable);
  ExpectConnected(*arrived, stays);
}

// Of two threads. (std::latch loses wake-ups in some libraries without a futex: MinGW's of gcc 12.)
class Meeting {
 public:
  void Arrive() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return arrived_ == 2; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
};

// An end in a message that goes on when two have come so far.
struct MeetingEnd {
  Connection end;
  static inline Meeting* meeting = nullptr;

  template <class Archive>
  void save(Archive& archive) const {
    archive(end);
    meeting->Arrive();
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(end);
  }
};
// Sends an end over `first` and another one over `second`, both at the same time.
std::pair<absl::Status, absl::Status> SendBoth(const Connection& first, const Connection& by_first,
                                               const Connection& second,
                                               const Connection& by_second) {
  Meeting meeting;
  MeetingEnd::meeting = &meeting;
  absl::Status sent;
  std::thread other([&] { sent = first.Send(MeetingEnd{by_first}); });
  const absl::Status also_sent = second.Send(MeetingEnd{by_second});
  other.join();
  return {sent, also_sent};
}

// Each would wait for the other if who sends an end waited for one that is on its way.
ISOPROC_CASE(HandleInMessage, CONN_66_2, EndsInMessagesOverEachOther) {
  ASSERT_OK_AND_ASSIGN(const auto one, Pipe());
  ASSERT_OK_AND_ASSIGN(const auto two, Pipe());
  const auto [first, second] = SendBoth(one.first, two.first, two.first, one.first);
  EXPECT_FALSE(first.ok() && second.ok());
  for (const absl::Status& sent : {first, second}) {
    EXPECT_TRUE(sent.ok() || absl::IsFailedPrecondition(sent)) << sent;
  }
  EXPECT_EQ(two.first.closed(), first.ok());
  EXPECT_EQ(one.first.closed(), second.ok());
}

// ---- memory -------------------------------------------------------------------------------------

struct Numbers {
  std::array<int64_t, 10'000> all;
};
struct Things {
  SharedMemory memory;
  ShareableList list;
  Array<int64_t> array;
  Value<Numbers> numbers;
  Queue<std::string> queue;
  Lock lock;
};
absl::StatusOr<Things> NewThings() {
  const auto memory = SharedMemory::Create(100'000);
  const auto list = ShareableList::Create({{int64_t{1}, std::string("two")}});
  const auto array = Array<int64_t>::Create(100'000);
  const auto numbers = Value<Numbers>::Create();
  const auto queue = Queue<std::string>::Create();
  const auto lock = Lock::Create();
  for (const absl::Status& status : {memory.status(), list.status(), array.status(),
                                     numbers.status(), queue.status(), lock.status()}) {
    if (!status.ok()) return status;
  }
  return Things{*memory, *list, *array, *numbers, *queue, *lock};
}
absl::Status Change(const Things& things) {
  things.memory.bytes()[99'999] = std::byte{1};
  absl::Status status = things.list.Store(0, int64_t{2});
  status.Update(things.array.Store(99'999, 3));
  status.Update(things.numbers.Update([](Numbers& numbers) { numbers.all[9'999] = 4; }));
  status.Update(things.queue.Put("five"));
  status.Update(things.lock.Acquire(Patience()).status());
  return status;
}
void ExpectChanged(const Things& things, LockStatus lock_status) {
  EXPECT_EQ(things.memory.view()[99'999], std::byte{1});
  EXPECT_TRUE(things.list.Load(0).value_or(std::monostate()) == ShareableList::Item(int64_t{2}));
  EXPECT_EQ(things.array.Load(99'999).value_or(0), 3);
  const absl::StatusOr<Numbers> numbers = things.numbers.Load();
  EXPECT_TRUE(numbers.ok() && numbers->all[9'999] == 4);
  EXPECT_EQ(things.queue.Get(Patience()).value_or(""), "five");
  EXPECT_TRUE(things.lock.Acquire(Patience()).value_or(LockStatus{}) == lock_status);
}

int ChangeWhatComes(const Connection& connection) {
  const absl::StatusOr<Things> things = connection.Receive<Things>(Patience());
  return things.ok() && Change(*things).ok() && things->lock.Release().ok() ? 0 : 1;
}
ISOPROC_CASE_WITH(HandleInMessage, CONN_67, MemoryIsShared, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<ChangeWhatComes>(Killable(), there));
  ASSERT_OK_AND_ASSIGN(const Things things, NewThings());
  ASSERT_OK(here.Send(things));
  EXPECT_EQ(EndOf(child), "exited 0");
  ExpectChanged(things, LockStatus::kOk);
}

void SendChanged(const Connection& connection) {
  const absl::StatusOr<Things> things = NewThings();
  const bool sent = things.ok() && connection.Send(*things).ok() && Change(*things).ok();
  Say(sent ? "sent" : "not sent");
  Stay();
}
ISOPROC_CASE_WITH(HandleInMessage, CONN_67_2, ItsSenderIsKilled, "processes") {
  ASSERT_OK_AND_ASSIGN(const Connection here, EndToTheDead<SendChanged>());
  ASSERT_OK_AND_ASSIGN(const Things things, here.Receive<Things>(Patience()));
  ExpectChanged(things, LockStatus::kOwnerDied);
}

using ThingsAndEnd = std::pair<Things, Connection>;
int SendAll(const Connection& connection) {
  const absl::StatusOr<Things> things = NewThings();
  const absl::StatusOr<std::pair<Connection, Connection>> pipe = Pipe();
  if (!things.ok() || !pipe.ok()) return 1;
  if (!connection.Send(ThingsAndEnd(*things, pipe->second)).ok()) return 2;
  return Change(*things).ok() && things->lock.Release().ok() ? Echo(pipe->first) : 3;
}
ISOPROC_CASE_WITH(HandleInMessage, CTX_13, AllTravelFromAChildToItsParent, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SendAll>(Killable(), pipe.second));
  {
    const auto all = pipe.first.Receive<ThingsAndEnd>(Patience());
    ASSERT_OK(all);
    ASSERT_OK(all->second.SendBytes("changed"));
    EXPECT_EQ(Next(all->second), "changed");
    ExpectChanged(all->first, LockStatus::kOk);
  }
  EXPECT_EQ(EndOf(child), "exited 0");
}

// ---- what nobody receives -----------------------------------------------------------------------

// A pipe whose second end is sent over `by`; gives the first.
Connection SendNewEnd(const Connection& by) {
  const absl::StatusOr<std::pair<Connection, Connection>> pipe = Pipe();
  if (!pipe.ok()) return {};
  EXPECT_OK(by.Send(std::pair(std::string("name"), pipe->second)));
  return pipe->first;
}
ISOPROC_CASE(HandleInMessage, CONN_68, DroppedEndIsClosed) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  Connection end = SendNewEnd(here);
  EXPECT_CODE(there.Receive<Connection>(Patience()), kDataLoss) << "is of another type";
  EXPECT_EQ(Next(end), EndOfStream());
  end = SendNewEnd(here);
  EXPECT_OK(there.ReceiveBytes(Patience()));
  EXPECT_EQ(Next(end), EndOfStream());
  end = SendNewEnd(here);
  std::array<std::byte, 1000> buffer;
  EXPECT_OK(there.ReceiveBytesInto(absl::MakeSpan(buffer), Patience()));
  EXPECT_EQ(Next(end), EndOfStream());
  end = SendNewEnd(here);
  EXPECT_OK(there.NextSize(Patience()));
  EXPECT_OK(there.Discard(Patience()));
  EXPECT_EQ(Next(end), EndOfStream()) << "at once, as it has come";
  end = SendNewEnd(here);
  EXPECT_CODE(there.ReceiveBytes(Patience(), /*max_size=*/1), kResourceExhausted) << "it stays";
  EXPECT_OK((there.Receive<std::pair<std::string, Connection>>(Patience())));
  EXPECT_EQ(Next(end), EndOfStream());
  end = SendNewEnd(here);
  there.Close();
  EXPECT_EQ(Next(end), EndOfStream()) << "with the receiving end";
}

ISOPROC_CASE(HandleInMessage, CONN_68_2, GivenUpMessageHoldsNothing) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const auto cargo, Pipe());
  const auto& [stays, goes] = cargo;
  EXPECT_CODE(here.Send(std::pair(Large(), goes), absl::Milliseconds(5)), kDeadlineExceeded);
  EXPECT_CODE(here.Send(goes, absl::ZeroDuration()), kDeadlineExceeded);
  goes.Close();
  EXPECT_EQ(Next(stays), EndOfStream());
  std::string next;
  std::thread reader([&next, &end = there] { next = Next(end); });
  EXPECT_OK(here.SendBytes("next", Patience()));
  reader.join();
  EXPECT_EQ(next, "next");
  ASSERT_OK_AND_ASSIGN(const auto way, Pipe());
  EXPECT_OK(way.first.Send(there)) << "nothing waits for it";
}

void NeverReceive(const Connection& connection) {
  Say("here");
  Stay();
  connection.Close();
}
ISOPROC_CASE_WITH(HandleInMessage, CONN_68_3, ReceiverIsKilled, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<NeverReceive>(Into(output), there));
  ASSERT_EQ(output.ReadLine(), "here");
  const Connection end = SendNewEnd(here);
  ASSERT_OK(child.Kill());
  ASSERT_OK(Await(child));
  EXPECT_EQ(Next(end), EndOfStream());
  ASSERT_OK_AND_ASSIGN(const auto cargo, Pipe());
  EXPECT_CODE(here.Send(cargo.second, Patience()), kUnavailable);
  ExpectConnected(cargo.first, cargo.second);
}

void CloseWithoutReceiving(const Connection& connection, const Connection& control) {
  control.ReceiveBytes(Patience()).IgnoreError();
  connection.Close();
  Say("closed");
  Stay();
}
ISOPROC_CASE_WITH(HandleInMessage, CONN_68_4, ReceiverClosesItsEndAndLives, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(const auto control, Pipe());
  ASSERT_OK_AND_ASSIGN(Process child,
                       Process::Start<CloseWithoutReceiving>(Into(output), there, control.second));
  const Connection end = SendNewEnd(here);
  ASSERT_OK(control.first.SendBytes("close"));
  ASSERT_EQ(output.ReadLine(), "closed");
  EXPECT_EQ(Next(end), EndOfStream());
}

// Whatever becomes of messages, no handle stays.
ISOPROC_CASE(HandleInMessage, CONN_68_5, NoHandleIsLeftOpen) {
  int before = 0;
  for (const bool first : {true, false}) {  // the first round makes what is kept
    for (int i = 0; i < 10; ++i) {
      ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
      const auto& [here, there] = pipe;
      ASSERT_OK_AND_ASSIGN(const Things things, NewThings());
      SendNewEnd(here);
      ASSERT_OK(here.Send(things));
      SendNewEnd(here);
      ASSERT_OK(here.Send(things));
      SendNewEnd(here);
      EXPECT_OK((there.Receive<std::pair<std::string, Connection>>(Patience())));
      EXPECT_OK(there.Receive<Things>(Patience()));
      EXPECT_OK(there.Discard(Patience()));
      EXPECT_OK(there.ReceiveBytes(Patience()));
    }
    const int now = system_support::CountHandles();
    if (!first) {
      EXPECT_EQ(now, before);
    }
    before = now;
  }
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
ISOPROC_CASE(HandleInMessage, CONN_68_6, ObjectsGoWithTheReceivingEnd) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  {  // the pipe gets an object of its own
    ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
    ASSERT_OK(here.Send(lock));
    EXPECT_OK(there.Receive<Lock>(Patience()));
  }
  const size_t room = CountRoom();
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
    ASSERT_OK_AND_ASSIGN(const SharedMemory memory, SharedMemory::Create(100));
    ASSERT_OK(here.Send(std::pair(lock, memory)));
  }
  there.Close();
  EXPECT_EQ(CountRoom(), room) << "while the other end is open";
}

// Memory does not suffice for it the first time.
struct HungryEnd {
  Connection end;
  static inline bool is_fed = false;

  template <class Archive>
  void save(Archive& archive) const {
    archive(end);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(end);
    if (!std::exchange(is_fed, true)) throw std::bad_alloc();
  }
};
int StayAsCopy(const Connection& connection) {
  if (!connection.SendBytes("here").ok()) return 1;
  return Next(connection) == EndOfStream() ? 0 : 2;
}
// Runs in a child, which has no other threads.
int ReceiveBesideACopy() {
  const absl::StatusOr<std::pair<Connection, Connection>> pipe = Pipe();
  const absl::StatusOr<std::pair<Connection, Connection>> cargo = Pipe();
  const absl::StatusOr<std::pair<Connection, Connection>> control = Pipe();
  if (!pipe.ok() || !cargo.ok() || !control.ok()) return 1;
  if (!pipe->first.Send(HungryEnd{cargo->second}).ok()) return 2;
  HungryEnd::is_fed = false;
  const absl::Status stays = pipe->second.Receive<HungryEnd>(Patience()).status();
  if (!absl::IsResourceExhausted(stays)) return 3;
  ProcessOptions options = By(StartMethod::kFork);
  options.at_exit = AtExit::kKill;
  absl::StatusOr<Process> copy = Process::Start<StayAsCopy>(options, control->second);
  if (!copy.ok() || Next(control->first) != "here") return 4;
  if (!pipe->second.Receive<HungryEnd>(Patience()).ok()) return 5;
  if (Next(cargo->first) != EndOfStream()) return 6;  // while the copy lives
  control->first.Close();
  return EndOf(*copy) == "exited 0" ? 0 : 7;
}
ISOPROC_CASE_WITH(HandleInMessage, CONN_68_7, CopyOfTheProcessKeepsNoHandle, "fork") {
  EXPECT_EQ(EndOf(Process::Start<ReceiveBesideACopy>(Killable())), "exited 0");
}

// ---- ends that do not move, or are on their way -------------------------------------------------

int ReceiveEnd(const Connection& connection) { return Next(connection) == EndOfStream() ? 0 : 1; }
ISOPROC_CASE_WITH(HandleInMessage, CONN_69, EndWithHandlesUnreadDoesNotMove, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const auto way, Pipe());
  const Connection end = SendNewEnd(here);
  EXPECT_CODE(Process::Start<ReceiveEnd>(Killable(), there), kFailedPrecondition);
  EXPECT_CODE(way.first.Send(there), kFailedPrecondition);
  EXPECT_OK(there.NextSize(Patience()));
  EXPECT_CODE(way.first.Send(there), kFailedPrecondition);
  EXPECT_OK(there.Discard(Patience()));
  EXPECT_EQ(Next(end), EndOfStream());
  ASSERT_OK(way.first.Send(there));
  ASSERT_OK_AND_ASSIGN(const Connection moved_once, way.second.Receive<Connection>(Patience()));
  const Connection next = SendNewEnd(here);
  EXPECT_CODE(way.first.Send(moved_once), kFailedPrecondition);
  {
    const auto received = moved_once.Receive<std::pair<std::string, Connection>>(Patience());
    ASSERT_OK(received);
    ExpectConnected(next, received->second);
  }
  ASSERT_OK(way.first.Send(moved_once));
  ASSERT_OK_AND_ASSIGN(const Connection moved, way.second.Receive<Connection>(Patience()));
  EXPECT_EQ(Next(next), EndOfStream());
  const Connection other = SendNewEnd(here);
  EXPECT_OK(moved.ReceiveBytes(Patience()));
  EXPECT_EQ(Next(other), EndOfStream());
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<ReceiveEnd>(Killable(), moved));
  here.Close();
  EXPECT_EQ(EndOf(child), "exited 0");
}

ISOPROC_CASE(HandleInMessage, CONN_70, EndDoesNotGoOverItsOwnPipe) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  EXPECT_CODE(here.Send(there), kInvalidArgument);
  EXPECT_CODE(here.Send(here), kInvalidArgument);
  ExpectConnected(here, there);
  ASSERT_OK_AND_ASSIGN(const auto way, Pipe());
  for (const Connection& end : {here, there}) ASSERT_OK(way.first.Send(end));
  ASSERT_OK_AND_ASSIGN(const Connection one, way.second.Receive<Connection>(Patience()));
  ASSERT_OK_AND_ASSIGN(const Connection other, way.second.Receive<Connection>(Patience()));
  EXPECT_CODE(one.Send(other), kInvalidArgument) << "also when they have come separately";
  ExpectConnected(other, one);
}

ISOPROC_CASE(HandleInMessage, CONN_71, HandlesWaitForAnEndOnItsWay) {
  ASSERT_OK_AND_ASSIGN(const auto way, Pipe());
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const SharedMemory memory, SharedMemory::Create(100));
  ASSERT_OK(way.first.Send(there));
  EXPECT_CODE(here.Send(memory, absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_CODE(here.Send(memory, absl::Milliseconds(20)), kDeadlineExceeded);
  ASSERT_OK(here.SendBytes("bytes do not"));
  absl::Status sent;
  std::thread sender([&, &end = here] { sent = end.Send(memory, Patience()); });
  const absl::StatusOr<Connection> arrived = way.second.Receive<Connection>(Patience());
  EXPECT_OK(arrived);
  sender.join();
  EXPECT_OK(sent);
  ASSERT_OK(arrived);
  EXPECT_EQ(Next(*arrived), "bytes do not");
  ASSERT_OK_AND_ASSIGN(const SharedMemory same, arrived->Receive<SharedMemory>(Patience()));
  memory.bytes()[99] = std::byte{7};
  EXPECT_EQ(same.view()[99], std::byte{7});
  // It is closed on its way.
  ASSERT_OK(way.first.Send(*arrived));
  sender = std::thread([&, &end = here] { sent = end.Send(memory, Patience()); });
  EXPECT_OK(way.second.Discard(Patience()));
  way.second.Close();
  sender.join();
  EXPECT_CODE(sent, kUnavailable);
}

// Neither end arrives if who sends one waits for the other.
ISOPROC_CASE(HandleInMessage, CONN_71_2, EndsAreSentToEachOther) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto one, Pipe());
    ASSERT_OK_AND_ASSIGN(const auto two, Pipe());
    const auto [first, second] = SendBoth(one.first, two.second, two.first, one.second);
    EXPECT_NE(first.ok(), second.ok()) << first << ", " << second;
    EXPECT_CODE(first.ok() ? second : first, kFailedPrecondition);
    const Connection& stays = first.ok() ? one.second : two.second;
    const absl::StatusOr<MeetingEnd> arrived = stays.Receive<MeetingEnd>(Patience());
    ASSERT_OK(arrived);
    ExpectConnected(first.ok() ? two.first : one.first, arrived->end);
  }
}

ISOPROC_CASE(HandleInMessage, CONN_71_3, CloseEndsTheWait) {
  ASSERT_OK_AND_ASSIGN(const auto way, Pipe());
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const SharedMemory memory, SharedMemory::Create(100));
  ASSERT_OK(way.first.Send(there));
  absl::Status sent;
  std::thread sender([&, &end = here] { sent = end.Send(memory); });
  here.Close();
  sender.join();
  EXPECT_CODE(sent, kFailedPrecondition);
}

ISOPROC_CASE(HandleInMessage, CONN_72, ManyEndsInOneMessage) {
  constexpr int kMany = 100;
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  std::vector<Connection> stay;
  std::vector<Connection> go;
  for (int i = 0; i < kMany; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto cargo, Pipe());
    stay.push_back(cargo.first);
    go.push_back(cargo.second);
  }
  absl::Status sent;
  std::thread sender([&] { sent = pipe.first.Send(go, Patience()); });
  const auto arrived = pipe.second.Receive<std::vector<Connection>>(Patience());
  sender.join();
  EXPECT_OK(sent);
  ASSERT_OK(arrived);
  ASSERT_EQ(arrived->size(), stay.size());
  for (size_t i = 0; i < stay.size(); ++i) ExpectConnected(stay[i], (*arrived)[i]);
}

// ---- when the system fails ----------------------------------------------------------------------

// Each call of the port fails once, on either side: what is sent arrives, or is as it was, or is
// closed with the message; and there is no end that stays open somewhere.
ISOPROC_CASE(HandleInMessage, CONN_73, EachCallFailsOnce) {
  for (const char* const only : {"Stream::SendHandle", "Stream::ReceiveHandle", "Stream::Write",
                                 "Stream::Read", "AdoptStream", "WatchDeath"}) {
    for (int n = 1;; ++n) {
      port::FaultPort port(port::HostPort());
      const ReplacedPort replaced(port);
      ASSERT_OK_AND_ASSIGN(auto pipe, Pipe());
      ASSERT_OK_AND_ASSIGN(const auto cargo, Pipe());
      const auto& [stays, goes] = cargo;
      ASSERT_OK_AND_ASSIGN(const SharedMemory memory, SharedMemory::Create(100));
      port.FailCall(n, absl::ResourceExhaustedError("injected"), port::FaultPlan::Repeat::kOnce,
                    only);
      const absl::Status sent = pipe.first.Send(std::pair(memory, goes));
      absl::StatusOr<std::pair<SharedMemory, Connection>> arrived;
      if (sent.ok()) {
        arrived = pipe.second.Receive<std::pair<SharedMemory, Connection>>(Patience());
      }
      const bool fired = port.fired();
      port.FailNothing();
      const bool has_arrived = sent.ok() && arrived.ok();
      EXPECT_EQ(goes.closed(), sent.ok()) << only << ' ' << n;
      if (!sent.ok()) {
        ExpectConnected(stays, goes);
        goes.Close();
      } else if (has_arrived) {
        ExpectConnected(stays, arrived->second);
        arrived->second.Close();
      }
      pipe = {};
      EXPECT_EQ(Next(stays), EndOfStream()) << only << ' ' << n;
      if (!fired) {
        EXPECT_TRUE(has_arrived) << only << ' ' << n;
        break;
      }
      if (testing::Test::HasFailure()) return;
    }
  }
}

// The system refuses a handle: the receiver's end is not bound to the message that is given up, and
// nothing of what was sent before stays there.
ISOPROC_CASE(HandleInMessage, CONN_73_2, WhatIsRefusedIsTakenBack) {
  for (const int which : {1, 2}) {
    port::FaultPort port(port::HostPort());
    const ReplacedPort replaced(port);
    ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
    const auto& [here, there] = pipe;
    ASSERT_OK_AND_ASSIGN(const auto one, Pipe());
    ASSERT_OK_AND_ASSIGN(const auto two, Pipe());
    port.FailCall(which, absl::ResourceExhaustedError("injected"), port::FaultPlan::Repeat::kOnce,
                  "Stream::SendHandle");
    EXPECT_CODE(here.Send(std::pair(one.second, two.second)), kResourceExhausted);
    EXPECT_TRUE(port.fired());
    port.FailNothing();
    EXPECT_CODE(there.ReceiveBytes(absl::ZeroDuration()), kDeadlineExceeded);
    one.second.Close();
    EXPECT_EQ(Next(one.first), EndOfStream()) << "before the sender sends again";
    ASSERT_OK_AND_ASSIGN(const auto way, Pipe());
    EXPECT_OK(way.first.Send(there)) << "nothing waits for it";
  }
}

// The receiver is short of something else than room for the handle: it is still to be had.
ISOPROC_CASE(HandleInMessage, CONN_73_3, ShortageOfTheReceiverLosesNothing) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  const Connection end = SendNewEnd(here);
  port.FailCall(1, absl::AbortedError("injected"), port::FaultPlan::Repeat::kOnce,
                "Stream::ReceiveHandle");
  EXPECT_CODE((there.Receive<std::pair<std::string, Connection>>(Patience())), kResourceExhausted);
  EXPECT_TRUE(port.fired());
  const auto received = there.Receive<std::pair<std::string, Connection>>(Patience());
  ASSERT_OK(received);
  ExpectConnected(end, received->second);
}

}  // namespace
}  // namespace isoproc::conformance
