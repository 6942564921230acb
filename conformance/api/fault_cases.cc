// What comes of a start, and of a pool, when the system fails: each call of the port fails once.
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "conformance/api/pool_support.h"
#include "conformance/api/replaced_port.h"
#include "conformance/children/children.h"
#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/port/support.h"
#include "isoproc/isoproc.h"
#include "platform/port/port.h"
#include "platform/testing/fault_port.h"
#include "platform/testing/port_wrapper.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {
namespace {

// Counts what is handed out and not given back: streams, and children that were let go of while
// they ran.
class CountingPort : public port::PortWrapper {
 public:
  using PortWrapper::PortWrapper;

  absl::StatusOr<std::unique_ptr<port::ChildProcess>> Spawn(
      const port::SpawnRequest& request) override {
    return Count(PortWrapper::Spawn(request));
  }
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> SpawnFromServer(
      port::Stream& server, const port::SpawnRequest& request, port::Deadline deadline) override {
    return Count(PortWrapper::SpawnFromServer(server, request, deadline));
  }

  std::atomic<int> streams = 0;
  std::atomic<int> children = 0;
  std::atomic<int> left_running = 0;

 protected:
  std::unique_ptr<port::Stream> WrapStream(std::unique_ptr<port::Stream> real) override {
    return std::make_unique<CountedStream>(*this, std::move(real));
  }

 private:
  class CountedStream : public port::StreamWrapper {
   public:
    CountedStream(CountingPort& port, std::unique_ptr<port::Stream> real)
        : StreamWrapper(std::move(real)), port_(port) {
      ++port_.streams;
    }
    ~CountedStream() override { --port_.streams; }

   private:
    CountingPort& port_;
  };

  class CountedChild : public port::ChildProcess {
   public:
    CountedChild(CountingPort& port, std::unique_ptr<port::ChildProcess> real)
        : port_(port), real_(std::move(real)) {
      ++port_.children;
    }
    ~CountedChild() override {
      --port_.children;
      if (real_->Wait(port::Deadline::At(absl::ZeroDuration())).ok()) return;
      ++port_.left_running;
      if (real_->Kill(9).ok()) real_->Wait(port::Deadline::Never()).IgnoreError();
    }

    int64_t pid() const override { return real_->pid(); }
    absl::StatusOr<port::Termination> Wait(port::Deadline deadline) override {
      return real_->Wait(deadline);
    }
    absl::Status Kill(int signal) override { return real_->Kill(signal); }
    absl::Status KillTree(int signal) override { return real_->KillTree(signal); }
    port::Waitable& notice() override { return real_->notice(); }

   private:
    CountingPort& port_;
    const std::unique_ptr<port::ChildProcess> real_;
  };

  absl::StatusOr<std::unique_ptr<port::ChildProcess>> Count(
      absl::StatusOr<std::unique_ptr<port::ChildProcess>> child) {
    if (!child.ok()) return child;
    return std::make_unique<CountedChild>(*this, *std::move(child));
  }
};

// A child that runs until it is killed.
int StayAlive(const std::string& ballast) {
  WaitForStop();
  return static_cast<int>(ballast.size());
}

// Starts, kills and joins a child, with the faults of `port`; a call that failed is made again.
// Gives the first failure, or OK.
absl::Status StartKillAndJoin(const ProcessOptions& options, const std::string& ballast) {
  absl::StatusOr<Process> child = Process::Start<StayAlive>(options, ballast);
  if (!child.ok()) return child.status();
  absl::Status first = child->Kill();
  if (!first.ok()) {
    EXPECT_OK(child->Kill()) << "once more";
  }
  absl::StatusOr<ExitStatus> status = child->Join();
  if (!status.ok()) {
    first.Update(status.status());
    status = child->Join();
  }
  EXPECT_OK(status);
  if (status.ok()) {
    EXPECT_EQ(status->ToString(), "signalled 9 (SIGKILL)");
  }
  EXPECT_FALSE(child->IsAlive());
  return first;
}

// Fails the n-th of the calls named `only` (all, if that is empty) for n = 1, 2, … until there are
// no more of them, or `most`.
void FailEachCall(const ProcessOptions& options, const absl::Status& error, const std::string& only,
                  const std::string& ballast, int most) {
  CountingPort counting(port::HostPort());
  port::FaultPort port(counting);
  const ReplacedPort replaced(port);
  for (int n = 1; n <= most; ++n) {
    port.FailCall(n, error, port::FaultPlan::Repeat::kOnce, only);
    const absl::Status status = StartKillAndJoin(options, ballast);
    const bool fired = port.fired();
    const std::string where = absl::StrCat("call ", n, ", ", port.fault());
    port.FailNothing();
    // The server is gone through its own stream and child.
    internal::Runtime::Get().fork_server().Stop();
    EXPECT_TRUE(ActiveChildren().empty()) << where;
    EXPECT_EQ(counting.left_running, 0) << where;
    EXPECT_EQ(counting.children, 0) << where;
    EXPECT_EQ(counting.streams, 0) << where;
    if (!fired) {
      EXPECT_OK(status) << where;
      return;
    }
    // A call whose failure does not matter is one that the start can do without.
    if (status.code() != error.code()) {
      EXPECT_OK(status) << where;
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_LT(most, 100) << "the calls do not end";
}

ProcessOptions Spawned() { return Killable(); }
ProcessOptions ForkServed() {
  ProcessOptions options = Killable();
  options.start_method = StartMethod::kForkServer;
  return options;
}

ISOPROC_CASE(Fault, CTX_27_2, EachCallFailsOnce) {
  // Some systems keep handles of what a failure used first.
  FailEachCall(Spawned(), absl::ResourceExhaustedError("injected"), "", "", 100);
  const int handles = system_support::CountHandles();
  const int children = system_support::CountChildren();
  FailEachCall(Spawned(), absl::ResourceExhaustedError("injected"), "", "", 100);
  EXPECT_EQ(system_support::CountHandles(), handles);
  EXPECT_EQ(system_support::CountChildren(), children);
}

// The arguments do not fit into the stream, so that some of them are written to a child that runs.
ISOPROC_CASE(Fault, CTX_27_3, WritesToTheChildFail) {
  const std::string ballast(8 << 20, 'x');
  FailEachCall(Spawned(), absl::ResourceExhaustedError("injected"), "Stream::Write", ballast, 4);
}

ISOPROC_CASE(Fault, CTX_27_4, FullProcessTable) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  port.FailCall(1, absl::ResourceExhaustedError("injected"), port::FaultPlan::Repeat::kFromThenOn,
                "Spawn");
  const absl::Status status = Process::Start<DoNothing>().status();
  EXPECT_CODE(status, kResourceExhausted);
  EXPECT_TRUE(ActiveChildren().empty());
  port.FailNothing();
  EXPECT_EQ(Outcome(Process::Start<DoNothing>()), "exited 0");
  Observe("start", status);
}

// A child that does not find the first bytes would run main as if the user had started it.
ISOPROC_CASE(Fault, CTX_27_6, StreamWithoutRoomStartsNothing) {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  port.FailCall(1, absl::DeadlineExceededError("injected"), port::FaultPlan::Repeat::kOnce,
                "Stream::Write");
  const absl::Status status = Process::Start<DoNothing>().status();
  EXPECT_TRUE(port.fired());
  EXPECT_CODE(status, kResourceExhausted);
  Observe("start", status);
}

ISOPROC_CASE_WITH(Fault, CTX_27_5, EachCallOfAForkServersStartFailsOnce, "fork_server") {
  // Some systems keep handles of what a failure used first.
  FailEachCall(ForkServed(), absl::ResourceExhaustedError("injected"), "", "", 100);
  const int handles = system_support::CountHandles();
  const int children = system_support::CountChildren();
  FailEachCall(ForkServed(), absl::ResourceExhaustedError("injected"), "", "", 100);
  EXPECT_EQ(system_support::CountHandles(), handles);
  EXPECT_EQ(system_support::CountChildren(), children);
}

size_t Length(const std::string& text) { return text.size(); }
// Uses a pool in all ways in which it asks something of the system. Gives what came of it.
absl::Status UsePool() {
  const absl::StatusOr<Event> begun = Event::Create();
  if (!begun.ok()) return begun.status();
  absl::StatusOr<Pool> pool = Pool::Create({.processes = 2, .process = Killable()});
  if (!pool.ok()) return pool.status();
  const std::vector<std::string> texts(6, std::string(100'000, 't'));
  absl::Status first;
  const auto outcomes = pool->MapOutcomes<Length>(texts, {.chunk_size = 3, .retries = 3});
  first.Update(outcomes.status());
  if (outcomes.ok()) {
    for (const absl::StatusOr<size_t>& outcome : *outcomes) first.Update(outcome.status());
  }
  const auto hangs = pool->ApplyAsync<Hang>(*begun);
  first.Update(hangs.status());
  if (hangs.ok()) {
    EXPECT_OK(begun->Wait(GetEnvironment().patience));
    EXPECT_EQ(hangs->CancelRunning(), 1u);
    EXPECT_CODE(hangs->Get(GetEnvironment().patience), kCancelled);
  }
  const absl::Status later = pool->Apply<Length>(std::string("later")).status();
  EXPECT_OK(later) << "the pool goes on";
  pool->Close();
  EXPECT_OK(pool->Join(GetEnvironment().patience));
  return first;
}
// Some are made so often, and by several threads, that only their kind is chosen.
ISOPROC_CASE(Fault, POOL_85_4, PoolsGoOnAfterEachFailedCall) {
  for (const char* const only : {"Spawn", "CreateStreamPair", "CreateSegment", "StartThread",
                                 "Segment::Share", "WaitAny", "ChildProcess::KillTree"}) {
    CountingPort counting(port::HostPort());
    port::FaultPort port(counting);
    const ReplacedPort replaced(port);
    const int most = GetEnvironment().stress ? 100 : 3;
    bool fired = true;
    for (int n = 1; fired && n <= most; ++n) {
      const std::string where = absl::StrCat(only, " ", n);
      SCOPED_TRACE(where);
      port.FailCall(n, absl::ResourceExhaustedError("injected"), port::FaultPlan::Repeat::kOnce,
                    only);
      const absl::Status status = UsePool();
      fired = port.fired();
      port.FailNothing();
      EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
      EXPECT_TRUE(ActiveChildren().empty());
      // The last thread of a pool lets go of it a moment after Join.
      EXPECT_TRUE(Eventually([&] { return counting.children == 0 && counting.streams == 0; }));
      EXPECT_EQ(counting.left_running, 0);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// The server seems to be gone: another one is started.
ISOPROC_CASE_WITH(Fault, CTX_31_4, UnavailableServerIsStartedAgain, "fork_server") {
  port::FaultPort port(port::HostPort());
  const ReplacedPort replaced(port);
  EXPECT_EQ(Outcome(Process::Start<DoNothing>(ForkServed())), "exited 0");
  port.FailCall(1, absl::UnavailableError("injected"), port::FaultPlan::Repeat::kOnce,
                "SpawnFromServer");
  EXPECT_EQ(Outcome(Process::Start<DoNothing>(ForkServed())), "exited 0");
  EXPECT_TRUE(port.fired());
}

}  // namespace
}  // namespace isoproc::conformance
