#include "posix/child_watch.h"

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/syscalls.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

// The thread that waits for the end of a child is slow to come back; meanwhile the process id has
// to stay the child's, or the thread might meet its next owner.
TEST(ChildWatchTest, NobodyReapsWhileTheWatcherIsInItsCall) {
  const ScopedSyscalls restored;
  static std::promise<void>* came_back;
  static std::promise<void>* may_leave;
  std::promise<void> first, second;
  came_back = &first;
  may_leave = &second;
  sys.waitid = [](idtype_t type, id_t id, siginfo_t* info, int options) {
    const int result = ::waitid(type, id, info, options);
    if ((options & WNOHANG) == 0) {
      came_back->set_value();
      may_leave->get_future().wait();
    }
    return result;
  };
  auto child = HostPort().Spawn(ChildRequest({"exit", "4"}));
  ASSERT_OK(child);
  Waitable* const notice = &(*child)->notice();
  std::future<void> watcher =
      std::async(std::launch::async, [&] { EXPECT_OK((*child)->Wait(Deadline::Never())); });
  first.get_future().wait();
  std::future<Termination> collected = std::async(std::launch::async, [&] {
    auto end = (*child)->Wait(Deadline::After(HostPort().Now(), absl::ZeroDuration()));
    EXPECT_OK(end);
    return end.ok() ? *end : Termination{};
  });
  // However long one looks.
  EXPECT_EQ(collected.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  siginfo_t info = {};
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>((*child)->pid()), &info, WEXITED | WNOWAIT | WNOHANG),
            0);
  EXPECT_EQ(info.si_pid, (*child)->pid());
  second.set_value();
  EXPECT_EQ(collected.get(), (Termination{Termination::Kind::kExited, 4}));
  watcher.get();
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
}

// Once the child is reaped, its process id may be anybody's: a thread that waits for it would wait
// for a stranger, or take its status.
TEST(ChildWatchTest, NobodyAsksForTheIdOfAReapedChild) {
  auto child = HostPort().Spawn(ChildRequest({"exit", "4"}));
  ASSERT_OK(child);
  // Reaped without anybody having waited for the notice before.
  absl::StatusOr<Termination> end = absl::UnknownError("");
  while (!end.ok()) end = (*child)->Wait(Deadline::After(HostPort().Now(), absl::ZeroDuration()));
  EXPECT_EQ(*end, (Termination{Termination::Kind::kExited, 4}));

  const ScopedSyscalls restored;
  static std::atomic<int> asked;
  asked = 0;
  sys.waitid = [](idtype_t type, id_t id, siginfo_t* info, int options) {
    ++asked;
    return ::waitid(type, id, info, options);
  };
  Waitable* const notice = &(*child)->notice();
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
  EXPECT_OK((*child)->Wait(Soon()));
  EXPECT_EQ(asked, 0);
}

}  // namespace
}  // namespace isoproc::port::posix
