#include "posix/child_watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/linux/syscalls_linux.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

TEST(ChildWatchTest, AChildMayBeGoneBeforeItIsWatched) {
  static LinuxSyscalls real;
  real = linux_sys;
  // As if this process had been slow.
  linux_sys.pidfd_open = [](pid_t pid) {
    EXPECT_TRUE(EndsSoon(pid));
    return real.pidfd_open(pid);
  };
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old;
  ::sigaction(SIGCHLD, &ignore, &old);
  auto child = HostPort().Spawn(ChildRequest({"exit", "4"}));
  ::sigaction(SIGCHLD, &old, nullptr);
  linux_sys = real;
  ASSERT_OK(child);
  Waitable* const notice = &(*child)->notice();
  EXPECT_OK(HostPort().WaitAny(absl::MakeConstSpan(&notice, 1), Soon()));
  EXPECT_OK((*child)->Kill(9));
  EXPECT_OK((*child)->KillTree(9));
  auto end = (*child)->Wait(Soon());
  ASSERT_OK(end);
  EXPECT_EQ(end->kind, Termination::Kind::kUnknown);
}

}  // namespace
}  // namespace isoproc::port::posix
