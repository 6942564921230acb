#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "win32/syscalls.h"
#include "win32/tests/support.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

StreamPair MakePair() {
  absl::StatusOr<StreamPair> pair = HostPort().CreateStreamPair();
  EXPECT_TRUE(pair.ok()) << pair.status();
  return *std::move(pair);
}

absl::StatusOr<std::string> ReadSome(Stream& stream, Deadline deadline, size_t most = 1 << 20) {
  std::vector<std::byte> buffer(most);
  const absl::StatusOr<size_t> size = stream.Read(absl::MakeSpan(buffer), deadline);
  if (!size.ok()) return size.status();
  return std::string(reinterpret_cast<const char*>(buffer.data()), *size);
}

// Writes as much as fits, in pieces of `piece`; returns how much that was.
size_t FillUp(Stream& stream, size_t piece) {
  const std::vector<std::byte> bytes(piece, std::byte{'x'});
  size_t total = 0;
  while (true) {
    const absl::StatusOr<size_t> size = stream.Write(bytes, Expired());
    if (!size.ok()) {
      EXPECT_EQ(size.status().code(), absl::StatusCode::kDeadlineExceeded);
      return total;
    }
    total += *size;
  }
}

size_t Drain(Stream& stream) {
  size_t total = 0;
  while (true) {
    const absl::StatusOr<std::string> text = ReadSome(stream, Expired());
    if (!text.ok() || text->empty()) return total;
    total += text->size();
  }
}

const ChildProgram kEcho("echo", [](ChildContext& context) {
  std::vector<std::byte> buffer(1 << 16);
  while (true) {
    const absl::StatusOr<size_t> size = context.stream->Read(absl::MakeSpan(buffer), Generous());
    if (!size.ok() || *size == 0) return 0;
    absl::Span<const std::byte> rest(buffer.data(), *size);
    while (!rest.empty()) {
      const absl::StatusOr<size_t> written = context.stream->Write(rest, Generous());
      if (!written.ok()) return 1;
      rest.remove_prefix(*written);
    }
  }
});

TEST(StreamTest, EndOfStreamComesAfterAllBytesAndStays) {
  for (const bool close_first : {true, false}) {
    StreamPair pair = MakePair();
    std::unique_ptr<Stream>& closed = close_first ? pair.first : pair.second;
    Stream& open = close_first ? *pair.second : *pair.first;
    SendLine(*closed, "left");
    closed.reset();
    EXPECT_EQ(ReceiveLine(open), "left");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(*ReadSome(open, Expired()), "");
    EXPECT_EQ(CodeOf(open.Write(BytesOf("x"), Generous())), absl::StatusCode::kUnavailable);
    EXPECT_EQ(CodeOf(open.Write(BytesOf("x"), Expired())), absl::StatusCode::kUnavailable);
  }
}

TEST(StreamTest, FullStreamTimesOutAndWroteNothing) {
  for (const size_t piece : {size_t{1}, size_t{1000}, size_t{65536}, size_t{1} << 20}) {
    const StreamPair pair = MakePair();
    if (piece == 1) FillUp(*pair.first, 60000);  // thousands of single bytes take too long
    const size_t written = FillUp(*pair.first, piece);
    const absl::Duration before = HostPort().Now();
    const Deadline deadline = Deadline::After(before, absl::Milliseconds(20));
    const std::vector<std::byte> bytes(piece);
    EXPECT_EQ(CodeOf(pair.first->Write(bytes, deadline)), absl::StatusCode::kDeadlineExceeded);
    EXPECT_GE(HostPort().Now() - before, absl::Milliseconds(20));
    if (piece > 1) {
      EXPECT_GE(written, 65536u);
      EXPECT_EQ(Drain(*pair.second), written);
    }
  }
}

TEST(StreamTest, WriteTakesWhatThereIsRoomFor) {
  const StreamPair pair = MakePair();
  FillUp(*pair.first, 1 << 20);
  ASSERT_EQ(ReadSome(*pair.second, Expired(), 777)->size(), 777u);
  const std::vector<std::byte> bytes(5000, std::byte{'y'});
  EXPECT_EQ(pair.first->Write(bytes, Expired()).value(), 777u);
  EXPECT_EQ(CodeOf(pair.first->Write(bytes, Expired())), absl::StatusCode::kDeadlineExceeded);
}

TEST(StreamTest, OneReaderAndOneWriterAtTheSameTime) {
  absl::StatusOr<StartedChild> child = Start(kEcho);
  ASSERT_TRUE(child.ok()) << child.status();
  constexpr size_t kSize = 3 << 20;
  std::string sent(kSize, '\0');
  for (size_t i = 0; i < kSize; ++i) sent[i] = static_cast<char>(i * 31 + (i >> 9));
  std::thread writer([&] {
    absl::Span<const std::byte> rest = BytesOf(sent);
    while (!rest.empty()) {
      const absl::StatusOr<size_t> size = child->stream->Write(rest, Generous());
      if (!size.ok()) return;
      rest.remove_prefix(*size);
    }
  });
  std::string received;
  while (received.size() < kSize) {
    const absl::StatusOr<std::string> text = ReadSome(*child->stream, Generous());
    ASSERT_TRUE(text.ok() && !text->empty()) << text.status();
    received += *text;
  }
  writer.join();
  EXPECT_TRUE(received == sent);
  child->stream.reset();
  EXPECT_EQ(child->process->Wait(Generous())->value, 0);
}

// The kernel takes the whole of a write or nothing, which Write() relies on when it gives up.
// Writes that are cancelled at any moment must neither lose nor double a byte.
TEST(StreamTest, NothingIsLostOrDoubledWhenWritesTimeOut) {
  StreamPair pair = MakePair();
  constexpr size_t kSize = 4 << 20;
  std::string sent(kSize, '\0');
  for (size_t i = 0; i < kSize; ++i) sent[i] = static_cast<char>(i * 17 + (i >> 8) * 5);
  std::mt19937 writer_random(42);
  absl::Span<const std::byte> rest = BytesOf(sent);
  // Writes something, or not. Often asks for more than the pipe holds.
  const auto write_some = [&](absl::Duration timeout) {
    const size_t most = std::min<size_t>(rest.size(), 1 + writer_random() % 200000);
    const absl::StatusOr<size_t> size =
        pair.first->Write(rest.subspan(0, most), Deadline::After(HostPort().Now(), timeout));
    if (size.ok()) rest.remove_prefix(*size);
    return size.status();
  };
  // Here the cancellation wins for certain, later it may or may not.
  while (write_some(absl::ZeroDuration()).ok()) continue;
  std::thread writer([&] {
    while (!rest.empty()) {
      const absl::Status status = write_some(absl::Microseconds(writer_random() % 3 * 500));
      if (status.ok() || absl::IsDeadlineExceeded(status)) continue;
      ADD_FAILURE() << status;
      return;
    }
  });
  std::mt19937 random(43);
  std::string received;
  while (received.size() < kSize) {
    const size_t most = random() % 8 == 0 ? 1 + random() % 40000 : 1 + random() % 500;
    const absl::StatusOr<std::string> text = ReadSome(*pair.second, Generous(), most);
    if (!text.ok() || text->empty()) break;
    received += *text;
  }
  pair.second.reset();  // lets the writer go if there is more than there should be
  writer.join();
  EXPECT_TRUE(received == sent);
}

TEST(StreamTest, WriteOfAThreadThatHasEndedStays) {
  const StreamPair pair = MakePair();
  std::thread([&] { SendLine(*pair.first, "still here"); }).join();
  EXPECT_EQ(ReceiveLine(*pair.second), "still here");
}

TEST(StreamTest, WhatIsNoStreamIsNotAdoptedButClosed) {
  ExpectNoHandleLeak([] {
    EXPECT_EQ(CodeOf(HostPort().AdoptStream(
                  HandleOf(UniqueHandle(::CreateEventW(nullptr, TRUE, FALSE, nullptr))))),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(HostPort().AdoptStream(Handle())), absl::StatusCode::kInvalidArgument);
  });
}

TEST(StreamTest, StreamsAreNotInherited) {
  StreamPair pair = MakePair();
  for (Stream* stream : {pair.first.get(), pair.second.get()}) {
    const Handle handle = stream->Detach();
    DWORD flags = HANDLE_FLAG_INHERIT;
    ASSERT_TRUE(::GetHandleInformation(NativeOf(handle.native()), &flags));
    EXPECT_EQ(flags, 0u);
  }
}

TEST(StreamTest, StreamsLeaveNoHandles) {
  ExpectNoHandleLeak([] {
    const StreamPair pair = MakePair();
    SendLine(*pair.first, "x");
    EXPECT_EQ(ReceiveLine(*pair.second), "x");
  });
}

TEST(PassingTest, FailuresSendNothingAndLeaveNothing) {
  ExpectNoHandleLeak([] {
    StreamPair pair = MakePair();
    const Handle handle = HandleOf(UniqueHandle(::CreateEventW(nullptr, TRUE, FALSE, nullptr)));
    // Nobody has such an id: they are multiples of four.
    for (const int64_t receiver :
         {int64_t{-1}, int64_t{0}, int64_t{0x7FFFFFFC}, int64_t{1} << 40}) {
      EXPECT_EQ(pair.first->SendHandle(handle, {.pid = receiver}, Generous()).code(),
                absl::StatusCode::kNotFound);
    }
    // That process is dead, and this one has got its id.
    const absl::StatusOr<ProcessIdentity> self = HostPort().Self();
    ASSERT_TRUE(self.ok()) << self.status();
    const ProcessIdentity earlier{.pid = self->pid, .birth = self->birth - 1};
    EXPECT_EQ(pair.first->SendHandle(handle, earlier, Generous()).code(),
              absl::StatusCode::kNotFound);
    FillUp(*pair.first, 1 << 20);
    EXPECT_EQ(pair.first->SendHandle(handle, {.pid = HostPort().ProcessId()}, Expired()).code(),
              absl::StatusCode::kDeadlineExceeded);
    pair.second.reset();
    EXPECT_EQ(pair.first->SendHandle(handle, {.pid = HostPort().ProcessId()}, Generous()).code(),
              absl::StatusCode::kUnavailable);
  });
}

std::atomic<int> duplicates;
decltype(sys.duplicate_handle) real_duplicate_handle;

// Who waits for room has no handle in the receiver meanwhile, which would stay if he died: he makes
// a new one each time that he tries.
TEST(PassingTest, NoHandleIsInTheReceiverWhileTheSenderWaits) {
  const StreamPair pair = MakePair();
  const Handle handle = HandleOf(UniqueHandle(::CreateEventW(nullptr, TRUE, FALSE, nullptr)));
  const size_t before = FillUp(*pair.first, 1 << 20);
  duplicates = 0;
  real_duplicate_handle = sys.duplicate_handle;
  sys.duplicate_handle = [](HANDLE from, HANDLE what, HANDLE to, LPHANDLE result, DWORD access,
                            BOOL inherit, DWORD options) -> BOOL {
    ++duplicates;
    return real_duplicate_handle(from, what, to, result, access, inherit, options);
  };
  absl::Status sent;
  std::thread sender(
      [&] { sent = pair.first->SendHandle(handle, {.pid = HostPort().ProcessId()}, Generous()); });
  const Deadline patience = Generous();
  while (duplicates < 3 && !patience.Expired(HostPort().Now())) std::this_thread::yield();
  EXPECT_GE(duplicates, 3);
  for (size_t size = 0; size < before;) {
    const absl::StatusOr<std::string> some = ReadSome(*pair.second, Generous(), before - size);
    if (!some.ok()) break;
    size += some->size();
  }
  EXPECT_TRUE(pair.second->ReceiveHandle(Generous()).ok());
  sender.join();
  EXPECT_TRUE(sent.ok()) << sent;
  sys.duplicate_handle = real_duplicate_handle;
}

TEST(PassingTest, WhatWasNotSentIsNotLeftInTheReceiver) {
  const absl::StatusOr<StartedChild> child = Start(kEcho);
  ASSERT_TRUE(child.ok()) << child.status();
  const StreamPair pair = MakePair();
  FillUp(*pair.first, 1 << 20);
  StreamPair cargo = MakePair();
  EXPECT_EQ(pair.first->SendHandle(cargo.first->Detach(), {.pid = child->process->pid()}, Expired())
                .code(),
            absl::StatusCode::kDeadlineExceeded);
  const absl::StatusOr<std::string> read = ReadSome(*cargo.second, Generous(), 1);
  ASSERT_TRUE(read.ok()) << "the child has it open: " << read.status();
  EXPECT_EQ(*read, "");
}

TEST(PassingTest, ReceiverThatIsDead) {
  absl::StatusOr<StartedChild> child = Start(kEcho);
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_TRUE(child->process->Kill(9).ok());
  ASSERT_TRUE(child->process->Wait(Generous()).ok());
  const StreamPair pair = MakePair();
  const Handle handle = HandleOf(UniqueHandle(::CreateEventW(nullptr, TRUE, FALSE, nullptr)));
  // Its process object is still there: the child has not been destroyed.
  EXPECT_EQ(pair.first->SendHandle(handle, {.pid = child->process->pid()}, Generous()).code(),
            absl::StatusCode::kNotFound);
}

TEST(PassingTest, FewerBytesThanAHandleTakesAreNone) {
  const StreamPair pair = MakePair();
  SendLine(*pair.first, "short");
  EXPECT_EQ(CodeOf(pair.second->ReceiveHandle(Generous())), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace isoproc::port::win32
