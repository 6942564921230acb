// Waiting for connections, together with other things.
#include <atomic>
#include <cstddef>
#include <functional>
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
#include "isoproc/pipe.h"
#include "isoproc/process.h"
#include "isoproc/sync.h"
#include "isoproc/wait.h"

namespace isoproc::conformance {
namespace {

ISOPROC_CASE(ConnectionWait, CONN_43, GivesWhatIsReady) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, other.AsWaitable());
  EXPECT_EQ(Look({waitable}), "DEADLINE_EXCEEDED");
  EXPECT_EQ(WaitFor({waitable}, absl::Milliseconds(5)), "DEADLINE_EXCEEDED");
  absl::Status sent;
  std::thread sender([&one = one, &sent] { sent = one.SendBytes("x"); });
  EXPECT_EQ(WaitFor({waitable}), "0");
  sender.join();
  EXPECT_OK(sent);
  EXPECT_EQ(Look({waitable}), "0") << "it is still there";
  EXPECT_EQ(Next(other), "x");
  EXPECT_EQ(Look({waitable}), "DEADLINE_EXCEEDED");
  ASSERT_OK(one.SendBytes("known, and not taken"));
  EXPECT_EQ(other.NextSize(Patience()).value_or(0), 20u);
  EXPECT_EQ(WaitFor({waitable}), "0");
}

// Sets the event when it hears something.
int SetWhenTold(const Connection& connection, const Event& event) {
  if (!connection.ReceiveBytes().ok()) return 1;
  return event.Set().ok() ? 0 : 2;
}
ISOPROC_CASE_WITH(ConnectionWait, CONN_44, AnyMixture, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event other_event, Event::Create());
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SetWhenTold>(Killable(), there, event));
  ASSERT_OK_AND_ASSIGN(const Waitable message, reader.AsWaitable());
  ASSERT_OK_AND_ASSIGN(const Waitable is_set, event.AsWaitable());
  ASSERT_OK_AND_ASSIGN(const Waitable never_set, other_event.AsWaitable());
  ASSERT_OK_AND_ASSIGN(const Waitable end, child.AsWaitable());
  const std::vector<Waitable> all = {never_set, end, is_set, message, is_set};
  EXPECT_EQ(Look(all), "DEADLINE_EXCEEDED");
  EXPECT_EQ(WaitFor(all, absl::Milliseconds(20)), "DEADLINE_EXCEEDED");

  ASSERT_OK(writer.SendBytes("x"));
  EXPECT_EQ(WaitFor(all), "3");
  EXPECT_EQ(Next(reader), "x");
  ASSERT_OK(here.SendBytes("now"));
  EXPECT_EQ(WaitFor({never_set, message, is_set}), "2");
  EXPECT_EQ(WaitFor({never_set, message, end}), "2");
  ASSERT_OK(writer.SendBytes("y"));
  EXPECT_EQ(WaitFor(all), "1 2 3 4");
  Observe("ready", Look(all));
  ASSERT_OK(event.Clear());
  EXPECT_EQ(WaitFor({is_set, message}), "1");
  EXPECT_EQ(EndOf(child), "exited 0");
}

// Wake-ups come from other threads; each must come, or the wait would last.
ISOPROC_CASE(ConnectionWait, CONN_44_2, EventsAndMessagesWake) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Waitable is_set, event.AsWaitable());
  ASSERT_OK_AND_ASSIGN(const Waitable message, other.AsWaitable());
  for (int i = 0; i < 20; ++i) {
    std::thread setter([&event] { event.Set().IgnoreError(); });
    EXPECT_EQ(WaitFor({message, is_set}), "1");
    setter.join();
    ASSERT_OK(event.Clear());
    std::thread sender([&one = one] { one.SendBytes("x").IgnoreError(); });
    EXPECT_EQ(WaitFor({message, is_set}), "0");
    sender.join();
    EXPECT_EQ(Next(other), "x");
  }
  EXPECT_CODE(Event().AsWaitable(), kFailedPrecondition);
}

ISOPROC_CASE(ConnectionWait, CONN_32_2, WaitableKeepsNothingOpen) {
  ASSERT_OK_AND_ASSIGN(auto pipe, Pipe());
  auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, one.AsWaitable());
  one = Connection();
  EXPECT_EQ(Next(other), "OUT_OF_RANGE");
  EXPECT_EQ(Look({waitable}), "FAILED_PRECONDITION");
}

ISOPROC_CASE(ConnectionWait, CONN_45, ReadyAtTheEnd) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, other.AsWaitable());
  one.Close();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(WaitFor({waitable}), "0");
  EXPECT_EQ(Next(other), "OUT_OF_RANGE");
  EXPECT_EQ(WaitFor({waitable}), "0");
}

ISOPROC_CASE_WITH(ConnectionWait, CONN_65, CloseWakesCallsUnderWay, "processes") {
  using Call = std::function<absl::Status(const Connection& end)>;
  const auto waits = [](const Connection& end) {
    const absl::StatusOr<Waitable> waitable = end.AsWaitable();
    return waitable.ok() ? Wait({&*waitable, 1}).status() : waitable.status();
  };
  const auto waits_for_more = [](const Connection& end) {
    const absl::StatusOr<Waitable> waitable = end.AsWaitable();
    if (!waitable.ok()) return waitable.status();
    const Event event = Event::Create().value();
    return Wait(std::vector<Waitable>{event.AsWaitable().value(), *waitable}).status();
  };
  const std::vector<std::pair<std::string, Call>> calls = {
      {"Receive", [](const Connection& end) { return end.ReceiveBytes().status(); }},
      {"NextSize", [](const Connection& end) { return end.NextSize().status(); }},
      {"Discard", [](const Connection& end) { return end.Discard(); }},
      {"Poll", [](const Connection& end) { return end.Poll(); }},
      {"Wait", waits},
      {"Wait with an event", waits_for_more},
      {"Send", [](const Connection& end) { return end.SendBytes(Large()); }}};
  for (const auto& [name, call] : calls) {
    for (const bool sleeps : {false, true}) {
      ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
      const auto& [one, other] = pipe;
      std::atomic<bool> begins = false;
      absl::Status called;
      std::thread caller([&, &one = one, &call = call] {
        begins = true;
        called = call(one);
      });
      while (!begins) std::this_thread::yield();
      if (sleeps) LetAnotherComeAndGo();  // by now
      one.Close();
      caller.join();
      EXPECT_CODE(called, kFailedPrecondition) << name;
      // Of a message that was half sent it is told once.
      const std::string end = Next(other);
      EXPECT_TRUE(end == "OUT_OF_RANGE" || end == "DATA_LOSS") << name << ": " << end;
      EXPECT_EQ(Next(other), "OUT_OF_RANGE") << name;
    }
  }
}

// A Waitable does not keep it open, nor does who waits.
ISOPROC_CASE(ConnectionWait, CONN_65_2, LastCopyWakesWhoWaits) {
  ASSERT_OK_AND_ASSIGN(auto pipe, Pipe());
  auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, one.AsWaitable());
  std::atomic<bool> begins = false;
  std::string waited;
  std::thread waiter([&] {
    begins = true;
    waited = WaitFor({waitable}, absl::InfiniteDuration());
  });
  while (!begins) std::this_thread::yield();
  one = Connection();
  waiter.join();
  EXPECT_EQ(waited, "FAILED_PRECONDITION");
  EXPECT_EQ(Next(other), "OUT_OF_RANGE");
}

ISOPROC_CASE(ConnectionWait, CONN_47, SameObjectTwice) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, other.AsWaitable());
  ASSERT_OK(one.SendBytes("x"));
  EXPECT_EQ(WaitFor({waitable, waitable}), "0 1");
}

ISOPROC_CASE(ConnectionWait, CONN_48, ClosedObjectIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, other.AsWaitable());
  ASSERT_OK(one.SendBytes("x"));
  ASSERT_OK_AND_ASSIGN(const Waitable closed, one.AsWaitable());
  one.Close();
  EXPECT_EQ(WaitFor({waitable, closed}), "FAILED_PRECONDITION");
  EXPECT_CODE(Connection().AsWaitable(), kFailedPrecondition);
}

ISOPROC_CASE(ConnectionWait, CONN_48_2, WaitableOfNothingIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, pipe.second.AsWaitable());
  ASSERT_OK(pipe.first.SendBytes("x"));
  EXPECT_EQ(WaitFor({waitable, Waitable(nullptr)}), "FAILED_PRECONDITION");
}

ISOPROC_CASE(ConnectionWait, CONN_49, AllThatAreReadyInOrder) {
  std::vector<std::pair<Connection, Connection>> pipes;
  std::vector<Waitable> objects;
  for (int i = 0; i < 70; ++i) {
    ASSERT_OK_AND_ASSIGN(auto pipe, Pipe());
    ASSERT_OK_AND_ASSIGN(const Waitable waitable, pipe.second.AsWaitable());
    pipes.push_back(std::move(pipe));
    objects.push_back(waitable);
  }
  for (const size_t i : {69, 3, 64}) ASSERT_OK(pipes[i].first.SendBytes("x"));
  EXPECT_OK(pipes[3].second.NextSize(Patience())) << "taken from the stream, and still ready";
  EXPECT_EQ(WaitFor(objects), "3 64 69");
  Observe("ready", Look(objects));
}

}  // namespace
}  // namespace isoproc::conformance
