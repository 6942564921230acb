// platform/port/sync.h: park and unpark.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/port/support.h"
#include "platform/port/port.h"
#include "platform/testing/left_running.h"

namespace isoproc::conformance {
namespace {

using port::Handle;
using port::Parker;
using port::ParkerCell;
using port::Segment;

// What the cases keep in shared memory. All zero at first, as a new segment is.
struct Shared {
  ParkerCell cells[2];
  int64_t counter;
};
Shared& SharedIn(Segment& segment) { return *reinterpret_cast<Shared*>(segment.data().data()); }

ISOPROC_CASE(Park, PARK_01, EarlyUnparkIsKeptOnce) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  ParkerCell& cell = SharedIn(*segment).cells[0];
  ASSERT_OK_AND_ASSIGN(const auto parker, TestPort().CreateParker(cell));
  EXPECT_CODE(parker->Park(Expired()), kDeadlineExceeded);
  TestPort().Unpark(cell);
  TestPort().Unpark(cell);
  EXPECT_OK(parker->Park(Expired()));
  EXPECT_CODE(parker->Park(Expired()), kDeadlineExceeded);
}

// Two threads wake each other in turn. One forgotten wake-up, and both sleep until their deadline.
ISOPROC_CASE(Park, PARK_01_2, NoWakeUpIsLost) {
  constexpr int kRounds = 1000;
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  Shared& shared = SharedIn(*segment);
  ASSERT_OK_AND_ASSIGN(const auto mine, TestPort().CreateParker(shared.cells[0]));
  ASSERT_OK_AND_ASSIGN(const auto theirs, TestPort().CreateParker(shared.cells[1]));
  absl::Status their_end;
  std::thread other([&] {
    for (int i = 0; i < kRounds && their_end.ok(); ++i) {
      their_end = theirs->Park(Patiently());
      TestPort().Unpark(shared.cells[0]);
    }
  });
  absl::Status my_end;
  for (int i = 0; i < kRounds && my_end.ok(); ++i) {
    TestPort().Unpark(shared.cells[1]);
    my_end = mine->Park(Patiently());
  }
  other.join();
  EXPECT_OK(my_end);
  EXPECT_OK(their_end);
}

// Sends the segment of a case to a new child.
absl::StatusOr<PortChild> SpawnWith(const char* name, const Segment& segment) {
  absl::StatusOr<PortChild> child = SpawnPortChild(TestPort(), name);
  if (!child.ok()) return child;
  const absl::StatusOr<Handle> handle = segment.Share();
  if (!handle.ok()) return handle.status();
  const absl::Status sent =
      child->stream->SendHandle(*handle, {.pid = child->process->pid()}, Patiently());
  if (!sent.ok()) return sent;
  return child;
}

absl::StatusOr<std::unique_ptr<Segment>> ReceiveSegment(PortChildContext& context) {
  absl::StatusOr<Handle> handle = context.stream.ReceiveHandle(Patiently());
  if (!handle.ok()) return handle.status();
  return context.port.MapSegment(*std::move(handle));
}

ISOPROC_PORT_CHILD(ParksInTurn) {
  const absl::StatusOr<std::unique_ptr<Segment>> segment = ReceiveSegment(context);
  if (!segment.ok()) return 4;
  Shared& shared = SharedIn(**segment);
  const absl::StatusOr<std::unique_ptr<Parker>> parker = context.port.CreateParker(shared.cells[1]);
  if (!parker.ok() || !WriteAll(context.stream, "p").ok()) return 5;
  for (int i = 0; i < 200; ++i) {
    if (!(*parker)->Park(Patiently()).ok()) return 6;
    if (shared.counter != 2 * i + 1) return 7;
    ++shared.counter;
    context.port.Unpark(shared.cells[0]);
  }
  return 0;
}

// The counter is no atomic: that its new value is seen is PARK-02.
ISOPROC_CASE_WITH(Park, PARK_02, ProcessesWakeEachOtherAndSeeWhatWasWritten, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  Shared& shared = SharedIn(*segment);
  ASSERT_OK_AND_ASSIGN(const auto parker, TestPort().CreateParker(shared.cells[0]));
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnWith("ParksInTurn", *segment));
  ASSERT_OK(ReadExactly(*child.stream, 1));
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(shared.counter, 2 * i);
    ++shared.counter;
    TestPort().Unpark(shared.cells[1]);
    ASSERT_OK(parker->Park(Patiently()));
  }
  ASSERT_OK_AND_ASSIGN(const port::Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(end.value, 0);
  Observe("counter", shared.counter);
}

ISOPROC_CASE(Park, PARK_02_2, WrittenBeforeUnparkIsVisibleAfterPark) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  Shared& shared = SharedIn(*segment);
  ASSERT_OK_AND_ASSIGN(const auto parker, TestPort().CreateParker(shared.cells[0]));
  std::thread waker([&] {
    shared.counter = 42;
    TestPort().Unpark(shared.cells[0]);
  });
  const absl::Status parked = parker->Park(Patiently());
  const int64_t seen = parked.ok() ? shared.counter : 0;
  waker.join();
  EXPECT_OK(parked);
  EXPECT_EQ(seen, 42);
}

ISOPROC_CASE(Park, PARK_03, ParkThatTimesOutTakesNoTokenAndIsNotEarly) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  ParkerCell& cell = SharedIn(*segment).cells[0];
  ASSERT_OK_AND_ASSIGN(const auto parker, TestPort().CreateParker(cell));
  for (const absl::Duration timeout : {absl::Microseconds(1), absl::Microseconds(700),
                                       absl::Milliseconds(3), absl::Milliseconds(20)}) {
    const absl::Duration end = TestPort().Now() + timeout;
    ASSERT_CODE(parker->Park(port::Deadline::At(end)), kDeadlineExceeded);
    ASSERT_GE(TestPort().Now(), end);
  }
  TestPort().Unpark(cell);
  EXPECT_OK(parker->Park(Patiently()));
}

ISOPROC_CASE(Park, PARK_05, ListeningParkerIsReadyWhileThereIsAToken) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  ParkerCell& cell = SharedIn(*segment).cells[0];
  ASSERT_OK_AND_ASSIGN(const auto parker, TestPort().CreateParker(cell));
  ASSERT_OK_AND_ASSIGN(const port::StreamPair pair, TestPort().CreateStreamPair());
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(port::Waitable* const notice, parker->Listen());
    EXPECT_CODE(Ready(*notice, Expired()), kDeadlineExceeded);
    EXPECT_CODE(Ready(*notice, In(absl::Milliseconds(5))), kDeadlineExceeded);
    TestPort().Unpark(cell);
    TestPort().Unpark(cell);
    EXPECT_OK(Ready(*notice, Patiently()));
    EXPECT_OK(Ready(*notice, Expired())) << "it stays";
    EXPECT_OK(parker->Park(Expired()));
    // Asleep as usual, and then listening again.
    std::thread waker([&] { TestPort().Unpark(cell); });
    EXPECT_OK(parker->Park(Patiently()));
    waker.join();
  }
  ASSERT_OK_AND_ASSIGN(port::Waitable* const notice, parker->Listen());
  std::thread waker([&] { TestPort().Unpark(cell); });
  const auto ready =
      TestPort().WaitAny(std::vector<port::Waitable*>{pair.first.get(), notice}, Patiently());
  waker.join();
  ASSERT_OK(ready);
  EXPECT_THAT(*ready, testing::ElementsAre(1));
}

ISOPROC_CASE(Park, PARK_04, UnparkOfNobodyDoesNothing) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  ParkerCell& cell = SharedIn(*segment).cells[0];
  TestPort().Unpark(cell);
  for (int i = 0; i < 200; ++i) {
    TestPort().RandomBytes({reinterpret_cast<std::byte*>(&cell), sizeof(cell)});
    TestPort().Unpark(cell);
  }
}

ISOPROC_CASE(Park, PARK_04_2, CellIsNobodysAfterItsParker) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  ParkerCell& cell = SharedIn(*segment).cells[0];
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(auto parker, TestPort().CreateParker(cell));
    EXPECT_CODE(parker->Park(Expired()), kDeadlineExceeded) << "no token is left from before";
    TestPort().Unpark(cell);
    EXPECT_OK(parker->Park(Patiently()));
    parker.reset();
    TestPort().Unpark(cell);
    // The next owner begins with what a new cell holds.
    new (&cell) ParkerCell{};
  }
}

ISOPROC_PORT_CHILD(ParksForEver) {
  const absl::StatusOr<std::unique_ptr<Segment>> segment = ReceiveSegment(context);
  if (!segment.ok()) return 4;
  const absl::StatusOr<std::unique_ptr<Parker>> parker =
      context.port.CreateParker(SharedIn(**segment).cells[1]);
  if (!parker.ok() || !WriteAll(context.stream, "p").ok()) return 5;
  // Ends with the case, whatever becomes of it.
  LeaveRunning(std::thread([&context] {
    WaitForEnd(context.stream);
    context.port.ExitNow(1);
  }));
  return (*parker)->Park(port::Deadline::Never()).ok() ? 0 : 6;
}

ISOPROC_CASE_WITH(Park, PARK_04_3, UnparkOfAKilledOwnerDoesNothing, "processes") {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(sizeof(Shared)));
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnWith("ParksForEver", *segment));
  ASSERT_OK(ReadExactly(*child.stream, 1));
  ASSERT_OK(child.process->Kill(9));
  ASSERT_OK(child.process->Wait(Patiently()));
  for (int i = 0; i < 3; ++i) TestPort().Unpark(SharedIn(*segment).cells[1]);
}

}  // namespace
}  // namespace isoproc::conformance
