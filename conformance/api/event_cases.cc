// Event.
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/api/sync_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/process.h"
#include "isoproc/sync.h"

namespace isoproc::conformance {
namespace {

ISOPROC_CASE(Event, EVT_01, SetAndClear) {
  ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
  EXPECT_FALSE(event.IsSet());
  EXPECT_OK(event.Clear());
  EXPECT_OK(event.Set());
  EXPECT_OK(event.Set());
  EXPECT_TRUE(event.IsSet());
  EXPECT_OK(event.Clear());
  EXPECT_FALSE(event.IsSet());
}

ISOPROC_CASE(Event, EVT_02, WaitsUntilSet) {
  ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
  EXPECT_CODE(event.Wait(absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_CODE(event.Wait(absl::Milliseconds(5)), kDeadlineExceeded);
  std::thread setter([&] { EXPECT_OK(event.Set()); });
  EXPECT_OK(event.Wait());
  setter.join();
  EXPECT_OK(event.Wait(absl::ZeroDuration()));
}

void SayAndWait(const Event& event) {
  Say("waits");
  Say(Code(event.Wait(GetEnvironment().patience)));
}
ISOPROC_CASE(Event, EVT_03, AllWhoWaitAreLetGo) {
  ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
  SystemPipe outputs[2];
  std::vector<Process> children;
  for (SystemPipe& output : outputs) {
    ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SayAndWait>(Into(output), event));
    ASSERT_EQ(output.ReadLine(), "waits");
    children.push_back(std::move(child));
  }
  std::thread here([&] { EXPECT_OK(event.Wait(GetEnvironment().patience)); });
  EXPECT_OK(event.Set());
  here.join();
  for (SystemPipe& output : outputs) EXPECT_EQ(output.ReadToEnd(), "OK\n");
}

ISOPROC_CASE(Event, EVT_04, MomentIsEnough) {
  ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
  ASSERT_OK_AND_ASSIGN(const Event answer, Event::Create());
  std::atomic<bool> over = false;
  std::thread waiter([&] {
    while (!over && event.Wait(GetEnvironment().patience).ok()) answer.Set().IgnoreError();
  });
  // The waiter may not have begun to wait when it is set, so it is set until the answer comes.
  for (int round = 0; round < 100; ++round) {
    absl::Status answered;
    do {
      ASSERT_OK(event.Set());
      ASSERT_OK(event.Clear());
      answered = answer.Wait(absl::Milliseconds(1));
    } while (absl::IsDeadlineExceeded(answered));
    ASSERT_OK(answered);
    ASSERT_OK(answer.Clear());
  }
  over = true;
  EXPECT_OK(event.Set());
  waiter.join();
}

ISOPROC_CASE(Event, EVT_05, SetDoesNotWaitForKilledWaiters) {
  ASSERT_OK_AND_ASSIGN(const Event event, Event::Create());
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process child, Process::Start<SayAndWait>(Into(output), event));
  ASSERT_EQ(output.ReadLine(), "waits");
  ASSERT_OK(child.Kill());
  EXPECT_OK(event.Set());
  ASSERT_OK(Await(child));
  EXPECT_OK(event.Clear());
  EXPECT_OK(event.Set());
}

}  // namespace
}  // namespace isoproc::conformance
