// Who ends with whom.
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/termination.h"
#include "platform/port/port.h"
#include "win32/tests/support.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

constexpr DWORD kLong = 120000;
constexpr int kToldToEnd = 77;

// Runs until an event is set: arguments are the events that say "here I am" and "end".
const ChildProgram kStranger("stranger", [](ChildContext& context) {
  ::SetEvent(NamedEvent(context.arguments[0]).get());
  return ::WaitForSingleObject(NamedEvent(context.arguments[1]).get(), kLong) == WAIT_OBJECT_0
             ? kToldToEnd
             : 1;
});

// Starts a stranger, says who it is, and does as it is told.
const ChildProgram kLeader("leader", [](ChildContext& context) {
  const std::string here = UniqueName();
  const UniqueHandle event = NamedEvent(here);
  const UniqueHandle stranger = StartPlain(kStranger, {here, context.arguments[0]});
  if (::WaitForSingleObject(event.get(), kLong) != WAIT_OBJECT_0) return 1;
  FILETIME birth;
  FILETIME unused[3];
  ::GetProcessTimes(stranger.get(), &birth, &unused[0], &unused[1], &unused[2]);
  SendLine(*context.stream, ToText({::GetProcessId(stranger.get()),
                                    uint64_t{birth.dwHighDateTime} << 32 | birth.dwLowDateTime}));
  SendLine(*context.stream, ToText(HostPort().Self().value()));
  const std::string order = ReceiveLine(*context.stream);
  if (order == "end family") HostPort().EndFamily();
  return 0;
});

// Starts a leader and passes on what it says, then waits to be killed. Or not: "let go" destroys
// the leader's object after its end.
const ChildProgram kParent("parent", [](ChildContext& context) {
  SpawnRequest request = RequestFor(kLeader, {context.arguments[0]});
  request.detached = context.arguments[1] == "detached";
  absl::StatusOr<StartedChild> leader = Start(request);
  if (!leader.ok()) return 1;
  SendLine(*context.stream, ReceiveLine(*leader->stream));
  SendLine(*context.stream, ReceiveLine(*leader->stream));
  std::string order;
  while ((order = ReceiveLine(*context.stream)) != "<end>") {
    if (order == "abandon") leader->process.reset();
    if (order == "end leader") {
      SendLine(*leader->stream, "end");
      if (leader->process != nullptr && !leader->process->Wait(Generous()).ok()) return 2;
    }
    if (order == "end leader's family") {
      SendLine(*leader->stream, "end family");
      const absl::StatusOr<Termination> end = leader->process->Wait(Generous());
      if (!end.ok() || end->kind != Termination::Kind::kExited || end->value != 1) return 3;
    }
    // Without destructors: nobody is let go.
    if (order == "exit") HostPort().ExitNow(0);
    if (order == "kill tree" && !leader->process->KillTree(15).ok()) return 4;
    SendLine(*context.stream, "done");
  }
  return 0;
});

struct Family {
  std::string end_event = UniqueName();
  UniqueHandle end = NamedEvent(end_event);
  StartedChild parent;
  ProcessIdentity stranger;
  ProcessIdentity leader;
  UniqueHandle stranger_process;

  explicit Family(const std::string& how) {
    absl::StatusOr<StartedChild> started = Start(kParent, {end_event, how});
    EXPECT_TRUE(started.ok()) << started.status();
    parent = *std::move(started);
    stranger = IdentityFrom(ReceiveLine(*parent.stream));
    leader = IdentityFrom(ReceiveLine(*parent.stream));
    stranger_process = UniqueHandle(::OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION,
                                                  FALSE, static_cast<DWORD>(stranger.pid)));
    EXPECT_TRUE(stranger_process);
  }

  // However the test ends, no stranger is left.
  ~Family() { ::SetEvent(end.get()); }

  void Order(const char* order) {
    SendLine(*parent.stream, order);
    EXPECT_EQ(ReceiveLine(*parent.stream), "done");
  }

  // The stranger was left alone until now, and ends when it is told to.
  void ExpectStrangerLives() {
    ::SetEvent(end.get());
    EXPECT_EQ(::WaitForSingleObject(stranger_process.get(), kLong), DWORD{WAIT_OBJECT_0});
    DWORD code = 0;
    EXPECT_TRUE(::GetExitCodeProcess(stranger_process.get(), &code));
    EXPECT_EQ(code, DWORD{kToldToEnd});
  }
};

TEST(FamilyTest, EndsWhenTheCallerIsKilled) {
  Family family("normal");
  ASSERT_TRUE(family.parent.process->Kill(9).ok());
  EXPECT_TRUE(Dies(family.leader));
  EXPECT_TRUE(Dies(family.stranger));
}

TEST(FamilyTest, EndsWhenTheCallerExits) {
  Family family("normal");
  SendLine(*family.parent.stream, "exit");
  EXPECT_EQ(family.parent.process->Wait(Generous())->value, 0);
  EXPECT_TRUE(Dies(family.leader));
  EXPECT_TRUE(Dies(family.stranger));
}

TEST(FamilyTest, EndsWhenTheGrandparentIsKilledFirst) {
  Family family("normal");
  // The tree of the parent holds the leader's family too.
  ASSERT_TRUE(family.parent.process->KillTree(15).ok());
  EXPECT_EQ(family.parent.process->Wait(Generous()).value(),
            (Termination{Termination::Kind::kSignalled, 15}));
  EXPECT_TRUE(Dies(family.leader));
  EXPECT_TRUE(Dies(family.stranger));
}

TEST(FamilyTest, KillTreeReachesWhatTheChildStarted) {
  Family family("normal");
  family.Order("kill tree");
  EXPECT_TRUE(Dies(family.leader));
  EXPECT_TRUE(Dies(family.stranger));
}

TEST(FamilyTest, KillTreeWorksAfterTheEndOfTheChild) {
  absl::StatusOr<StartedChild> leader = Start(kLeader, {UniqueName()});
  ASSERT_TRUE(leader.ok()) << leader.status();
  const ProcessIdentity stranger = IdentityFrom(ReceiveLine(*leader->stream));
  SendLine(*leader->stream, "end");
  ASSERT_TRUE(HostPort().WaitAny({&leader->process->notice()}, Generous()).ok());
  EXPECT_TRUE(leader->process->KillTree(9).ok());
  EXPECT_TRUE(Dies(stranger));
  EXPECT_EQ(leader->process->Wait(Generous()).value(),
            (Termination{Termination::Kind::kExited, 0}));
}

TEST(FamilyTest, WhatAnEndedChildStartedIsLeftAlone) {
  Family family("normal");
  family.Order("end leader");
  family.Order("abandon");
  family.ExpectStrangerLives();
}

TEST(FamilyTest, AnAbandonedChildGoesOnAndIsLetGoAtItsEnd) {
  Family family("normal");
  family.Order("abandon");
  EXPECT_TRUE(*HostPort().IsAlive(family.leader));
  family.Order("end leader");
  EXPECT_TRUE(Dies(family.leader));
  family.ExpectStrangerLives();
}

TEST(FamilyTest, AnAbandonedChildStillEndsWithTheCaller) {
  Family family("normal");
  family.Order("abandon");
  ASSERT_TRUE(family.parent.process->Kill(9).ok());
  EXPECT_TRUE(Dies(family.leader));
  EXPECT_TRUE(Dies(family.stranger));
}

TEST(FamilyTest, DetachedFamilyOutlivesTheCaller) {
  Family family("detached");
  ASSERT_TRUE(family.parent.process->KillTree(9).ok());
  ASSERT_TRUE(family.parent.process->Wait(Generous()).ok());
  family.ExpectStrangerLives();
}

TEST(FamilyTest, DetachedFamilyCanBeKilled) {
  Family family("detached");
  family.Order("kill tree");
  EXPECT_TRUE(Dies(family.leader));
  EXPECT_TRUE(Dies(family.stranger));
}

TEST(FamilyTest, EndFamilyEndsTheOthersToo) {
  Family family("normal");
  family.Order("end leader's family");
  EXPECT_TRUE(Dies(family.stranger));
  EXPECT_TRUE(*HostPort().IsAlive({family.parent.process->pid(), 0}) ||
              !family.parent.process->Wait(Expired()).ok());
}

}  // namespace
}  // namespace isoproc::port::win32
