#include "posix/fork_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/tests/fault_table.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Deadline Over() { return Deadline::After(HostPort().Now(), absl::ZeroDuration()); }

class ForkServerTest : public testing::Test {
 protected:
  void SetUp() override {
    before_ = OpenDescriptors();
    auto pair = HostPort().CreateStreamPair();
    ASSERT_OK(pair);
    ASSERT_OK(pair->first->Write(
        absl::MakeConstSpan(reinterpret_cast<const std::byte*>(kGreeting), sizeof(kGreeting) - 1),
        Soon()));
    SpawnRequest request = ChildRequest({"serve"});
    request.bootstrap = pair->second.get();
    auto server = HostPort().Spawn(request);
    ASSERT_OK(server);
    server_ = *std::move(server);
    stream_ = std::move(pair->first);
  }

  void TearDown() override {
    stream_.reset();
    auto end = server_->Wait(Soon());
    ASSERT_OK(end);
    if (!server_killed_) {
      EXPECT_EQ(*end, (Termination{Termination::Kind::kExited, 0}));
    }
    server_.reset();
    EXPECT_TRUE(NoChildLeft());
    EXPECT_EQ(OpenDescriptors(), before_);
  }

  struct Served {
    std::unique_ptr<Stream> stream;
    absl::StatusOr<std::unique_ptr<ChildProcess>> child;
  };

  // Starts a child which is to do `order`.
  Served Start(char order, SpawnRequest request = {}) {
    Served served{nullptr, absl::UnknownError("")};
    auto pair = HostPort().CreateStreamPair();
    EXPECT_TRUE(pair.ok());
    request.bootstrap = pair->second.get();
    if (order != 'w') {
      const auto byte = static_cast<std::byte>(order);
      EXPECT_OK(pair->first->Write(absl::MakeConstSpan(&byte, 1), Soon()));
    }
    served.child = HostPort().SpawnFromServer(*stream_, request, Soon());
    served.stream = std::move(pair->first);
    return served;
  }

  std::string OutputOf(char order, SpawnRequest request = {}) {
    Pipe pipe = MakePipe();
    request.standard_streams[1] = {StandardStream::Kind::kHandle, "", pipe.write.get()};
    Served served = Start(order, request);
    pipe.write.reset();
    EXPECT_OK(served.child);
    if (!served.child.ok()) return "";
    std::string text = ReadAll(pipe.read.get());
    EXPECT_EQ(EndOf(**served.child), (Termination{Termination::Kind::kExited, 0}));
    return text;
  }

  Termination EndOf(ChildProcess& child) {
    auto end = child.Wait(Soon());
    EXPECT_OK(end);
    return end.ok() ? *end : Termination{};
  }

  void KillServer() {
    ASSERT_OK(server_->Kill(9));
    ASSERT_OK(server_->Wait(Soon()));
    server_killed_ = true;
  }

  std::set<int> before_;
  std::unique_ptr<ChildProcess> server_;
  std::unique_ptr<Stream> stream_;
  bool server_killed_ = false;
};

TEST_F(ForkServerTest, ExitCodeArrives) {
  Served served = Start('x');
  ASSERT_OK(served.child);
  EXPECT_EQ(EndOf(**served.child), (Termination{Termination::Kind::kExited, 42}));
  EXPECT_EQ(EndOf(**served.child), (Termination{Termination::Kind::kExited, 42}));
}

TEST_F(ForkServerTest, ManyAtOnce) {
  std::vector<Served> all;
  for (int i = 0; i < 100; ++i) all.push_back(Start('w'));
  for (Served& served : all) ASSERT_OK(served.child);
  for (size_t i = 0; i < all.size(); i += 2) EXPECT_OK((*all[i].child)->Kill(15));
  for (size_t i = 1; i < all.size(); i += 2) all[i].stream.reset();
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(EndOf(**all[i].child), i % 2 == 0 ? (Termination{Termination::Kind::kSignalled, 15})
                                                : (Termination{Termination::Kind::kExited, 0}));
  }
}

TEST_F(ForkServerTest, ChildHasItsOwnThingsAndNoneOfTheServers) {
  Served sibling = Start('w');
  ASSERT_OK(sibling.child);
  const std::string text = OutputOf('d');
  EXPECT_THAT(text, testing::StartsWith("0 1 2 "));
  // The bootstrap stream and nothing else.
  EXPECT_EQ(std::count(text.begin(), text.end(), ' '), 4) << text;
  EXPECT_EQ(OutputOf('s'), "");
  int pid, group, session;
  ASSERT_EQ(::sscanf(OutputOf('i').c_str(), "%d %d %d", &pid, &group, &session), 3);
  EXPECT_EQ(group, pid);
  SpawnRequest request;
  request.detached = true;
  ASSERT_EQ(::sscanf(OutputOf('i', request).c_str(), "%d %d %d", &pid, &group, &session), 3);
  EXPECT_EQ(session, pid);
}

TEST_F(ForkServerTest, EnvironmentAndDirectoryAreTheCallersNow) {
  ::setenv("ISOPROC_TEST", "late", 1);
  EXPECT_THAT(OutputOf('e'), HasSubstr("ISOPROC_TEST=late\n"));
  ::unsetenv("ISOPROC_TEST");
  EXPECT_THAT(OutputOf('e'), Not(HasSubstr("ISOPROC_TEST")));
  SpawnRequest request;
  request.environment.emplace() = {{"A", "1"}, {"A", "2"}, {"BIG", std::string(300000, 'x')}};
  const std::string environment = OutputOf('e', request);
  EXPECT_THAT(environment, HasSubstr("A=2\n"));
  EXPECT_THAT(environment, Not(HasSubstr("PATH=")));
  EXPECT_GT(environment.size(), 300000U);

  char here[4096];
  ASSERT_NE(::getcwd(here, sizeof(here)), nullptr);
  EXPECT_EQ(OutputOf('c'), here);
  ASSERT_EQ(::chdir("/usr"), 0);
  EXPECT_EQ(OutputOf('c'), "/usr");
  request = {};
  request.working_directory = "bin/..";
  EXPECT_EQ(OutputOf('c', request), "/usr");
  ASSERT_EQ(::chdir(here), 0);
}

TEST_F(ForkServerTest, ErrorsAreThoseOfSpawnAndTheServerGoesOn) {
  SpawnRequest request;
  request.working_directory = "/missing";
  EXPECT_CODE(Start('x', request).child, kNotFound);
  request = {};
  request.standard_streams[0] = {StandardStream::Kind::kReadFile, "/missing"};
  EXPECT_CODE(Start('x', request).child, kNotFound);
  request = {};
  request.standard_streams[0] = {StandardStream::Kind::kHandle, "", 1000};
  EXPECT_CODE(Start('x', request).child, kInvalidArgument);
  request = {};
  request.environment.emplace().emplace_back("=", "");
  EXPECT_CODE(Start('x', request).child, kInvalidArgument);
  Served served = Start('x');
  ASSERT_OK(served.child);
  EXPECT_EQ(EndOf(**served.child).value, 42);
}

TEST_F(ForkServerTest, NoticeAndKillAndWait) {
  Served served = Start('w');
  ASSERT_OK(served.child);
  Waitable* const notice = &(*served.child)->notice();
  EXPECT_CODE(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Over()), kDeadlineExceeded);
  EXPECT_CODE((*served.child)->Wait(Over()), kDeadlineExceeded);
  EXPECT_OK((*served.child)->KillTree(15));
  EXPECT_OK((*served.child)->Kill(9));
  ASSERT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
  ASSERT_OK((*served.child)->Wait(Over()));  // ready means that it does not block
  EXPECT_EQ(EndOf(**served.child), (Termination{Termination::Kind::kSignalled, 15}));
  ASSERT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Over()));
  EXPECT_OK((*served.child)->Kill(9));
}

TEST_F(ForkServerTest, AllThreadsGetTheSameEnd) {
  Served served = Start('w');
  ASSERT_OK(served.child);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      auto end = (*served.child)->Wait(i % 2 == 0 ? Soon() : Deadline::Never());
      EXPECT_OK(end);
      if (end.ok()) {
        EXPECT_EQ(*end, (Termination{Termination::Kind::kSignalled, 9}));
      }
    });
  }
  EXPECT_OK((*served.child)->Kill(9));
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ForkServerTest, ServerDiesBeforeTheChild) {
  Served served = Start('w');
  ASSERT_OK(served.child);
  KillServer();
  EXPECT_CODE(Start('x').child, kUnavailable);
  // The child lives on, and its end is neither announced early nor missed.
  Waitable* const notice = &(*served.child)->notice();
  EXPECT_CODE(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Over()), kDeadlineExceeded);
  EXPECT_CODE((*served.child)->Wait(Over()), kDeadlineExceeded);
  EXPECT_CODE((*served.child)->Wait(Deadline::After(HostPort().Now(), absl::Milliseconds(50))),
              kDeadlineExceeded);
  EXPECT_OK((*served.child)->Kill(15));
  EXPECT_EQ(EndOf(**served.child).kind, Termination::Kind::kUnknown);
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Over()));
}

TEST_F(ForkServerTest, ServerDiesDuringTheRequest) {
  // Stopped, so that the request is sent and not read.
  ASSERT_EQ(::kill(static_cast<pid_t>(server_->pid()), SIGSTOP), 0);
  std::thread killer([this] {
    // Killed at any moment of the request; the outcome is the same.
    (void)server_->Kill(9);
  });
  EXPECT_CODE(Start('x').child, kUnavailable);
  killer.join();
  server_killed_ = true;
}

// The server may be stopped, or too busy: the requester does not wait for it for ever.
TEST_F(ForkServerTest, ServerThatDoesNotAnswer) {
  const auto server = static_cast<pid_t>(server_->pid());
  ASSERT_EQ(::kill(server, SIGSTOP), 0);
  auto pair = HostPort().CreateStreamPair();
  ASSERT_OK(pair);
  SpawnRequest request;
  request.bootstrap = pair->second.get();
  Pipe pipe = MakePipe();  // its end is that of the late child
  request.standard_streams[1] = {StandardStream::Kind::kHandle, "", pipe.write.get()};
  const Deadline deadline = Deadline::After(HostPort().Now(), absl::Milliseconds(20));
  EXPECT_CODE(HostPort().SpawnFromServer(*stream_, request, deadline), kDeadlineExceeded);
  EXPECT_TRUE(deadline.Expired(HostPort().Now()));
  pair->second.reset();
  pair->first.reset();
  pipe.write.reset();
  ASSERT_EQ(::kill(server, SIGCONT), 0);
  EXPECT_EQ(ReadAll(pipe.read.get()), "");
  // Server and requester are in step.
  Served served = Start('x');
  ASSERT_OK(served.child);
  EXPECT_EQ(EndOf(**served.child), (Termination{Termination::Kind::kExited, 42}));
}

TEST_F(ForkServerTest, ServerThatDoesNotReadAWholeRequestIsGivenUp) {
  ASSERT_EQ(::kill(static_cast<pid_t>(server_->pid()), SIGSTOP), 0);
  auto pair = HostPort().CreateStreamPair();
  ASSERT_OK(pair);
  SpawnRequest request;
  request.bootstrap = pair->second.get();
  request.environment.emplace() = {{"BIG", std::string(16 << 20, 'x')}};
  const Deadline deadline = Deadline::After(HostPort().Now(), absl::Milliseconds(20));
  EXPECT_CODE(HostPort().SpawnFromServer(*stream_, request, deadline), kDeadlineExceeded);
  EXPECT_CODE(HostPort().SpawnFromServer(*stream_, request, Soon()), kUnavailable);
  ASSERT_EQ(::kill(static_cast<pid_t>(server_->pid()), SIGCONT), 0);
}

TEST_F(ForkServerTest, DestructionLetsTheServerReap) {
  Served served = Start('x');
  ASSERT_OK(served.child);
  const auto pid = static_cast<pid_t>((*served.child)->pid());
  Waitable* const notice = &(*served.child)->notice();
  ASSERT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
  EXPECT_EQ(::kill(pid, 0), 0);  // a zombie until then: the number is the child's
  served.child->reset();
  EXPECT_TRUE(EndsSoon(pid));

  // A child whose object is gone before it ends.
  served = Start('w');
  ASSERT_OK(served.child);
  const auto left = static_cast<pid_t>((*served.child)->pid());
  served.child->reset();
  served.stream.reset();
  EXPECT_TRUE(EndsSoon(left));
}

TEST_F(ForkServerTest, EachSystemCallOfTheRequesterFails) {
  for (const int error : {EINTR, EAGAIN, EMFILE, ENOMEM}) {
    int n = 0;
    bool fired = true;
    while (fired) {
      SCOPED_TRACE(std::string(strerror(error)) + " at call " + std::to_string(++n));
      ASSERT_LT(n, 100);
      FaultTable faults(n, error);
      auto pair = HostPort().CreateStreamPair();
      if (pair.ok()) {
        SpawnRequest request;
        request.bootstrap = pair->second.get();
        auto child = HostPort().SpawnFromServer(*stream_, request, Soon());
        pair->second.reset();
        if (error == EINTR) {
          EXPECT_OK(child);
        }
        if (child.ok()) {
          (void)(*child)->Kill(9);
          auto end = (*child)->Wait(Soon());
          if (!end.ok()) end = (*child)->Wait(Soon());
          EXPECT_OK(end);
        }
      }
      fired = faults.fired();
    }
  }
}

TEST(ForkServerProcessTest, RefusesSeveralThreads) {
  if (HostPort().capabilities().profile != "linux") {
    GTEST_SKIP() << "this profile cannot count threads";
  }
  EXPECT_TRUE(InForkedCopy([] {
    std::atomic<bool> stop{false};
    std::thread other([&] {
      while (!stop) std::this_thread::yield();
    });
    auto pair = HostPort().CreateStreamPair();
    const absl::Status status =
        HostPort().ServeForks(std::move(pair->first), [](std::unique_ptr<Stream>) { _exit(0); });
    stop = true;
    other.join();
    return status.code() == absl::StatusCode::kFailedPrecondition;
  }));
}

class ForkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HostPort().capabilities().fork) {
      EXPECT_CODE(HostPort().Fork({}, 0, {}), kUnimplemented);
      GTEST_SKIP() << "capability fork is absent";
    }
    before_ = OpenDescriptors();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    EXPECT_TRUE(NoChildLeft());
    EXPECT_EQ(OpenDescriptors(), before_);
  }

  std::set<int> before_;
};

// Sanitizers have threads of their own.
constexpr int kOthers = 1;

TEST_F(ForkTest, RunsTheEntryInACopy) {
  int local = 5;
  auto pair = HostPort().CreateStreamPair();
  ASSERT_OK(pair);
  SpawnRequest request;
  request.bootstrap = pair->second.get();
  request.environment.emplace() = {{"A", "1"}};
  request.working_directory = "/usr";
  auto child = HostPort().Fork(request, kOthers, [&](std::unique_ptr<Stream> stream) {
    char here[64];
    const bool fine =
        local == 5 && std::string(::getenv("A")) == "1" && ::getenv("PATH") == nullptr &&
        std::string(::getcwd(here, sizeof(here))) == "/usr" && ::getpgrp() == ::getpid();
    const std::byte byte{'k'};
    if (!stream->Write(absl::MakeConstSpan(&byte, 1), Deadline::Never()).ok()) _exit(2);
    _exit(fine ? 0 : 1);
  });
  ASSERT_OK(child);
  pair->second.reset();
  std::byte byte;
  ASSERT_OK(pair->first->Read(absl::MakeSpan(&byte, 1), Soon()));
  auto end = (*child)->Wait(Soon());
  ASSERT_OK(end);
  EXPECT_EQ(*end, (Termination{Termination::Kind::kExited, 0}));
}

TEST_F(ForkTest, SetupErrorsAreThoseOfSpawn) {
  SpawnRequest request;
  request.working_directory = "/missing";
  EXPECT_CODE(HostPort().Fork(request, kOthers, [](std::unique_ptr<Stream>) { _exit(0); }),
              kNotFound);
  request = {};
  request.standard_streams[0] = {StandardStream::Kind::kHandle, "", 1000};
  EXPECT_CODE(HostPort().Fork(request, kOthers, [](std::unique_ptr<Stream>) { _exit(0); }),
              kInvalidArgument);
}

TEST_F(ForkTest, RefusedWithMoreThreadsThanTheLibrarysOwn) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([&] {
      while (!stop) std::this_thread::yield();
    });
  }
  EXPECT_CODE(HostPort().Fork({}, 1, [](std::unique_ptr<Stream>) { _exit(0); }),
              kFailedPrecondition);
  stop = true;
  for (std::thread& other : others) other.join();
}

}  // namespace
}  // namespace isoproc::port::posix
