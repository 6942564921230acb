#include "posix/stream.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

using ::testing::ElementsAre;

Deadline Over() { return Deadline::After(HostPort().Now(), absl::ZeroDuration()); }

absl::Span<const std::byte> BytesOf(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string ReadText(Stream& stream, size_t most = 64) {
  std::string text(most, '\0');
  const auto count = stream.Read({reinterpret_cast<std::byte*>(text.data()), text.size()}, Soon());
  EXPECT_TRUE(count.ok()) << count.status();
  text.resize(count.ok() ? *count : 0);
  return text;
}

class StreamTest : public testing::Test {
 protected:
  void SetUp() override {
    before_ = OpenDescriptors();
    auto pair = HostPort().CreateStreamPair();
    ASSERT_OK(pair);
    pair_ = *std::move(pair);
  }
  void TearDown() override {
    pair_ = {};
    EXPECT_EQ(OpenDescriptors(), before_);
  }

  const ScopedSyscalls restored_;
  StreamPair pair_;
  std::set<int> before_;
};

// Answers that the scripted calls give, in turn, before the real ones are asked.
std::deque<int> script;  // errno values
int calls = 0;

bool TakeFault() {
  ++calls;
  if (script.empty()) return false;
  errno = script.front();
  script.pop_front();
  return errno != 0;
}

TEST_F(StreamTest, BytesArriveInOrderAndTheEndAfterThem) {
  ASSERT_OK(pair_.first->Write(BytesOf("ab"), Soon()));
  ASSERT_OK(pair_.first->Write(BytesOf("c"), Soon()));
  pair_.first.reset();
  EXPECT_EQ(ReadText(*pair_.second, 2), "ab");
  EXPECT_EQ(ReadText(*pair_.second), "c");
  EXPECT_EQ(ReadText(*pair_.second), "");
  EXPECT_EQ(ReadText(*pair_.second), "");
}

TEST_F(StreamTest, EndOfStreamAlsoIfThePeerLeftBytesUnread) {
  ASSERT_OK(pair_.second->Write(BytesOf("unread"), Soon()));
  ASSERT_OK(pair_.first->Write(BytesOf("last words"), Soon()));
  pair_.first.reset();  // the system now says ECONNRESET
  EXPECT_EQ(ReadText(*pair_.second), "last words");
  EXPECT_EQ(ReadText(*pair_.second), "");
  EXPECT_EQ(ReadText(*pair_.second), "");
}

TEST_F(StreamTest, WritingToNobodyIsUnavailableAndRaisesNothing) {
  static volatile sig_atomic_t raised = 0;
  struct sigaction action = {};
  action.sa_handler = [](int) { raised = 1; };
  struct sigaction old;
  ::sigaction(SIGPIPE, &action, &old);
  ASSERT_OK(pair_.second->Write(BytesOf("unread"), Soon()));
  pair_.first.reset();
  EXPECT_CODE(pair_.second->Write(BytesOf("x"), Soon()), kUnavailable);
  EXPECT_CODE(pair_.second->Write(BytesOf("x"), Soon()), kUnavailable);
  EXPECT_CODE(pair_.second->SendHandle(HandleOf(Fd(::dup(0))), {}, Soon()), kUnavailable);
  ::sigaction(SIGPIPE, &old, nullptr);
  EXPECT_EQ(raised, 0);
}

TEST_F(StreamTest, DeadlinesAreKeptAndLeaveTheStreamUsable) {
  std::byte byte;
  const absl::Duration begin = HostPort().Now();
  EXPECT_CODE(
      pair_.first->Read(absl::MakeSpan(&byte, 1), Deadline::After(begin, absl::Milliseconds(20))),
      kDeadlineExceeded);
  EXPECT_GE(HostPort().Now() - begin, absl::Milliseconds(20));
  const std::string big(1 << 20, 'x');
  size_t written = 0;
  while (true) {
    auto count = pair_.first->Write(BytesOf(big), Over());
    if (!count.ok()) {
      EXPECT_CODE(count, kDeadlineExceeded);
      break;
    }
    ASSERT_GT(*count, 0);
    written += *count;
  }
  EXPECT_CODE(pair_.first->SendHandle(HandleOf(Fd(::dup(0))), {}, Over()), kDeadlineExceeded);
  for (size_t read = 0; read < written;) read += ReadText(*pair_.second, 1 << 16).size();
  ASSERT_OK(pair_.first->Write(BytesOf("on"), Over()));
  EXPECT_EQ(ReadText(*pair_.second), "on");
}

TEST_F(StreamTest, InterruptionsAreNeverSeen) {
  sys.recv = [](int fd, void* into, size_t size, int flags) -> ssize_t {
    return TakeFault() ? -1 : ::recv(fd, into, size, flags);
  };
  sys.send = [](int fd, const void* bytes, size_t size, int flags) -> ssize_t {
    return TakeFault() ? -1 : ::send(fd, bytes, size, flags);
  };
  sys.poll = [](pollfd* fds, nfds_t count, int milliseconds) {
    return TakeFault() ? -1 : ::poll(fds, count, milliseconds);
  };
  calls = 0;
  script = {EINTR, EINTR, EAGAIN, EINTR, 0, EINTR};
  ASSERT_OK(pair_.first->Write(BytesOf("x"), Soon()));
  EXPECT_EQ(calls, 7);  // send x3, poll x2, send x2
  EXPECT_TRUE(script.empty());
  script = {EINTR, EAGAIN, EINTR, EINTR};
  EXPECT_EQ(ReadText(*pair_.second), "x");
  EXPECT_TRUE(script.empty());
}

// Were each interrupted wait begun anew with the whole timeout, it would never end.
TEST_F(StreamTest, InterruptionsDoNotProlongAWait) {
  sys.poll = [](pollfd*, nfds_t, int) {
    errno = EINTR;
    return -1;
  };
  std::byte byte{};
  EXPECT_CODE(pair_.first->Read(absl::MakeSpan(&byte, 1),
                                Deadline::After(HostPort().Now(), absl::Milliseconds(5))),
              kDeadlineExceeded);
}

TEST_F(StreamTest, ShortWritesAreToldAndNothingIsSentTwice) {
  sys.send = [](int fd, const void* bytes, size_t, int flags) -> ssize_t {
    return ::send(fd, bytes, 1, flags);
  };
  auto count = pair_.first->Write(BytesOf("abc"), Soon());
  ASSERT_OK(count);
  EXPECT_EQ(*count, 1U);
  EXPECT_EQ(ReadText(*pair_.second), "a");
}

TEST_F(StreamTest, DataThatIsThereCostsOneCall) {
  ASSERT_OK(pair_.first->Write(BytesOf("x"), Soon()));
  sys.poll = [](pollfd*, nfds_t, int) -> int {
    ADD_FAILURE() << "poll";
    return -1;
  };
  EXPECT_EQ(ReadText(*pair_.second), "x");
}

TEST_F(StreamTest, ErrorsOfTheSystemKeepTheirNumber) {
  script = {ENOMEM};
  sys.recv = [](int, void*, size_t, int) -> ssize_t {
    errno = ENOMEM;
    return -1;
  };
  std::byte byte;
  const auto result = pair_.first->Read(absl::MakeSpan(&byte, 1), Soon());
  EXPECT_CODE(result, kResourceExhausted);
  EXPECT_THAT(std::string(result.status().message()), testing::HasSubstr("recv"));
  script.clear();
}

TEST_F(StreamTest, PairsNeedTwoDescriptorsOrNone) {
  sys.socketpair = [](int, int*) -> int {
    errno = EMFILE;
    return -1;
  };
  EXPECT_CODE(HostPort().CreateStreamPair(), kResourceExhausted);
}

TEST_F(StreamTest, HandlesTravel) {
  Pipe pipe = MakePipe();
  const Handle handle = HandleOf(std::move(pipe.write));
  ASSERT_OK(pair_.first->Write(BytesOf("before"), Soon()));
  ASSERT_OK(pair_.first->SendHandle(handle, {}, Soon()));
  ASSERT_OK(pair_.first->Write(BytesOf("after"), Soon()));
  EXPECT_EQ(ReadText(*pair_.second, 6), "before");  // not further: the next byte is the handle's
  auto received = pair_.second->ReceiveHandle(Soon());
  ASSERT_OK(received);
  const int fd = static_cast<int>(received->native());
  EXPECT_NE(fd, handle.native());
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  struct stat sent, got;
  ASSERT_EQ(::fstat(static_cast<int>(handle.native()), &sent), 0);
  ASSERT_EQ(::fstat(fd, &got), 0);
  EXPECT_EQ(sent.st_ino, got.st_ino);
  EXPECT_EQ(ReadText(*pair_.second), "after");
}

TEST_F(StreamTest, NoHandleAtThisPlace) {
  ASSERT_OK(pair_.first->Write(BytesOf("x"), Soon()));
  EXPECT_CODE(pair_.second->ReceiveHandle(Soon()), kDataLoss);
  pair_.first.reset();
  EXPECT_CODE(pair_.second->ReceiveHandle(Soon()), kOutOfRange);
}

TEST_F(StreamTest, HandlesThatArriveAsBytesAreClosed) {
  Pipe pipe = MakePipe();
  ASSERT_OK(pair_.first->SendHandle(HandleOf(std::move(pipe.write)), {}, Soon()));
  EXPECT_EQ(ReadText(*pair_.second).size(), 1U);
  EXPECT_EQ(ReadAll(pipe.read.get()), "");  // the last writer is gone
}

TEST_F(StreamTest, HandlesThatNobodyReceivesAreClosedWithTheStream) {
  Pipe pipe = MakePipe();
  ASSERT_OK(pair_.first->SendHandle(HandleOf(std::move(pipe.write)), {}, Soon()));
  pair_ = {};
  EXPECT_EQ(ReadAll(pipe.read.get()), "");
}

TEST_F(StreamTest, NoRoomForAReceivedHandle) {
  EXPECT_TRUE(InForkedCopy([this] {
    if (!pair_.first->SendHandle(HandleOf(Fd(::dup(0))), {}, Soon()).ok()) return false;
    if (!pair_.first->Write(BytesOf("after"), Soon()).ok()) return false;
    while (::dup(0) >= 0) {
    }
    return pair_.second->ReceiveHandle(Soon()).status().code() ==
               absl::StatusCode::kResourceExhausted &&
           ReadText(*pair_.second) == "after";
  }));
}

TEST_F(StreamTest, ShortageLosesNoHandle) {
  ASSERT_OK(pair_.first->SendHandle(HandleOf(Fd(::dup(0))), {}, Soon()));
  const Syscalls real = sys;
  for (const auto fails : {+[](int, msghdr*, int) -> ssize_t {
                             errno = ENOBUFS;
                             return -1;
                           },
                           +[](int, msghdr*, int) -> ssize_t {
                             errno = ENOMEM;
                             return -1;
                           }}) {
    sys.recvmsg = fails;
    const auto received = pair_.second->ReceiveHandle(Soon());
    sys = real;
    EXPECT_CODE(received, kAborted);
  }
  auto received = pair_.second->ReceiveHandle(Soon());
  ASSERT_OK(received);
  EXPECT_TRUE(*received);
}

TEST_F(StreamTest, AdoptsStreamsOnly) {
  auto adopted = HostPort().AdoptStream(pair_.second->Detach());
  ASSERT_OK(adopted);
  ASSERT_OK(pair_.first->Write(BytesOf("x"), Soon()));
  EXPECT_EQ(ReadText(**adopted), "x");
  Pipe pipe = MakePipe();
  EXPECT_CODE(HostPort().AdoptStream(HandleOf(std::move(pipe.read))), kInvalidArgument);
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
  EXPECT_CODE(HostPort().AdoptStream(HandleOf(Fd(fds[0]))), kInvalidArgument);
  EXPECT_CODE(HostPort().AdoptStream(HandleOf(Fd(fds[1]))), kInvalidArgument);
}

TEST_F(StreamTest, DescriptorsAreNotInherited) {
  for (const Stream* stream : {pair_.first.get(), pair_.second.get()}) {
    EXPECT_NE(::fcntl(FdOfStream(*stream), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST_F(StreamTest, WaitAnyGivesAllThatAreReadyInOrder) {
  auto other = HostPort().CreateStreamPair();
  ASSERT_OK(other);
  Waitable* const objects[] = {pair_.second.get(), other->first.get(), pair_.second.get(),
                               other->second.get()};
  EXPECT_CODE(HostPort().WaitAny(objects, Over()), kDeadlineExceeded);
  ASSERT_OK(pair_.first->Write(BytesOf("x"), Soon()));
  auto ready = HostPort().WaitAny(objects, Soon());
  ASSERT_OK(ready);
  EXPECT_THAT(*ready, ElementsAre(0, 2));
  other->first.reset();
  Waitable* const fewer[] = {pair_.second.get(), other->second.get()};
  ready = HostPort().WaitAny(fewer, Over());
  ASSERT_OK(ready);
  EXPECT_THAT(*ready, ElementsAre(0, 1));
}

TEST_F(StreamTest, WaitAnyForManyMoreThanThereMayBeDescriptors) {
  EXPECT_TRUE(InForkedCopy([this] {
    rlimit limit;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    limit.rlim_cur = 300;  // poll() takes no more entries than this
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    const std::vector<Waitable*> objects(20000, pair_.second.get());
    const auto none = HostPort().WaitAny(objects, Over());
    if (!absl::IsDeadlineExceeded(none.status())) return false;
    if (!pair_.first->Write(BytesOf("x"), Soon()).ok()) return false;
    const auto ready = HostPort().WaitAny(objects, Soon());
    return ready.ok() && ready->size() == objects.size();
  }));
}

TEST_F(StreamTest, WaitAnyRefusesNonsense) {
  EXPECT_CODE(HostPort().WaitAny({}, Deadline::Never()), kInvalidArgument);
  EXPECT_CODE(HostPort().WaitAny({}, Over()), kDeadlineExceeded);
  Waitable* const null = nullptr;
  EXPECT_CODE(HostPort().WaitAny(absl::MakeConstSpan(&null, 1), Over()), kInvalidArgument);
  class Strange : public Waitable {
  } strange;
  Waitable* const other = &strange;
  EXPECT_CODE(HostPort().WaitAny(absl::MakeConstSpan(&other, 1), Over()), kInvalidArgument);
}

TEST_F(StreamTest, ASleepingReaderIsWoken) {
  std::thread reader([this] { EXPECT_EQ(ReadText(*pair_.second), "x"); });
  ASSERT_OK(pair_.first->Write(BytesOf("x"), Soon()));
  reader.join();
}

}  // namespace
}  // namespace isoproc::port::posix
