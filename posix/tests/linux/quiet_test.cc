// What the system is not asked for, counted by ptrace.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <functional>

#include "gtest/gtest.h"
#include "isoproc/queue.h"

namespace isoproc {
namespace {

// The calls of the system that a forked copy of this process makes from its first stop to its end.
// Negative: the system does not let a program trace another one.
int CountCalls(const std::function<void()>& before, const std::function<void()>& act) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    before();
    ::raise(SIGSTOP);
    act();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFSTOPPED(status)) return -1;
  int stops = 0;
  while (::ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr) == 0 &&
         ::waitpid(pid, &status, 0) == pid) {
    if (!WIFSTOPPED(status)) break;
    ++stops;
  }
  return stops / 2;  // one as a call begins and one as it ends
}

TEST(Quiet, PutAndGetCallNothing) {
  using Items = Queue<std::array<std::byte, 64>>;
  const Items items = Items::Create().value();
  const auto pairs = [&items](int count) {
    for (int i = 0; i < count; ++i) {
      if (!items.Put({}).ok() || !items.Get().ok()) ::_exit(2);
    }
  };
  const auto begin = [&] { pairs(10); };
  const int none = CountCalls(begin, [] {});
  if (none < 0) GTEST_SKIP() << "this system does not let a program trace another one";
  // A sanitizer now and then makes one of its own.
  EXPECT_LE(CountCalls(begin, [&] { pairs(1000); }), none + 2);
}

}  // namespace
}  // namespace isoproc
