// platform/port/stream.h and handle.h.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/port_child.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/port/support.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

using port::Handle;
using port::Stream;
using port::StreamPair;

constexpr size_t kLarge = size_t{1} << 20;  // more than any system buffers

int closed_handles;
Handle CountedHandle() {
  return Handle(1, [](int64_t) { ++closed_handles; });
}

ISOPROC_CASE(Handle, HNDL_01, ClosesWhatItHoldsOnce) {
  closed_handles = 0;
  { Handle owner = CountedHandle(); }
  EXPECT_EQ(closed_handles, 1);

  Handle first = CountedHandle();
  Handle second = CountedHandle();
  second = std::move(first);
  EXPECT_EQ(closed_handles, 2) << "assigning closes what was held";
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move)
  Handle& alias = second;
  second = std::move(alias);
  EXPECT_TRUE(second) << "moving to itself changes nothing";
  second.reset();
  second.reset();
  EXPECT_EQ(closed_handles, 3);

  Handle released = CountedHandle();
  EXPECT_EQ(released.release(), 1);
  EXPECT_FALSE(released);
  EXPECT_EQ(closed_handles, 3);
}

ISOPROC_CASE(Stream, STRM_01, WrittenBytesOutliveTheWriter) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  ASSERT_OK(WriteAll(*pair.first, "last words"));
  pair.first.reset();
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*pair.second));
  EXPECT_EQ(read, "last words");
}

ISOPROC_CASE(Stream, STRM_01_2, BothDirectionsAreIndependent) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  ASSERT_OK(WriteAll(*pair.first, "there"));
  ASSERT_OK(WriteAll(*pair.second, "back"));
  ASSERT_OK_AND_ASSIGN(const std::string there, ReadExactly(*pair.second, 5));
  ASSERT_OK_AND_ASSIGN(const std::string back, ReadExactly(*pair.first, 4));
  EXPECT_EQ(there, "there");
  EXPECT_EQ(back, "back");
}

ISOPROC_CASE(Stream, STRM_02, IsReadyForBytesAndForTheEndOnly) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  EXPECT_CODE(Ready(*pair.second, Expired()), kDeadlineExceeded);
  ASSERT_OK(WriteAll(*pair.first, "ab"));
  EXPECT_OK(Ready(*pair.second, Patiently()));
  ASSERT_OK(ReadExactly(*pair.second, 1));
  EXPECT_OK(Ready(*pair.second, Expired())) << "one byte is left";
  ASSERT_OK(ReadExactly(*pair.second, 1));
  EXPECT_CODE(Ready(*pair.second, Expired()), kDeadlineExceeded);
  EXPECT_CODE(Ready(*pair.second, In(absl::Milliseconds(5))), kDeadlineExceeded);
  pair.first.reset();
  EXPECT_OK(Ready(*pair.second, Patiently()));
  EXPECT_OK(Ready(*pair.second, Expired())) << "the end stays";
}

ISOPROC_CASE(Stream, STRM_03, ReadsInOrderAndThenTheEndForEver) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  for (const char* part : {"one", "two", "three"}) ASSERT_OK(WriteAll(*pair.first, part));
  pair.first.reset();
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*pair.second));
  EXPECT_EQ(read, "onetwothree");
  for (int i = 0; i < 3; ++i) {
    std::byte byte;
    ASSERT_OK_AND_ASSIGN(const size_t n, pair.second->Read({&byte, 1}, Patiently()));
    EXPECT_EQ(n, 0u);
  }
}

ISOPROC_CASE(Stream, STRM_03_2, ReadDoesNotWaitForAFullBuffer) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  ASSERT_OK(WriteAll(*pair.first, "few"));
  std::vector<std::byte> buffer(1000);
  ASSERT_OK_AND_ASSIGN(const size_t n,
                       pair.second->Read(absl::MakeSpan(buffer), port::Deadline::Never()));
  EXPECT_GE(n, 1u);
  EXPECT_LE(n, 3u);
}

ISOPROC_PORT_CHILD(WritesAndDies) {
  if (!WriteAll(context.stream, Pattern(5000)).ok()) return 9;
  context.port.ExitNow(7);
  return 9;
}

ISOPROC_CASE_WITH(Stream, STRM_04, AllOfADeadWriterComesBeforeTheEnd, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WritesAndDies"));
  ASSERT_OK_AND_ASSIGN(const port::Termination end, child.process->Wait(Patiently()));
  Observe("exit code", end.value);
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*child.stream));
  EXPECT_TRUE(read == Pattern(5000)) << read.size() << " bytes";
}

ISOPROC_PORT_CHILD(WritesAndWaits) {
  if (!WriteAll(context.stream, Pattern(5000)).ok()) return 9;
  WaitForEnd(context.stream);
  return 0;
}

ISOPROC_CASE_WITH(Stream, STRM_04_2, AllOfAKilledWriterComesBeforeTheEnd, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WritesAndWaits"));
  ASSERT_OK_AND_ASSIGN(std::string read, ReadExactly(*child.stream, 2000));
  ASSERT_OK(child.process->Kill(9));
  ASSERT_OK(child.process->Wait(Patiently()));
  ASSERT_OK_AND_ASSIGN(const std::string rest, ReadToEnd(*child.stream));
  // It may have been killed between two writes: what came is a beginning of what was written.
  read += rest;
  EXPECT_TRUE(read == Pattern(5000).substr(0, read.size())) << read.size() << " bytes";
}

ISOPROC_CASE(Stream, STRM_05, ReadThatTimesOutConsumesNothing) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  std::byte byte;
  EXPECT_CODE(pair.second->Read({&byte, 1}, Expired()), kDeadlineExceeded);
  EXPECT_CODE(pair.second->Read({&byte, 1}, In(absl::Milliseconds(5))), kDeadlineExceeded);
  ASSERT_OK(WriteAll(*pair.first, "whole"));
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadExactly(*pair.second, 5));
  EXPECT_EQ(read, "whole");
}

// A read that is given up while bytes arrive must not lose them: systems with asynchronous reads
// have to wait for the cancelled one.
ISOPROC_CASE(Stream, STRM_05_2, NothingIsLostBetweenShortReads) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  const std::string all = Pattern(20000);
  absl::Status written;
  std::thread writer([&] {
    for (size_t i = 0; i < all.size() && written.ok(); i += 100) {
      written = WriteAll(*pair.first, std::string_view(all).substr(i, 100));
    }
  });
  std::string read;
  const port::Deadline patience = Patiently();
  while (read.size() < all.size() && !patience.Expired(TestPort().Now())) {
    std::byte bytes[64];
    absl::StatusOr<size_t> n =
        pair.second->Read(absl::MakeSpan(bytes), In(absl::Microseconds(read.size() % 50)));
    if (absl::IsDeadlineExceeded(n.status())) continue;
    if (!n.ok() || *n == 0) {
      ADD_FAILURE() << n.status();
      break;
    }
    read.append(reinterpret_cast<const char*>(bytes), *n);
  }
  writer.join();
  EXPECT_OK(written);
  EXPECT_TRUE(read == all) << read.size() << " bytes";
}

ISOPROC_CASE(Stream, STRM_06, WriteTakesABeginningOfWhatItIsGiven) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  const std::string all = Pattern(kLarge);
  absl::Status written;
  std::thread writer([&] {
    written = WriteAll(*pair.first, all);
    pair.first.reset();
  });
  absl::StatusOr<std::string> read = ReadUpTo(*pair.second, all.size() + 1, Patiently());
  // Without its reader the writer would wait in vain.
  if (!read.ok()) pair.second.reset();
  writer.join();
  EXPECT_OK(written);
  ASSERT_OK(read);
  EXPECT_TRUE(*read == all) << read->size() << " bytes";
}

ISOPROC_CASE(Stream, STRM_07, WriteThatTimesOutHasWrittenNothing) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  const std::string all = Pattern(64 * kLarge);
  size_t accepted = 0;
  absl::StatusOr<size_t> n = size_t{0};
  while (accepted < all.size()) {
    n = pair.first->Write(AsBytes(std::string_view(all).substr(accepted)), Expired());
    if (!n.ok()) break;
    accepted += *n;
  }
  ASSERT_CODE(n, kDeadlineExceeded) << "after " << accepted << " bytes";
  EXPECT_GT(accepted, 0u);
  EXPECT_CODE(pair.first->Write(AsBytes("more"), In(absl::Milliseconds(5))), kDeadlineExceeded);
  pair.first.reset();
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadUpTo(*pair.second, accepted + 1, Patiently()));
  EXPECT_EQ(read.size(), accepted);
  EXPECT_TRUE(read == all.substr(0, read.size()));
}

ISOPROC_CASE(Stream, STRM_08, WriteToAClosedPeerIsUnavailable) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  pair.second.reset();
  const absl::Status status = pair.first->Write(AsBytes("x"), Patiently()).status();
  EXPECT_CODE(status, kUnavailable);
  Observe("status", status);
}

ISOPROC_CASE(Stream, STRM_08_2, BlockedWriterLearnsThatThePeerIsGone) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  absl::Status status;
  std::thread writer([&] { status = WriteAll(*pair.first, Pattern(64 * kLarge)); });
  const absl::StatusOr<std::string> some = ReadExactly(*pair.second, 1);
  pair.second.reset();
  writer.join();
  EXPECT_OK(some);
  EXPECT_CODE(status, kUnavailable);
}

ISOPROC_CASE_WITH(Stream, STRM_08_3, WriteToADeadChildIsUnavailable, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WritesAndDies"));
  ASSERT_OK(child.process->Wait(Patiently()));
  absl::Status status;
  // A system may take some bytes before it has noticed.
  EXPECT_TRUE(Eventually([&] {
    status = child.stream->Write(AsBytes("x"), Patiently()).status();
    return !status.ok();
  }));
  EXPECT_CODE(status, kUnavailable);
}

// `sent` is a handle of one end of a stream; writes through it and reads at `other`.
void ExpectConnected(Handle sent, Stream& other) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Stream> stream, TestPort().AdoptStream(std::move(sent)));
  ASSERT_OK(WriteAll(*stream, "through"));
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadExactly(other, 7));
  EXPECT_EQ(read, "through");
}

ISOPROC_CASE(Stream, STRM_09, SentHandleIsANewOneToTheSameObject) {
  ASSERT_OK_AND_ASSIGN(StreamPair way, TestPort().CreateStreamPair());
  ASSERT_OK_AND_ASSIGN(StreamPair cargo, TestPort().CreateStreamPair());
  Handle mine = cargo.first->Detach();
  ASSERT_OK(WriteAll(*way.first, "before"));
  ASSERT_OK(way.first->SendHandle(mine, {.pid = TestPort().ProcessId()}, Patiently()));
  ASSERT_OK(WriteAll(*way.first, "after"));

  ASSERT_OK_AND_ASSIGN(const std::string before, ReadExactly(*way.second, 6));
  ASSERT_OK_AND_ASSIGN(Handle received, way.second->ReceiveHandle(Patiently()));
  ASSERT_OK_AND_ASSIGN(const std::string after, ReadExactly(*way.second, 5));
  EXPECT_EQ(before + after, "beforeafter") << "the handle has its place in the bytes";
  ASSERT_NO_FATAL_FAILURE(ExpectConnected(std::move(received), *cargo.second));
  ASSERT_NO_FATAL_FAILURE(ExpectConnected(std::move(mine), *cargo.second));
  ASSERT_OK_AND_ASSIGN(const std::string rest, ReadToEnd(*cargo.second));
  EXPECT_EQ(rest, "") << "both handles are closed now";
}

ISOPROC_PORT_CHILD(WritesThroughAReceivedHandle) {
  absl::StatusOr<Handle> handle = context.stream.ReceiveHandle(Patiently());
  if (!handle.ok()) return 4;
  absl::StatusOr<std::unique_ptr<Stream>> stream = context.port.AdoptStream(*std::move(handle));
  if (!stream.ok()) return 5;
  if (!WriteAll(**stream, "from the child").ok()) return 6;
  return 0;
}

ISOPROC_CASE_WITH(Stream, STRM_09_2, HandleArrivesInAnotherProcess, "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WritesThroughAReceivedHandle"));
  ASSERT_OK_AND_ASSIGN(StreamPair cargo, TestPort().CreateStreamPair());
  Handle mine = cargo.first->Detach();
  ASSERT_OK(child.stream->SendHandle(mine, {.pid = child.process->pid()}, Patiently()));
  mine.reset();
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*cargo.second));
  EXPECT_EQ(read, "from the child");
  ASSERT_OK_AND_ASSIGN(const port::Termination end, child.process->Wait(Patiently()));
  EXPECT_EQ(end.value, 0);
}

ISOPROC_CASE_WITH(Stream, STRM_09_3, HandleThatIsNeverReceivedIsClosedWithTheReceiver,
                  "processes") {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "WritesAndWaits"));
  ASSERT_OK_AND_ASSIGN(StreamPair cargo, TestPort().CreateStreamPair());
  Handle mine = cargo.first->Detach();
  ASSERT_OK(child.stream->SendHandle(mine, {.pid = child.process->pid()}, Patiently()));
  mine.reset();
  ASSERT_OK(child.process->Kill(9));
  ASSERT_OK(child.process->Wait(Patiently()));
  child.stream.reset();
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(*cargo.second));
  EXPECT_EQ(read, "");
}

ISOPROC_PORT_CHILD(Waits) {
  if (!WriteAll(context.stream, "r").ok()) return 9;
  WaitForEnd(context.stream);
  return 0;
}

// Starts a child while `held` is open here, closes it, and looks whether the child kept it open.
void ExpectNotInherited(Handle held, Stream& other) {
  ASSERT_OK_AND_ASSIGN(PortChild child, SpawnPortChild(TestPort(), "Waits"));
  ASSERT_OK(ReadExactly(*child.stream, 1));
  held.reset();
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadToEnd(other));
  EXPECT_EQ(read, "");
}

ISOPROC_CASE_WITH(Stream, STRM_10, ReceivedHandleIsNotInherited, "processes") {
  ASSERT_OK_AND_ASSIGN(StreamPair way, TestPort().CreateStreamPair());
  ASSERT_OK_AND_ASSIGN(StreamPair cargo, TestPort().CreateStreamPair());
  {
    const Handle mine = cargo.first->Detach();
    ASSERT_OK(way.first->SendHandle(mine, {.pid = TestPort().ProcessId()}, Patiently()));
  }
  ASSERT_OK_AND_ASSIGN(Handle received, way.second->ReceiveHandle(Patiently()));
  ExpectNotInherited(std::move(received), *cargo.second);
}

ISOPROC_CASE_WITH(Handle, HNDL_02, DetachedHandleIsNotInherited, "processes") {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  ExpectNotInherited(pair.first->Detach(), *pair.second);
}

ISOPROC_CASE(Stream, STRM_11, NoHandleAtTheEndOrBetweenBytes) {
  ASSERT_OK_AND_ASSIGN(StreamPair ended, TestPort().CreateStreamPair());
  EXPECT_CODE(ended.second->ReceiveHandle(Expired()), kDeadlineExceeded);
  ended.first.reset();
  EXPECT_CODE(ended.second->ReceiveHandle(Patiently()), kOutOfRange);

  ASSERT_OK_AND_ASSIGN(StreamPair bytes, TestPort().CreateStreamPair());
  ASSERT_OK(WriteAll(*bytes.first, std::string(64, 'x')));
  EXPECT_CODE(bytes.second->ReceiveHandle(Patiently()), kDataLoss);
}

ISOPROC_CASE(Stream, STRM_15, EmptyHandleArrivesAsSuch) {
  ASSERT_OK_AND_ASSIGN(StreamPair way, TestPort().CreateStreamPair());
  ASSERT_OK_AND_ASSIGN(StreamPair cargo, TestPort().CreateStreamPair());
  ASSERT_OK(way.first->SendHandle(Handle(), {}, Patiently()));
  const Handle mine = cargo.first->Detach();
  ASSERT_OK(way.first->SendHandle(mine, {.pid = TestPort().ProcessId()}, Patiently()));
  ASSERT_OK(WriteAll(*way.first, "after"));
  for (const bool is_there : {false, true}) {
    ASSERT_OK_AND_ASSIGN(const Handle received, way.second->ReceiveHandle(Patiently()));
    EXPECT_EQ(static_cast<bool>(received), is_there);
  }
  ASSERT_OK_AND_ASSIGN(const std::string after, ReadExactly(*way.second, 5));
  EXPECT_EQ(after, "after");
}

ISOPROC_CASE(Stream, STRM_12, AdoptedStreamGoesOn) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  ASSERT_OK(WriteAll(*pair.first, "abc"));
  ASSERT_OK_AND_ASSIGN(const std::string first, ReadExactly(*pair.second, 1));
  Handle handle = pair.second->Detach();
  pair.second.reset();
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Stream> adopted, TestPort().AdoptStream(std::move(handle)));
  ASSERT_OK_AND_ASSIGN(const std::string rest, ReadExactly(*adopted, 2));
  EXPECT_EQ(first + rest, "abc");
  ASSERT_OK(WriteAll(*adopted, "d"));
  ASSERT_OK_AND_ASSIGN(const std::string back, ReadExactly(*pair.first, 1));
  EXPECT_EQ(back, "d");
}

ISOPROC_CASE(Stream, STRM_13, NativeIsTheHandle) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  const int64_t native = pair.first->native();
  EXPECT_NE(native, pair.second->native());
  EXPECT_EQ(pair.first->Detach().native(), native);
}

ISOPROC_CASE(Stream, STRM_14, InterruptEndsAllWaiting) {
  const std::string all = Pattern(kLarge);
  // Now and then before the others have begun to wait.
  for (int round = 0; round < 20; ++round) {
    ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
    const port::Deadline patience = Patiently();
    absl::StatusOr<size_t> read = size_t{7};
    absl::Status written;
    absl::Status waited;
    std::thread reader([&] {
      std::byte byte;
      read = pair.first->Read({&byte, 1}, patience);
    });
    std::thread writer([&] { written = WriteAll(*pair.first, all); });
    std::thread waiter([&] { waited = Ready(*pair.first, patience); });
    const absl::StatusOr<std::string> some = ReadExactly(*pair.second, 1 + 1000 * round);
    pair.first->Interrupt();
    pair.first->Interrupt();
    reader.join();
    writer.join();
    waiter.join();
    EXPECT_OK(some);
    EXPECT_EQ(read.value_or(7), 0u) << read.status();
    EXPECT_CODE(written, kUnavailable);
    EXPECT_OK(waited);
    std::byte byte;
    ASSERT_EQ(pair.first->Read({&byte, 1}, patience).value_or(7), 0u) << "for good";
    EXPECT_CODE(pair.first->Write(AsBytes("x"), patience), kUnavailable);
    EXPECT_OK(Ready(*pair.first, Expired()));
  }
}

ISOPROC_CASE(Stream, STRM_14_2, InterruptLosesNothing) {
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  ASSERT_OK(WriteAll(*pair.first, "there"));
  ASSERT_OK(WriteAll(*pair.second, "back"));
  pair.first->Interrupt();
  ASSERT_OK_AND_ASSIGN(const std::string back, ReadToEnd(*pair.first));
  EXPECT_EQ(back, "back");
  pair.first.reset();
  ASSERT_OK_AND_ASSIGN(const std::string there, ReadToEnd(*pair.second));
  EXPECT_EQ(there, "there");
}

ISOPROC_CASE(Stream, STRM_12_2, OnlyStreamsAreAdopted) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(4096));
  ASSERT_OK_AND_ASSIGN(Handle handle, segment->Share());
  EXPECT_CODE(TestPort().AdoptStream(std::move(handle)), kInvalidArgument);
}

// A leak of one handle a call would use up what a process may have.
ISOPROC_CASE(Port, PORT_01, FailingCallsLeakNothing) {
  ASSERT_OK_AND_ASSIGN(const auto segment, TestPort().CreateSegment(4096));
  for (int i = 0; i < 1500; ++i) {
    ASSERT_OK_AND_ASSIGN(Handle handle, segment->Share());
    ASSERT_CODE(TestPort().AdoptStream(std::move(handle)), kInvalidArgument);
  }
  ASSERT_OK_AND_ASSIGN(StreamPair pair, TestPort().CreateStreamPair());
  for (int i = 0; i < 1500; ++i) {
    std::byte byte;
    ASSERT_CODE(pair.first->Read({&byte, 1}, Expired()), kDeadlineExceeded);
    ASSERT_CODE(Ready(*pair.first, Expired()), kDeadlineExceeded);
  }
}

// Streams come and go in one thread while another starts children: none may catch an end of them.
ISOPROC_CASE_WITH(Port, PORT_04, ChildrenCatchNoHandleOfAnotherThread, "processes") {
  absl::Status spawned;
  std::vector<PortChild> children;  // alive until all streams were looked at
  std::thread starter([&] {
    for (int i = 0; i < 5 && spawned.ok(); ++i) {
      absl::StatusOr<PortChild> child = SpawnPortChild(TestPort(), "Waits");
      spawned = child.status();
      if (child.ok()) children.push_back(*std::move(child));
    }
  });
  std::vector<StreamPair> pairs;
  absl::Status failed;
  for (int i = 0; i < 100 && failed.ok(); ++i) {
    absl::StatusOr<StreamPair> pair = TestPort().CreateStreamPair();
    failed = pair.status();
    if (pair.ok()) pairs.push_back(*std::move(pair));
  }
  starter.join();
  for (StreamPair& pair : pairs) {
    pair.first.reset();
    if (failed.ok()) failed = ReadToEnd(*pair.second).status();
  }
  EXPECT_OK(failed);
  EXPECT_OK(spawned);
}

}  // namespace
}  // namespace isoproc::conformance
