#include "win32/wait.h"

#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/deadline.h"
#include "platform/port/port.h"
#include "win32/tests/support.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

using testing::ElementsAre;

StreamPair MakePair() {
  absl::StatusOr<StreamPair> pair = HostPort().CreateStreamPair();
  EXPECT_TRUE(pair.ok()) << pair.status();
  return *std::move(pair);
}

TEST(WaitAnyTest, WokenByTheEndOfAStream) {
  StreamPair pair = MakePair();
  std::thread closer([&] { pair.second.reset(); });
  EXPECT_THAT(*HostPort().WaitAny({pair.first.get()}, Generous()), ElementsAre(0));
  EXPECT_EQ(ReceiveLine(*pair.first), "<end>");
  closer.join();
}

TEST(WaitAnyTest, AReadMayGoOnMeanwhile) {
  const StreamPair pair = MakePair();
  std::string received;
  std::thread reader([&] { received = ReceiveLine(*pair.first); });
  // May see the line or not, but must not take it.
  (void)HostPort().WaitAny({pair.first.get()},
                           Deadline::After(HostPort().Now(), absl::Milliseconds(20)));
  SendLine(*pair.second, "for the reader");
  reader.join();
  EXPECT_EQ(received, "for the reader");
}

TEST(WaitAnyTest, MoreThanOneWaitCanTake) {
  for (const size_t count : {63u, 64u, 65u, 200u}) {
    std::vector<StreamPair> pairs;
    std::vector<Waitable*> objects;
    for (size_t i = 0; i < count; ++i) {
      pairs.push_back(MakePair());
      objects.push_back(pairs.back().first.get());
    }
    EXPECT_EQ(CodeOf(HostPort().WaitAny(objects,
                                        Deadline::After(HostPort().Now(), absl::Milliseconds(5)))),
              absl::StatusCode::kDeadlineExceeded);
    std::thread writer([&] { SendLine(*pairs[count - 1].second, "x"); });
    EXPECT_THAT(*HostPort().WaitAny(objects, Generous()), ElementsAre(count - 1)) << count;
    writer.join();
    SendLine(*pairs[0].second, "x");
    EXPECT_THAT(*HostPort().WaitAny(objects, Generous()), ElementsAre(0, count - 1)) << count;
  }
}

TEST(WaitAnyTest, LeavesNoHandles) {
  for (const size_t count : {2u, 80u}) {
    const auto wait_in_vain = [count] {
      std::vector<StreamPair> pairs;
      std::vector<Waitable*> objects;
      for (size_t i = 0; i < count; ++i) {
        pairs.push_back(MakePair());
        objects.push_back(pairs.back().first.get());
      }
      const Deadline soon = Deadline::After(HostPort().Now(), absl::Milliseconds(1));
      EXPECT_EQ(CodeOf(HostPort().WaitAny(objects, soon)), absl::StatusCode::kDeadlineExceeded);
    };
    // Beyond 64 the thread pool helps, which keeps some threads.
    ExpectNoHandleLeak(wait_in_vain, count > 64 ? 20 : 0);
  }
}

TEST(WaitAnyTest, LeavesNoOperationBehind) {
  if (IsWine()) GTEST_SKIP() << "Wine cancels nothing with success";
  StreamPair pair = MakePair();
  EXPECT_EQ(CodeOf(HostPort().WaitAny({pair.first.get()},
                                      Deadline::After(HostPort().Now(), absl::Milliseconds(5)))),
            absl::StatusCode::kDeadlineExceeded);
  const Handle handle = pair.first->Detach();
  EXPECT_FALSE(::CancelIoEx(NativeOf(handle.native()), nullptr));
  EXPECT_EQ(::GetLastError(), DWORD{ERROR_NOT_FOUND});
}

TEST(WaitMillisecondsTest, NeverForEverByAccident) {
  const absl::Duration now = HostPort().Now();
  EXPECT_EQ(WaitMilliseconds(Deadline::Never()), INFINITE);
  EXPECT_EQ(WaitMilliseconds(Deadline::After(now, absl::InfiniteDuration())), INFINITE);
  EXPECT_EQ(WaitMilliseconds(Expired()), 0u);
  // INFINITE milliseconds are 49.7 days.
  for (const int days : {24, 25, 49, 50, 99, 100, 1000000}) {
    const DWORD wait = WaitMilliseconds(Deadline::After(now, absl::Hours(24) * days));
    EXPECT_LE(wait, 0x7FFFFFFFu) << days;
    EXPECT_GT(wait, 2000000000u) << days;
  }
  EXPECT_EQ(
      WaitMilliseconds(Deadline::After(HostPort().Now(), absl::Nanoseconds(1) * 400000000)) >= 300u,
      true);
}

}  // namespace
}  // namespace isoproc::port::win32
