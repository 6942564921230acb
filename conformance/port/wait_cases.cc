// Port::WaitAny, and the time that calls of the port take.
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/port/support.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

using port::StreamPair;
using port::Waitable;
using testing::ElementsAre;

absl::StatusOr<std::vector<StreamPair>> MakePairs(int count) {
  std::vector<StreamPair> pairs;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<StreamPair> pair = TestPort().CreateStreamPair();
    if (!pair.ok()) return pair.status();
    pairs.push_back(*std::move(pair));
  }
  return pairs;
}

std::vector<Waitable*> ReadingEnds(const std::vector<StreamPair>& pairs) {
  std::vector<Waitable*> ends;
  for (const StreamPair& pair : pairs) ends.push_back(pair.second.get());
  return ends;
}

ISOPROC_CASE(Wait, WAIT_01, GivesAllThatAreReadyInOrder) {
  ASSERT_OK_AND_ASSIGN(const std::vector<StreamPair> pairs, MakePairs(3));
  const std::vector<Waitable*> ends = ReadingEnds(pairs);
  EXPECT_CODE(TestPort().WaitAny(ends, Expired()), kDeadlineExceeded);
  ASSERT_OK(WriteAll(*pairs[2].first, "x"));
  ASSERT_OK(WriteAll(*pairs[0].first, "x"));
  ASSERT_OK_AND_ASSIGN(const std::vector<size_t> ready, TestPort().WaitAny(ends, Patiently()));
  EXPECT_THAT(ready, ElementsAre(0, 2));
  Observe("ready", absl::StrJoin(ready, " "));
}

ISOPROC_CASE(Wait, WAIT_01_2, ObjectsMayRepeatAndNullIsRefused) {
  ASSERT_OK_AND_ASSIGN(const std::vector<StreamPair> pairs, MakePairs(2));
  ASSERT_OK(WriteAll(*pairs[0].first, "x"));
  Waitable* const ready_one = pairs[0].second.get();
  Waitable* const other = pairs[1].second.get();
  ASSERT_OK_AND_ASSIGN(
      const std::vector<size_t> ready,
      TestPort().WaitAny(std::vector<Waitable*>{ready_one, other, ready_one}, Patiently()));
  EXPECT_THAT(ready, ElementsAre(0, 2));
  EXPECT_CODE(TestPort().WaitAny(std::vector<Waitable*>{ready_one, nullptr}, Patiently()),
              kInvalidArgument);
}

ISOPROC_CASE(Wait, WAIT_01_3, WakesWhenOneBecomesReady) {
  ASSERT_OK_AND_ASSIGN(const std::vector<StreamPair> pairs, MakePairs(3));
  absl::Status written;
  std::thread writer([&] { written = WriteAll(*pairs[1].first, "x"); });
  const absl::StatusOr<std::vector<size_t>> ready =
      TestPort().WaitAny(ReadingEnds(pairs), Patiently());
  writer.join();
  EXPECT_OK(written);
  ASSERT_OK(ready);
  EXPECT_THAT(*ready, ElementsAre(1));
}

ISOPROC_CASE(Wait, WAIT_01_4, SeveralThreadsWaitForTheSameObject) {
  ASSERT_OK_AND_ASSIGN(const std::vector<StreamPair> pairs, MakePairs(1));
  std::vector<absl::Status> seen(4);
  std::vector<std::thread> threads;
  for (absl::Status& status : seen) {
    threads.emplace_back([&] { status = Ready(*pairs[0].second, Patiently()); });
  }
  const absl::Status written = WriteAll(*pairs[0].first, "x");
  for (std::thread& thread : threads) thread.join();
  EXPECT_OK(written);
  for (const absl::Status& status : seen) EXPECT_OK(status);
}

ISOPROC_CASE(Wait, CONN_46, NothingToWaitForNeedsADeadline) {
  EXPECT_CODE(TestPort().WaitAny({}, port::Deadline::Never()), kInvalidArgument);
  const absl::Duration start = TestPort().Now();
  EXPECT_CODE(TestPort().WaitAny({}, port::Deadline::After(start, absl::Milliseconds(20))),
              kDeadlineExceeded);
  EXPECT_GE(TestPort().Now() - start, absl::Milliseconds(20));
}

ISOPROC_CASE(Wait, CONN_50, TwoHundredObjects) {
  ASSERT_OK_AND_ASSIGN(const std::vector<StreamPair> pairs, MakePairs(200));
  const std::vector<Waitable*> ends = ReadingEnds(pairs);
  for (const size_t i : {0, 63, 64, 199}) ASSERT_OK(WriteAll(*pairs[i].first, "x"));
  ASSERT_OK_AND_ASSIGN(std::vector<size_t> ready, TestPort().WaitAny(ends, Patiently()));
  EXPECT_THAT(ready, ElementsAre(0, 63, 64, 199));
  Observe("ready", absl::StrJoin(ready, " "));
  for (const size_t i : {0, 63, 64, 199}) ASSERT_OK(ReadExactly(*pairs[i].second, 1));
  EXPECT_CODE(TestPort().WaitAny(ends, In(absl::Milliseconds(5))), kDeadlineExceeded);

  absl::Status written;
  std::thread writer([&] { written = WriteAll(*pairs[150].first, "x"); });
  const auto woken = TestPort().WaitAny(ends, Patiently());
  writer.join();
  EXPECT_OK(written);
  ASSERT_OK(woken);
  EXPECT_THAT(*woken, ElementsAre(150));
}

// Calls `wait` with deadlines around and below what systems count in; none may pass early.
template <class Wait>
void ExpectNeverEarly(Wait wait) {
  for (const absl::Duration timeout :
       {absl::Microseconds(1), absl::Microseconds(300), absl::Microseconds(1001),
        absl::Microseconds(4700), absl::Milliseconds(20)}) {
    for (int i = 0; i < 5; ++i) {
      const absl::Duration end = TestPort().Now() + timeout;
      ASSERT_CODE(wait(port::Deadline::At(end)), kDeadlineExceeded);
      ASSERT_GE(TestPort().Now(), end) << "waiting for " << timeout;
    }
  }
}

ISOPROC_CASE(Time, CONN_51, WaitIsNeverShort) {
  ASSERT_OK_AND_ASSIGN(const StreamPair pair, TestPort().CreateStreamPair());
  ExpectNeverEarly([&](port::Deadline deadline) { return Ready(*pair.second, deadline); });
}

ISOPROC_CASE(Time, GEN_04, ReadIsNeverEarly) {
  ASSERT_OK_AND_ASSIGN(const StreamPair pair, TestPort().CreateStreamPair());
  ExpectNeverEarly([&](port::Deadline deadline) {
    std::byte byte;
    return pair.second->Read({&byte, 1}, deadline).status();
  });
}

ISOPROC_CASE(Time, GEN_01, NegativeTimeoutIsZero) {
  ASSERT_OK_AND_ASSIGN(const StreamPair pair, TestPort().CreateStreamPair());
  for (const absl::Duration timeout : {-absl::Seconds(1), -absl::InfiniteDuration()}) {
    EXPECT_CODE(Ready(*pair.second, In(timeout)), kDeadlineExceeded);
    std::byte byte;
    EXPECT_CODE(pair.second->Read({&byte, 1}, In(timeout)), kDeadlineExceeded);
  }
}

ISOPROC_CASE(Time, GEN_03, ExpiredDeadlineStillTriesOnce) {
  ASSERT_OK_AND_ASSIGN(const StreamPair pair, TestPort().CreateStreamPair());
  std::byte byte{'x'};
  EXPECT_OK(pair.first->Write({&byte, 1}, Expired()));
  ASSERT_OK(Ready(*pair.second, Patiently()));
  EXPECT_OK(Ready(*pair.second, Expired()));
  EXPECT_OK(pair.second->Read({&byte, 1}, Expired()));
}

ISOPROC_CASE(Time, GEN_05, HugeTimeoutIsForEver) {
  ASSERT_OK_AND_ASSIGN(const std::vector<StreamPair> pairs, MakePairs(3));
  // 25 days are the end of milliseconds in 32 bits, 292 years of nanoseconds in 64.
  const absl::Duration timeouts[] = {absl::Hours(24 * 26), absl::Hours(24 * 365 * 300),
                                     absl::Hours(1e15)};
  for (size_t i = 0; i < pairs.size(); ++i) {
    absl::Status written;
    std::thread writer([&] { written = WriteAll(*pairs[i].first, "x"); });
    EXPECT_OK(Ready(*pairs[i].second, In(timeouts[i])));
    std::byte byte;
    EXPECT_OK(pairs[i].second->Read({&byte, 1}, In(timeouts[i])));
    writer.join();
    EXPECT_OK(written);
  }
}

// The thread is known to wait for as long as the other one lets it: the bytes come only after a
// first deadline has passed.
ISOPROC_CASE(Time, GEN_02, WithoutDeadlineACallWaits) {
  ASSERT_OK_AND_ASSIGN(const StreamPair pair, TestPort().CreateStreamPair());
  absl::StatusOr<size_t> n = absl::UnknownError("not read");
  std::thread reader([&] {
    std::byte byte;
    n = pair.second->Read({&byte, 1}, port::Deadline::Never());
  });
  const absl::Status waited = TestPort().WaitAny({}, In(absl::Milliseconds(20))).status();
  const absl::Status written = WriteAll(*pair.first, "x");
  reader.join();
  EXPECT_CODE(waited, kDeadlineExceeded);
  EXPECT_OK(written);
  ASSERT_OK(n);
  EXPECT_EQ(*n, 1u);
}

}  // namespace
}  // namespace isoproc::conformance
