// The life of a child: waiting, killing, foreign hands.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
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

// A child that lives until its stream is closed.
struct Waiter {
  std::unique_ptr<Stream> stream;
  std::unique_ptr<ChildProcess> child;
};

Waiter StartWaiter() {
  Waiter waiter;
  auto pair = HostPort().CreateStreamPair();
  EXPECT_TRUE(pair.ok());
  (void)pair->first->Write(
      absl::MakeConstSpan(reinterpret_cast<const std::byte*>(kGreeting), sizeof(kGreeting) - 1),
      Soon());
  SpawnRequest request = ChildRequest({"wait"});
  request.bootstrap = pair->second.get();
  auto child = HostPort().Spawn(request);
  EXPECT_TRUE(child.ok()) << child.status();
  waiter.stream = std::move(pair->first);
  if (child.ok()) waiter.child = *std::move(child);
  return waiter;
}

Termination EndOf(ChildProcess& child) {
  auto end = child.Wait(Soon());
  EXPECT_TRUE(end.ok()) << end.status();
  return end.ok() ? *end : Termination{};
}

Termination Signalled(int signal) { return {Termination::Kind::kSignalled, signal}; }
Termination Exited(int code) { return {Termination::Kind::kExited, code}; }

TEST(ChildTest, SignalsHaveTheNumbersOfLinux) {
  for (const auto& [native, number] : {std::pair(SIGABRT, 6),
                                       {SIGSEGV, 11},
                                       {SIGBUS, 7},
                                       {SIGTERM, 15},
                                       {SIGKILL, 9},
                                       {SIGUSR1, 10}}) {
    auto child = HostPort().Spawn(ChildRequest({"signal", std::to_string(native)}));
    ASSERT_OK(child);
    EXPECT_EQ(EndOf(**child), Signalled(number));
  }
}

TEST(ChildTest, TheFirstKillNamesTheSignal) {
  for (const int signal : {9, 15}) {
    Waiter waiter = StartWaiter();
    EXPECT_OK(waiter.child->Kill(signal));
    EXPECT_OK(waiter.child->Kill(24 - signal));
    EXPECT_EQ(EndOf(*waiter.child), Signalled(signal));
    EXPECT_OK(waiter.child->Kill(15));
    EXPECT_EQ(EndOf(*waiter.child), Signalled(signal));
  }
}

TEST(ChildTest, KillDoesNotRenameAnEndOfAnotherKind) {
  auto exited = HostPort().Spawn(ChildRequest({"exit", "4"}));
  ASSERT_OK(exited);
  Waitable* notice = &(*exited)->notice();
  ASSERT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
  EXPECT_OK((*exited)->Kill(15));
  EXPECT_EQ(EndOf(**exited), Exited(4));

  // Killed by somebody else before.
  Waiter waiter = StartWaiter();
  ASSERT_EQ(::kill(static_cast<pid_t>(waiter.child->pid()), SIGKILL), 0);
  notice = &waiter.child->notice();
  ASSERT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
  EXPECT_OK(waiter.child->Kill(15));
  EXPECT_EQ(EndOf(*waiter.child), Signalled(9));
}

TEST(ChildTest, NoticeIsReadyFromTheEndOnAndReapsNothing) {
  Waiter waiter = StartWaiter();
  Waitable* const both[] = {waiter.stream.get(), &waiter.child->notice()};
  EXPECT_CODE(HostPort().WaitAny(both, Over()), kDeadlineExceeded);
  EXPECT_OK(waiter.child->Kill(9));
  Waitable* const notice[] = {&waiter.child->notice()};
  for (int i = 0; i < 2; ++i) {
    auto ready = HostPort().WaitAny(notice, Soon());
    ASSERT_OK(ready);
    EXPECT_THAT(*ready, ElementsAre(0));
  }
  siginfo_t info = {};
  EXPECT_EQ(
      ::waitid(P_PID, static_cast<id_t>(waiter.child->pid()), &info, WEXITED | WNOWAIT | WNOHANG),
      0);
  EXPECT_EQ(EndOf(*waiter.child), Signalled(9));
  EXPECT_OK(HostPort().WaitAny(notice, Over()));
}

TEST(ChildTest, AllThreadsGetTheSameEnd) {
  for (const bool timed : {false, true}) {
    Waiter waiter = StartWaiter();
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        auto end = waiter.child->Wait(timed || i % 2 == 0 ? Soon() : Deadline::Never());
        if (end.ok() && *end == Signalled(15)) ++right;
      });
    }
    EXPECT_CODE(waiter.child->Wait(Over()), kDeadlineExceeded);
    EXPECT_OK(waiter.child->Kill(15));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 8);
  }
  EXPECT_TRUE(NoChildLeft());
}

TEST(ChildTest, WaitKeepsItsDeadline) {
  Waiter waiter = StartWaiter();
  const absl::Duration begin = HostPort().Now();
  EXPECT_CODE(waiter.child->Wait(Deadline::After(begin, absl::Milliseconds(30))),
              kDeadlineExceeded);
  EXPECT_GE(HostPort().Now() - begin, absl::Milliseconds(30));
  waiter.stream.reset();
  EXPECT_EQ(EndOf(*waiter.child), Exited(0));
}

TEST(ChildTest, ReapedBySomebodyElse) {
  Waiter waiter = StartWaiter();
  waiter.stream.reset();
  int status;
  ASSERT_EQ(::waitpid(static_cast<pid_t>(waiter.child->pid()), &status, 0), waiter.child->pid());
  EXPECT_OK(waiter.child->Kill(9));
  EXPECT_OK(waiter.child->KillTree(9));
  EXPECT_EQ(EndOf(*waiter.child).kind, Termination::Kind::kUnknown);
  EXPECT_EQ(EndOf(*waiter.child).kind, Termination::Kind::kUnknown);
}

TEST(ChildTest, ReapedBySomebodyElseDuringTheWait) {
  Waiter waiter = StartWaiter();
  std::thread waiting([&] {
    auto end = waiter.child->Wait(Soon());
    EXPECT_TRUE(end.ok());
  });
  waiter.stream.reset();
  int status;
  (void)::waitpid(static_cast<pid_t>(waiter.child->pid()), &status, 0);  // one of both wins
  waiting.join();
  EXPECT_OK(waiter.child->Wait(Over()));
  EXPECT_TRUE(NoChildLeft());
}

TEST(ChildTest, KillTreeReachesTheGrandchild) {
  for (const char* mode : {"family", "family-then-exit"}) {
    Pipe pipe = MakePipe();
    SpawnRequest request = ChildRequest({mode});
    request.standard_streams[1] = {StandardStream::Kind::kHandle, "", pipe.write.get()};
    auto child = HostPort().Spawn(request);
    ASSERT_OK(child);
    pipe.write.reset();
    const std::string line = ReadAll(pipe.read.get());
    const pid_t grandchild = ::atoi(line.c_str());
    ASSERT_GT(grandchild, 0) << mode;
    const bool ended = std::string(mode) == "family-then-exit";
    if (ended) {
      Waitable* const notice = &(*child)->notice();
      ASSERT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
    }
    EXPECT_OK((*child)->KillTree(15));
    EXPECT_EQ(EndOf(**child), ended ? Exited(7) : Signalled(15));
    EXPECT_TRUE(EndsSoon(grandchild)) << mode;
  }
}

TEST(ChildTest, KillLeavesTheGrandchildAlone) {
  Pipe pipe = MakePipe();
  SpawnRequest request = ChildRequest({"family"});
  request.standard_streams[1] = {StandardStream::Kind::kHandle, "", pipe.write.get()};
  auto child = HostPort().Spawn(request);
  ASSERT_OK(child);
  pipe.write.reset();
  const std::string line = ReadAll(pipe.read.get());
  const pid_t grandchild = ::atoi(line.c_str());
  ASSERT_GT(grandchild, 0);
  EXPECT_OK((*child)->Kill(9));
  EXPECT_EQ(EndOf(**child), Signalled(9));
  EXPECT_EQ(::kill(grandchild, SIGKILL), 0);
}

TEST(ChildTest, ACopyOfTheProcessOwnsNoChild) {
  Waiter waiter = StartWaiter();
  EXPECT_TRUE(InForkedCopy([&] {
    if (waiter.child->Wait(Over()).status().code() != absl::StatusCode::kFailedPrecondition ||
        waiter.child->Kill(9).code() != absl::StatusCode::kFailedPrecondition ||
        waiter.child->KillTree(9).code() != absl::StatusCode::kFailedPrecondition) {
      return false;
    }
    waiter.child.reset();
    return true;
  }));
  EXPECT_CODE(waiter.child->Wait(Over()), kDeadlineExceeded);
  waiter.stream.reset();
  EXPECT_EQ(EndOf(*waiter.child), Exited(0));
}

TEST(ChildTest, DestructionReapsWhatHasEndedAndLeavesTheRest) {
  auto child = HostPort().Spawn(ChildRequest({"exit", "0"}));
  ASSERT_OK(child);
  Waitable* const notice = &(*child)->notice();
  ASSERT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
  child->reset();
  EXPECT_TRUE(NoChildLeft());

  Waiter waiter = StartWaiter();
  const auto pid = static_cast<pid_t>(waiter.child->pid());
  waiter.child.reset();
  waiter.stream.reset();
  int status;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
}

TEST(ChildTest, IgnoredSigchldTakesTheStatusButNotTheEnd) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old;
  ::sigaction(SIGCHLD, &ignore, &old);
  auto child = HostPort().Spawn(ChildRequest({"exit", "4"}));
  if (child.ok()) {
    EXPECT_EQ(EndOf(**child).kind, Termination::Kind::kUnknown);
  }
  ::sigaction(SIGCHLD, &old, nullptr);
  ASSERT_OK(child);
}

}  // namespace
}  // namespace isoproc::port::posix
