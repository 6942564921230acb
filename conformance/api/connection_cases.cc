// Connection and Pipe, within one process.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
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
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/port/support.h"
#include "isoproc/pipe.h"
#include "isoproc/process.h"
#include "isoproc/shared_memory.h"
#include "isoproc/sync.h"
#include "isoproc/wait.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

using testing::ElementsAre;

ISOPROC_CASE(Connection, CONN_01, PipesGoBothWaysOrOne) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK(one.SendBytes("there"));
  ASSERT_OK(other.SendBytes("back"));
  EXPECT_EQ(Next(other), "there");
  EXPECT_EQ(Next(one), "back");

  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  ASSERT_OK(writer.SendBytes("only there"));
  EXPECT_EQ(Next(reader), "only there");
}

ISOPROC_CASE(Connection, CONN_02, EndsSayWhatTheyCan) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  EXPECT_TRUE(one.readable() && one.writable() && other.readable() && other.writable());
  EXPECT_TRUE(reader.readable() && !reader.writable());
  EXPECT_TRUE(!writer.readable() && writer.writable());
  EXPECT_FALSE(reader.closed());
  reader.Close();
  EXPECT_TRUE(reader.closed());
  EXPECT_TRUE(reader.readable() && !reader.writable());
  EXPECT_TRUE(Connection().closed());
}

ISOPROC_CASE(Connection, CONN_03, WrongWayIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  EXPECT_CODE(reader.SendBytes("x"), kFailedPrecondition);
  EXPECT_CODE(reader.Send(1), kFailedPrecondition);
  EXPECT_CODE(writer.ReceiveBytes(), kFailedPrecondition);
  EXPECT_CODE(writer.Receive<int>(), kFailedPrecondition);
  EXPECT_CODE(writer.NextSize(), kFailedPrecondition);
  EXPECT_CODE(writer.Poll(), kFailedPrecondition);
  ASSERT_OK(writer.SendBytes("y"));
  EXPECT_EQ(Next(reader), "y");
}

ISOPROC_CASE(Connection, CONN_04, BoundariesAndOrderStay) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  for (const char* text : {"a", "bb", "", "ccc"}) ASSERT_OK(one.SendBytes(text));
  EXPECT_EQ(Next(other), "a");
  EXPECT_EQ(Next(other), "bb");
  EXPECT_EQ(Next(other), "");
  EXPECT_EQ(Next(other), "ccc");
  EXPECT_EQ(TryNext(other), "DEADLINE_EXCEEDED");
}

struct Order {
  std::string name;
  std::vector<double> prices;
  std::map<std::string, std::optional<int>> counts;
  bool operator==(const Order&) const = default;
};
ISOPROC_CASE(Connection, CONN_05, ValuesArriveEqual) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  const Order order{"tea", {1.5, 2}, {{"a", 1}, {"b", std::nullopt}}};
  ASSERT_OK(one.Send(order));
  ASSERT_OK(one.Send(int64_t{-7}));
  ASSERT_OK(one.Send(std::make_unique<std::string>("owned")));
  ASSERT_OK_AND_ASSIGN(const Order received, other.Receive<Order>(Patience()));
  EXPECT_EQ(received, order);
  EXPECT_EQ(other.Receive<int64_t>(Patience()).value_or(0), -7);
  ASSERT_OK_AND_ASSIGN(const auto owned, other.Receive<std::unique_ptr<std::string>>(Patience()));
  EXPECT_EQ(*owned, "owned");
}

ISOPROC_CASE(Connection, CONN_09, EmptyMessageIsAMessage) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  EXPECT_CODE(other.Poll(absl::ZeroDuration()), kDeadlineExceeded);
  ASSERT_OK(one.SendBytes(absl::Span<const std::byte>()));
  for (int i = 0; i < 3; ++i) EXPECT_OK(other.Poll(Patience()));
  EXPECT_EQ(other.ReceiveBytesInto({}, Patience()).value_or(1), 0u);
  EXPECT_CODE(other.Poll(absl::ZeroDuration()), kDeadlineExceeded);
}

ISOPROC_CASE(Connection, CONN_10, OtherTypesAreRefusedAndTaken) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK(one.Send(1));
  ASSERT_OK(one.SendBytes(""));
  ASSERT_OK(one.SendBytes(std::string(5000, '\xFF')));
  ASSERT_OK(one.Send(2));
  EXPECT_CODE(other.Receive<unsigned>(Patience()), kDataLoss);
  EXPECT_CODE(other.Receive<int>(Patience()), kDataLoss) << "no bytes are no value, and no end";
  EXPECT_CODE(other.Receive<std::string>(Patience()), kDataLoss);
  EXPECT_EQ(other.Receive<int>(Patience()).value_or(0), 2);
}

// Around every size that means something on the way.
ISOPROC_CASE(Connection, CONN_11, AnySizeArrives) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  const size_t kMiB = size_t{1} << 20;
  const std::vector<size_t> sizes = {0,
                                     1,
                                     110,
                                     111,
                                     112,
                                     4096,
                                     16 * 1024 + 110,
                                     16495,
                                     16 << 10,
                                     64 * 1024 + 1,
                                     kMiB,
                                     kMiB + 110,
                                     kMiB + 111,
                                     kMiB + 112,
                                     17000,
                                     2 * kMiB,
                                     2 * kMiB + 111,
                                     16 * kMiB,
                                     3 * kMiB + 7,
                                     2 * kMiB + 112};
  absl::Status sent;
  std::thread sender([&one = one, &sizes, &sent] {
    for (const size_t size : sizes) sent.Update(one.SendBytes(Pattern(size), Patience()));
  });
  std::vector<std::string> received;
  for (size_t i = 0; i < sizes.size(); ++i) received.push_back(Next(other));
  sender.join();
  EXPECT_OK(sent);
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_TRUE(received[i] == Pattern(sizes[i])) << sizes[i] << " bytes";
  }
}

// Memory that nobody touches costs next to nothing.
ISOPROC_CASE(Connection, CONN_12, SizesHave64Bits) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  const uint64_t size = (uint64_t{1} << 32) + 5;
  const std::unique_ptr<std::byte[]> bytes(new (std::nothrow) std::byte[size]);
  ASSERT_NE(bytes, nullptr);
  absl::Status sent;
  std::thread sender([&one = one, &bytes, &sent] {
    sent = one.SendBytes(absl::MakeConstSpan(bytes.get(), size), Patience());
  });
  const absl::StatusOr<uint64_t> next = other.NextSize(Patience());
  const absl::Status too_long = other.ReceiveBytes(Patience(), size - 1).status();
  other.Close();
  sender.join();
  EXPECT_OK(next);
  EXPECT_EQ(next.value_or(0), size);
  EXPECT_CODE(too_long, kResourceExhausted);
  EXPECT_CODE(sent, kUnavailable);
}

// With --stress, one that needs 64 bits.
ISOPROC_CASE(Connection, CONN_12_2, LongMessageArrivesToItsLastByte) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  const uint64_t size = (uint64_t{1} << (GetEnvironment().stress ? 32 : 22)) + 5;
  const auto make = [size] {
    return std::unique_ptr<std::byte[]>(new (std::nothrow) std::byte[size]);
  };
  const auto mark = [size](std::byte* bytes) {
    return std::array<std::byte*, 3>{bytes, bytes + size / 2, bytes + size - 1};
  };
  const auto sent = make();
  const auto received = make();
  ASSERT_TRUE(sent != nullptr && received != nullptr);
  for (std::byte* const at : mark(sent.get())) *at = std::byte{7};
  absl::Status status;
  std::thread sender([&one = one, &sent, size, &status] {
    status = one.SendBytes(absl::MakeConstSpan(sent.get(), size));
  });
  const absl::StatusOr<size_t> got = other.ReceiveBytesInto(absl::MakeSpan(received.get(), size));
  if (!got.ok()) other.Close();
  sender.join();
  EXPECT_OK(status);
  EXPECT_EQ(got.value_or(0), size);
  for (const std::byte* const at : mark(received.get())) EXPECT_EQ(*at, std::byte{7});
}

ISOPROC_CASE(Connection, CONN_15, MessageThatIsLateIsNotReceived) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK(one.SendBytes("before"));
  EXPECT_CODE(one.SendBytes(Large(), absl::Milliseconds(20)), kDeadlineExceeded);
  EXPECT_CODE(one.SendBytes(Large(), absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_EQ(Next(other), "before");
  EXPECT_EQ(TryNext(other), "DEADLINE_EXCEEDED");
  absl::Status sent;
  std::thread sender([&one = one, &sent] {
    sent = one.SendBytes("after", Patience());
    sent.Update(one.SendBytes(Large(), Patience()));
  });
  const std::string after = Next(other);
  const bool is_whole = Next(other) == Large();
  sender.join();
  EXPECT_OK(sent);
  EXPECT_EQ(after, "after");
  EXPECT_TRUE(is_whole);
}

// Short messages, of which the last one that is tried may be there in part.
ISOPROC_CASE(Connection, CONN_15_2, ConnectionThatIsFullGoesOn) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  int sent = 0;
  absl::Status last;
  while (last.ok()) {
    last = one.SendBytes(absl::StrCat(sent, std::string(3000, '.')), absl::ZeroDuration());
    if (last.ok()) ++sent;
  }
  EXPECT_CODE(last, kDeadlineExceeded);
  EXPECT_GT(sent, 3);
  for (int i = 0; i < sent; ++i) {
    ASSERT_EQ(Next(other), absl::StrCat(i, std::string(3000, '.')));
  }
  EXPECT_EQ(TryNext(other), "DEADLINE_EXCEEDED");
  ASSERT_OK(one.SendBytes("after", Patience()));
  EXPECT_EQ(Next(other), "after");
}

// A receiver with a limit, and a sender that gives up what is beyond it.
ISOPROC_CASE(Connection, CONN_15_3, MessageThatIsLateBlocksNobody) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  EXPECT_CODE(one.SendBytes(Large(), absl::Milliseconds(20)), kDeadlineExceeded);
  absl::Status sent;
  std::thread sender([&one = one, &sent] { sent = one.SendBytes("after", Patience()); });
  EXPECT_CODE(other.ReceiveBytes(Patience(), 10), kResourceExhausted);
  EXPECT_OK(other.Discard(Patience()));
  EXPECT_EQ(other.ReceiveBytes(Patience(), 10).value_or("?"), "after");
  sender.join();
  EXPECT_OK(sent);
}

ISOPROC_CASE(Connection, CONN_16, ReceiverThatIsLateLosesNothing) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  EXPECT_EQ(TryNext(other), "DEADLINE_EXCEEDED");
  EXPECT_EQ(Next(other, absl::Milliseconds(5)), "DEADLINE_EXCEEDED");
  absl::Status sent;
  std::thread sender([&one = one, &sent] { sent = one.SendBytes(Large(), Patience()); });
  std::string received;
  do {
    received = Next(other, absl::Microseconds(50));
  } while (received == "DEADLINE_EXCEEDED");
  sender.join();
  EXPECT_OK(sent);
  EXPECT_TRUE(received == Large());
}

ISOPROC_CASE(Connection, CONN_17, EndOfStreamStays) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  one.Close();
  for (int i = 0; i < 3; ++i) {
    EXPECT_CODE(other.ReceiveBytes(), kOutOfRange);
    EXPECT_CODE(other.Receive<int>(), kOutOfRange);
    EXPECT_CODE(other.NextSize(), kOutOfRange);
    std::byte byte;
    EXPECT_CODE(other.ReceiveBytesInto(absl::MakeSpan(&byte, 1)), kOutOfRange);
  }
}

ISOPROC_CASE(Connection, CONN_18, WhatWasSentIsReceivedFirst) {
  ASSERT_OK_AND_ASSIGN(auto pipe, Pipe());
  auto& [one, other] = pipe;
  ASSERT_OK(one.SendBytes("first"));
  ASSERT_OK(one.SendBytes(std::string(20000, 's')));
  ASSERT_OK(other.SendBytes("unread, and nobody will"));
  one = Connection();
  EXPECT_EQ(Next(other), "first");
  EXPECT_EQ(Next(other), std::string(20000, 's'));
  EXPECT_EQ(Next(other), "OUT_OF_RANGE");
}

ISOPROC_CASE(Connection, CONN_20, SendingToNobodyIsUnavailable) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  other.Close();
  for (int i = 0; i < 3; ++i) EXPECT_CODE(one.SendBytes("x"), kUnavailable);
  EXPECT_CODE(one.SendBytes(Large()), kUnavailable);

  ASSERT_OK_AND_ASSIGN(const auto one_way, OneWayPipe());
  const auto& [reader, writer] = one_way;
  absl::Status sent;
  std::thread sender([&writer = writer, &sent] { sent = writer.SendBytes(Large()); });
  EXPECT_OK(reader.NextSize(Patience()));
  reader.Close();
  sender.join();
  EXPECT_CODE(sent, kUnavailable) << "in the middle of a message";
}

ISOPROC_CASE(Connection, CONN_20_2, WhoSendsIsToldWhatWhoReceivesIs) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  other.Close();
  const std::string told(one.ReceiveBytes().status().message());
  ASSERT_OK_AND_ASSIGN(const Lock lock, Lock::Create());
  ASSERT_OK_AND_ASSIGN(const SharedMemory memory, SharedMemory::Create(1));
  for (const absl::Status& sent : {one.SendBytes("x"), one.Send(lock), one.Send(memory)}) {
    EXPECT_CODE(sent, kUnavailable);
    EXPECT_EQ(sent.message(), told);
  }
}

ISOPROC_CASE(Connection, CONN_23, LimitIsTheReceivers) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  for (const size_t size : {size_t{5}, size_t{5000}}) {
    ASSERT_OK(one.SendBytes(Pattern(size)));
    EXPECT_CODE(other.ReceiveBytes(Patience(), size - 1), kResourceExhausted);
    EXPECT_OK(other.Poll(Patience())) << "it stays";
    EXPECT_CODE(other.ReceiveBytes(Patience(), 0), kResourceExhausted);
    ASSERT_OK_AND_ASSIGN(const std::string bytes, other.ReceiveBytes(Patience(), size));
    EXPECT_EQ(bytes, Pattern(size));
  }
  ASSERT_OK(one.Send(std::string(100, 'x')));
  EXPECT_CODE(other.Receive<std::string>(Patience(), 100), kResourceExhausted) << "as it travels";
  EXPECT_OK(other.Receive<std::string>(Patience(), 200));
}

// Memory runs out when the first of them is read.
struct Hungry {
  static inline bool is_fed = false;
  int number = 0;
  template <class Archive>
  void save(Archive& archive) const {
    archive(number);
  }
  template <class Archive>
  void load(Archive& archive) {
    if (!std::exchange(is_fed, true)) throw std::bad_alloc();
    archive(number);
  }
};
ISOPROC_CASE(Connection, CONN_23_2, MessageWithoutMemoryForItsValueStays) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK(one.Send(Hungry{7}));
  Hungry::is_fed = false;
  EXPECT_CODE(other.Receive<Hungry>(Patience()), kResourceExhausted);
  EXPECT_OK(other.Poll(absl::ZeroDuration())) << "it stays";
  ASSERT_OK_AND_ASSIGN(const Hungry received, other.Receive<Hungry>(absl::ZeroDuration()));
  EXPECT_EQ(received.number, 7);
}

ISOPROC_CASE(Connection, CONN_25, TooLittleRoomLeavesTheMessage) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK(one.SendBytes("four"));
  std::vector<std::byte> room(3, std::byte{'-'});
  EXPECT_CODE(other.ReceiveBytesInto(absl::MakeSpan(room), Patience()), kResourceExhausted);
  EXPECT_EQ(room, std::vector<std::byte>(3, std::byte{'-'}));
  EXPECT_EQ(Next(other), "four");
}

ISOPROC_CASE(Connection, CONN_27, BytesBeyondTheMessageStay) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  for (const size_t size : {size_t{3}, size_t{3000}}) {
    ASSERT_OK(one.SendBytes(std::string(size, 'm')));
    std::string room(size + 2, '-');
    EXPECT_EQ(
        other
            .ReceiveBytesInto(
                absl::MakeSpan(reinterpret_cast<std::byte*>(room.data()), room.size()), Patience())
            .value_or(0),
        size);
    EXPECT_EQ(room, std::string(size, 'm') + "--");
  }
}

ISOPROC_CASE(Connection, CONN_28, PollWaitsForAMessage) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  EXPECT_CODE(other.Poll(absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_CODE(other.Poll(absl::Milliseconds(5)), kDeadlineExceeded);
  absl::Status sent;
  std::thread sender([&one = one, &sent] { sent = one.SendBytes("x"); });
  EXPECT_OK(other.Poll());
  sender.join();
  EXPECT_OK(sent);
  EXPECT_OK(other.Poll(-absl::Seconds(1))) << "looks once";
}

ISOPROC_CASE(Connection, CONN_29, PollSeesTheEnd) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  one.Close();
  for (int i = 0; i < 3; ++i) EXPECT_OK(other.Poll());
  EXPECT_CODE(other.ReceiveBytes(), kOutOfRange);
  EXPECT_OK(other.Poll());
}

ISOPROC_CASE(Connection, CONN_30, PollTakesNothing) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK(one.SendBytes("a"));
  ASSERT_OK(one.SendBytes(std::string(1000, 'b')));
  for (int i = 0; i < 3; ++i) EXPECT_OK(other.Poll(Patience()));
  EXPECT_EQ(Next(other), "a");
  for (int i = 0; i < 3; ++i) EXPECT_OK(other.Poll(Patience()));
  EXPECT_EQ(Next(other), std::string(1000, 'b'));
  EXPECT_CODE(other.Poll(absl::ZeroDuration()), kDeadlineExceeded);
}

ISOPROC_CASE(Connection, CONN_31, ClosedConnectionsRefuseAll) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  const Connection copy = one;
  one.Close();
  one.Close();
  for (const Connection& closed : {one, copy, Connection()}) {
    EXPECT_TRUE(closed.closed());
    EXPECT_CODE(closed.Send(1), kFailedPrecondition);
    EXPECT_CODE(closed.SendBytes("x"), kFailedPrecondition);
    EXPECT_CODE(closed.Receive<int>(), kFailedPrecondition);
    EXPECT_CODE(closed.ReceiveBytes(), kFailedPrecondition);
    EXPECT_CODE(closed.ReceiveBytesInto({}), kFailedPrecondition);
    EXPECT_CODE(closed.NextSize(), kFailedPrecondition);
    EXPECT_CODE(closed.Discard(), kFailedPrecondition);
    EXPECT_CODE(closed.Poll(), kFailedPrecondition);
    EXPECT_CODE(closed.native_handle(), kFailedPrecondition);
    closed.Close();
  }
  EXPECT_FALSE(other.closed());
}

ISOPROC_CASE(Connection, CONN_32, LastCopyCloses) {
  ASSERT_OK_AND_ASSIGN(auto pipe, Pipe());
  auto& [one, other] = pipe;
  Connection copy = one;
  one = Connection();
  ASSERT_OK(copy.SendBytes("x"));
  EXPECT_EQ(Next(other), "x");
  EXPECT_EQ(TryNext(other), "DEADLINE_EXCEEDED");
  copy = Connection();
  EXPECT_EQ(Next(other), "OUT_OF_RANGE");
}

ISOPROC_CASE(Connection, CONN_33, NativeHandleIsTheEnds) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const int64_t handle, one.native_handle());
  EXPECT_EQ(one.native_handle().value_or(-1), handle);
  EXPECT_NE(other.native_handle().value_or(handle), handle);
  EXPECT_GT(handle, 2) << "no standard stream";
  EXPECT_TRUE(system_support::IsPipe(handle));
  one.Close();
  EXPECT_FALSE(system_support::IsPipe(handle)) << "the handle of another";
  EXPECT_TRUE(system_support::IsPipe(other.native_handle().value_or(0)));
}

ISOPROC_CASE(Connection, CONN_36, ThreadsSendAndReceiveAtOnce) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  constexpr int kThreads = 3;
  constexpr int kEach = 60;
  std::vector<std::thread> threads;
  std::vector<absl::Status> sent(kThreads);
  std::vector<std::vector<std::string>> received(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&one = one, &sent, t] {
      for (int i = 0; i < kEach; ++i) {
        const size_t size = i % 10 == 0 ? 300000 : 10;
        sent[t].Update(one.SendBytes(absl::StrCat(t, " ", i, " ", std::string(size, 'a' + t))));
      }
    });
    threads.emplace_back([&other = other, &received, t] {
      for (int i = 0; i < kEach; ++i) received[t].push_back(Next(other));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (int t = 0; t < kThreads; ++t) {
    EXPECT_OK(sent[t]);
    for (const std::string& text : received[t]) {
      EXPECT_TRUE(all.insert(text.substr(0, text.rfind(' '))).second) << "doubled";
      const size_t begin = text.rfind(' ') + 1;
      EXPECT_EQ(text.find_first_not_of(text[begin], begin), std::string::npos) << "mixed";
    }
  }
  EXPECT_EQ(all.size(), static_cast<size_t>(kThreads * kEach));
}

// A thread that waits in vain holds up the others for as long as they let it.
ISOPROC_CASE(Connection, CONN_36_2, TimeoutsCountWhileAnotherThreadReceives) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  std::string received;
  std::thread receiver([&other = other, &received] { received = Next(other); });
  EXPECT_EQ(Next(other, absl::Milliseconds(20)), "DEADLINE_EXCEEDED");
  EXPECT_CODE(other.Poll(absl::Milliseconds(5)), kDeadlineExceeded);
  ASSERT_OK(other.SendBytes("the other way is free"));
  EXPECT_EQ(Next(one), "the other way is free");
  ASSERT_OK(one.SendBytes("x"));
  receiver.join();
  EXPECT_EQ(received, "x");
}

struct Unwilling {
  int number = 0;
  template <class Archive>
  void save(Archive&) const {
    throw std::runtime_error("not today");
  }
  template <class Archive>
  void load(Archive&) {}
};
ISOPROC_CASE(Connection, CONN_38, ValueThatCannotBeEncodedIsNotSent) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  EXPECT_CODE(one.Send(Unwilling{}), kInvalidArgument);
  ASSERT_OK(one.SendBytes("next"));
  EXPECT_EQ(Next(other), "next");
}

ISOPROC_CASE(Connection, CONN_53, SizeOfTheNextMessage) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  EXPECT_CODE(other.NextSize(absl::ZeroDuration()), kDeadlineExceeded);
  for (const size_t size : {size_t{0}, size_t{7}, size_t{7000}}) {
    ASSERT_OK(one.SendBytes(Pattern(size)));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(other.NextSize(Patience()).value_or(1), size);
    EXPECT_EQ(Next(other), Pattern(size));
  }
}

ISOPROC_CASE(Connection, CONN_63, MessageThatNobodyWants) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  EXPECT_CODE(other.Discard(absl::ZeroDuration()), kDeadlineExceeded);
  absl::Status sent;
  std::thread sender([&one = one, &sent] {
    for (const size_t size : {5, 5000, 3 << 20}) {
      sent.Update(one.SendBytes(Pattern(size), Patience()));
      sent.Update(one.SendBytes("wanted", Patience()));
    }
    sent.Update(one.SendBytes(Large(), Patience()));
    one.Close();
  });
  EXPECT_OK(other.Discard(Patience()));
  EXPECT_EQ(Next(other), "wanted");
  EXPECT_EQ(other.NextSize(Patience()).value_or(0), 5000u);
  EXPECT_OK(other.Discard(absl::ZeroDuration())) << "it was looked at";
  EXPECT_EQ(Next(other), "wanted");
  EXPECT_EQ(Next(other, absl::Microseconds(50)), "DEADLINE_EXCEEDED") << "or it is very fast";
  EXPECT_OK(other.Discard(Patience())) << "half received";
  EXPECT_EQ(other.NextSize(Patience()).value_or(0), 6u);
  EXPECT_EQ(Next(other), "wanted");
  EXPECT_OK(other.Discard(Patience()));
  EXPECT_CODE(other.Discard(Patience()), kOutOfRange);
  sender.join();
  EXPECT_OK(sent);
}

ISOPROC_CASE(Connection, CONN_63_2, TornMessageThatNobodyWants) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, OneWayPipe());
  const auto& [reader, writer] = pipe;
  EXPECT_CODE(writer.SendBytes(Large(), absl::Milliseconds(5)), kDeadlineExceeded);
  writer.Close();
  EXPECT_OK(reader.Discard(Patience()));
  EXPECT_EQ(Next(reader), "DATA_LOSS");
  EXPECT_EQ(Next(reader), "OUT_OF_RANGE");
}

// What another thread reads of a message, the system no longer tells of.
ISOPROC_CASE(Connection, CONN_64, MessageThatAnotherThreadLooksAtEndsAPoll) {
  ASSERT_OK_AND_ASSIGN(const auto pipe, Pipe());
  const auto& [one, other] = pipe;
  ASSERT_OK_AND_ASSIGN(const Waitable waitable, other.AsWaitable());
  for (int i = 0; i < 40; ++i) {
    absl::Status ready;
    std::atomic<bool> polls = false;
    std::thread poller([&, &other = other] {
      polls = true;
      ready = i % 2 == 0 ? other.Poll(Patience())
                         : Wait(absl::MakeConstSpan(&waitable, 1), Patience()).status();
    });
    while (!polls) std::this_thread::yield();
    for (int k = 0; k < i % 4; ++k) std::this_thread::yield();  // now and then it sleeps then
    EXPECT_OK(one.SendBytes("x"));
    EXPECT_OK(other.NextSize(Patience()));
    poller.join();
    ASSERT_OK(ready) << i;
    EXPECT_EQ(Next(other), "x");
  }
}

}  // namespace
}  // namespace isoproc::conformance
