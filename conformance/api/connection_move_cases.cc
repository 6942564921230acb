// Connections between processes, and how their ends get there.
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "conformance/api/connection_support.h"
#include "conformance/api/process_support.h"
#include "conformance/api/start_method_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/port/support.h"
#include "isoproc/pipe.h"
#include "isoproc/process.h"
#include "isoproc/wait.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// Sends back what it receives until the other end is closed.
int Echo(const Connection& connection) {
  while (true) {
    const absl::StatusOr<std::string> bytes = connection.ReceiveBytes();
    if (absl::IsOutOfRange(bytes.status())) return 0;
    if (!bytes.ok() || !connection.SendBytes(*bytes).ok()) return 1;
  }
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_04_2, MessagesGoToAChildAndBack, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<Echo>(Killable(), there));
  for (const size_t size : {0, 1, 5000, 70000}) {
    ASSERT_OK(here.SendBytes(Pattern(size), Patience()));
    EXPECT_TRUE(Next(here) == Pattern(size)) << size;
  }
  here.Close();
  EXPECT_EQ(EndOf(child), "exited 0");
}

struct Square {
  int64_t number;
  std::vector<std::string> notes;
};
void SquareOnce(const Connection& connection) {
  absl::StatusOr<Square> square = connection.Receive<Square>();
  if (!square.ok()) return;
  square->number *= square->number;
  square->notes.emplace_back("squared");
  connection.Send(*square).IgnoreError();
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_05_2, ValuesGoToAChildAndBack, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SquareOnce>(Killable(), there));
  ASSERT_OK(here.Send(Square{12, {"given"}}));
  ASSERT_OK_AND_ASSIGN(const Square square, here.Receive<Square>(Patience()));
  EXPECT_EQ(square.number, 144);
  EXPECT_EQ(square.notes, (std::vector<std::string>{"given", "squared"}));
  EXPECT_EQ(EndOf(child), "exited 0");
}

void SendAndStay(const Connection& connection) {
  connection.SendBytes("sent before the end").IgnoreError();
  Say("sent");
  Stay();
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_18_2, WhatAKilledChildHasSentIsReceived, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SendAndStay>(Into(output), there));
  ASSERT_EQ(output.ReadLine(), "sent");
  ASSERT_OK(child.Kill());
  ASSERT_OK(Await(child));
  EXPECT_EQ(Next(here), "sent before the end");
  EXPECT_EQ(Next(here), "OUT_OF_RANGE");
}

int SendMore(const Connection& connection) {
  connection.SendBytes("whole").IgnoreError();
  connection.SendBytes(Large()).IgnoreError();  // nobody reads all of it
  return 1;
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_19, MessageOfAKilledSenderIsTorn, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SendMore>(Killable(), writer));
  EXPECT_EQ(Next(reader), "whole");
  EXPECT_EQ(reader.NextSize(Patience()).value_or(0), Large().size());
  ASSERT_OK(child.Kill());
  ASSERT_OK(Await(child));
  EXPECT_EQ(Next(reader), "DATA_LOSS");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Next(reader), "OUT_OF_RANGE");
}

// The same when its sender gives it up and goes.
ISOPROC_CASE(ConnectionMove, CONN_19_2, MessageThatIsGivenUpIsTornAtTheEnd) {
  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  EXPECT_CODE(writer.SendBytes(Large(), absl::Milliseconds(5)), kDeadlineExceeded);
  writer.Close();
  EXPECT_EQ(Next(reader), "DATA_LOSS");
  EXPECT_EQ(Next(reader), "OUT_OF_RANGE");
}

int Ignore(const Connection&) { return 3; }
ISOPROC_CASE_WITH(ConnectionMove, CONN_21, MovedEndLeavesNoCopy, "processes") {
  for (const StartMethod method : StartMethods()) {
    if (method == StartMethod::kFork) continue;  // see CONN_56
    ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
    const auto& [here, there] = pipe;
    const Connection copy = there;
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<Ignore>(By(method), there));
    EXPECT_TRUE(there.closed() && copy.closed());
    EXPECT_CODE(copy.SendBytes("x"), kFailedPrecondition);
    EXPECT_EQ(Next(here), "OUT_OF_RANGE") << "the child has ended";
    EXPECT_EQ(EndOf(child), "exited 3");
  }
}

struct Ends {
  std::map<std::string, std::vector<Connection>> by_name;
  Connection none;
};
int UseEnds(const Ends& ends, const std::optional<Connection>& reader) {
  const Connection& first = ends.by_name.at("a").at(0);
  const Connection& second = ends.by_name.at("a").at(1);
  if (!ends.none.closed() || reader->writable() || !reader->readable()) return 1;
  if (!first.SendBytes(Next(*reader)).ok() || !second.SendBytes("second").ok()) return 2;
  return absl::IsFailedPrecondition(reader->SendBytes("x")) ? 0 : 3;
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_21_2, EndsTravelInsideOtherValues, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, one_there] = pipe;
  const auto second = Pipe();
  ASSERT_OK(second);
  const auto third = OneWayPipe();
  ASSERT_OK(third);
  const Ends ends{{{"a", {one_there, second->second}}}, Connection()};
  ASSERT_OK_AND_ASSIGN(Process child,
                       Process::Start<UseEnds>(Killable(), ends, std::optional(third->first)));
  ASSERT_OK(third->second.SendBytes("handed on"));
  EXPECT_EQ(Next(one), "handed on");
  EXPECT_EQ(Next(second->first), "second");
  EXPECT_EQ(EndOf(child), "exited 0");
}

int HandOn(const Connection& connection) {
  absl::StatusOr<Process> grandchild = Process::Start<Echo>(Killable(), connection);
  return grandchild.ok() && connection.closed() && EndOf(*grandchild) == "exited 0" ? 0 : 1;
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_21_3, EndIsHandedOn, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<HandOn>(Killable(), there));
  ASSERT_OK(here.SendBytes("far away"));
  EXPECT_EQ(Next(here), "far away");
  here.Close();
  EXPECT_EQ(EndOf(child), "exited 0");
}

ISOPROC_CASE_WITH(ConnectionMove, CONN_22, EndThatCouldNotMoveStays, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ProcessOptions options = Killable();
  options.working_directory = "no/such/directory";
  EXPECT_CODE(Process::Start<Echo>(options, there), kNotFound);
  const auto both = [](const Connection&, const Connection&) {};
  EXPECT_CODE(Process::Start(both, there, there), kFailedPrecondition) << "to two places";
  EXPECT_FALSE(there.closed());
  ASSERT_OK(here.SendBytes("still here"));
  EXPECT_EQ(Next(there), "still here");
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<Echo>(Killable(), there));
  ASSERT_OK(here.SendBytes("there now"));
  EXPECT_EQ(Next(here), "there now");
  here.Close();
  EXPECT_EQ(EndOf(child), "exited 0");
}

// How often it starts in vain is how long the other thread takes to get there.
ISOPROC_CASE_WITH(ConnectionMove, CONN_61, EndThatIsPolledDoesNotMove, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, there.AsWaitable());
  ProcessOptions in_vain = Killable();
  in_vain.working_directory = "no/such/directory";
  for (const bool waits : {false, true}) {
    absl::Status ready;
    std::atomic<bool> over = false;
    std::thread poller([&, &there = there] {
      do {
        ready = waits ? Wait(absl::MakeConstSpan(&waitable, 1), Patience()).status()
                      : there.Poll(Patience());
      } while (absl::IsFailedPrecondition(ready));  // it is on its way
      over = true;
    });
    absl::Status started;
    do {
      started = Process::Start<Ignore>(in_vain, there).status();
    } while (absl::IsNotFound(started) && !over);
    EXPECT_CODE(started, kFailedPrecondition);
    EXPECT_OK(here.SendBytes("still here"));
    poller.join();
    EXPECT_OK(ready);
    EXPECT_EQ(Next(there), "still here");
  }
  EXPECT_EQ(EndOf(Process::Start<Ignore>(Killable(), there)), "exited 3");
  EXPECT_EQ(Next(here), "OUT_OF_RANGE");
}

ISOPROC_CASE_WITH(ConnectionMove, CONN_62, EndThatIsGoneDoesNotMove, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<Echo>(Killable(), there));
  EXPECT_CODE(Process::Start<Echo>(Killable(), there), kFailedPrecondition) << "it has moved";
  here.Close();
  EXPECT_CODE(Process::Start<Echo>(Killable(), here), kFailedPrecondition) << "it is closed";
  EXPECT_EQ(EndOf(child), "exited 0");
  EXPECT_EQ(EndOf(Process::Start<Ignore>(Killable(), Connection())), "exited 3");
}

int FinishBoth(const Connection& given_up, const Connection& half_received) {
  if (!given_up.SendBytes("after").ok()) return 1;
  if (half_received.ReceiveBytes().value_or("") != Large()) return 2;
  return Next(half_received) == "too long for those before" ? 0 : 3;
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_54, HalfAMessageMovesAlong, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  EXPECT_CODE(writer.SendBytes(Large(), absl::Milliseconds(5)), kDeadlineExceeded);
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  absl::Status sent;
  std::thread sender([&here = here, &sent] {
    sent = here.SendBytes(Large(), Patience());
    sent.Update(here.SendBytes("too long for those before", Patience()));
  });
  EXPECT_OK(there.NextSize(Patience()));
  EXPECT_EQ(Next(there, absl::Microseconds(50)), "DEADLINE_EXCEEDED") << "or it is very fast";
  absl::StatusOr<Process> child = Process::Start<FinishBoth>(Killable(), writer, there);
  const std::string after = Next(reader);
  sender.join();
  EXPECT_OK(sent);
  EXPECT_EQ(after, "after");
  EXPECT_EQ(EndOf(std::move(child)), "exited 0");
}

int ReceiveAfter(const Connection& connection) { return Next(connection) == "after" ? 0 : 1; }
ISOPROC_CASE_WITH(ConnectionMove, CONN_54_3, MessageThatWasDiscardedStaysSo, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  absl::Status sent;
  std::thread sender([&here = here, &sent] {
    sent = here.SendBytes(Large(), Patience());
    sent.Update(here.SendBytes("after", Patience()));
  });
  EXPECT_OK(there.Discard(Patience()));
  absl::StatusOr<Process> child = Process::Start<ReceiveAfter>(Killable(), there);
  sender.join();
  EXPECT_OK(sent);
  EXPECT_EQ(EndOf(std::move(child)), "exited 0");
}

int ReceiveOne(const Connection& connection) {
  return connection.Poll(absl::ZeroDuration()).ok() && Next(connection) == "waits" ? 0 : 1;
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_54_2, MessageThatWasLookedAtMovesAlong, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  ASSERT_OK(here.SendBytes("waits"));
  EXPECT_EQ(there.NextSize(Patience()).value_or(0), 5u);
  EXPECT_EQ(EndOf(Process::Start<ReceiveOne>(Killable(), there)), "exited 0");
}

ISOPROC_CASE_WITH(ConnectionMove, CONN_55, ForkMayNotUseIt, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [here, there] = pipe;
  const int code = system_support::RunInFork([&here = here, &there = there] {
    const bool refused = absl::IsFailedPrecondition(here.SendBytes("x")) &&
                         absl::IsFailedPrecondition(there.ReceiveBytes().status());
    there.Close();
    return refused && here.closed() ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  ASSERT_OK(here.SendBytes("as if nothing had been"));
  EXPECT_EQ(Next(there), "as if nothing had been");
}

// A thread of the original may have whatever lock there is when the copy is made.
ISOPROC_CASE(ConnectionMove, CONN_55_2, ForkMakesPipesOfItsOwn) {
  ASSERT_OK(Pipe().status());
  std::atomic<bool> enough = false;
  std::thread other([&enough] {
    while (!enough) Pipe().IgnoreError();
  });
  int code = 0;
  for (int i = 0; i < 300 && code == 0; ++i) {
    code = system_support::RunInFork([] { return Pipe().ok() ? 0 : 1; });
  }
  enough = true;
  other.join();
  EXPECT_EQ(code, 0);
}

void CloseAndStay(const Connection& connection) {
  connection.Close();
  Stay();
}
// Runs in a child, which has no other threads.
int ForkWithOpenEnds() {
  const absl::StatusOr<std::pair<Connection, Connection>> moves = Pipe();
  const absl::StatusOr<std::pair<Connection, Connection>> stays = Pipe();
  if (!moves.ok() || !stays.ok()) return 1;
  ProcessOptions options = By(StartMethod::kFork);
  options.at_exit = AtExit::kKill;
  absl::StatusOr<Process> fork = Process::Start<Echo>(options, moves->second);
  if (!fork.ok()) return 2;
  stays->first.Close();
  if (Next(stays->second) != "OUT_OF_RANGE") return 3;
  if (!moves->first.SendBytes("x").ok() || Next(moves->first) != "x") return 4;
  moves->first.Close();
  if (EndOf(*fork) != "exited 0") return 5;
  const absl::StatusOr<std::pair<Connection, Connection>> closed = Pipe();
  const absl::StatusOr<Process> stays_on = Process::Start<CloseAndStay>(options, closed->second);
  if (!stays_on.ok()) return 6;
  return Next(closed->first) == "OUT_OF_RANGE" && stays_on->IsAlive() ? 0 : 7;
}
ISOPROC_CASE_WITH(ConnectionMove, CONN_56, ForkHasNoCopies, "processes") {
  EXPECT_EQ(EndOf(Process::Start<ForkWithOpenEnds>(Killable())), "exited 0");
}

}  // namespace
}  // namespace isoproc::conformance
