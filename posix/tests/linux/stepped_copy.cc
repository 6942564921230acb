#include "platform/testing/stepped_copy.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>

namespace isoproc::system_support {
namespace {

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::abort();
}

// Gives the signal that `pid` stopped with.
int AwaitStop(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) != pid) {
    if (errno != EINTR) Fail("waitpid");
  }
  if (!WIFSTOPPED(status)) {
    std::fprintf(stderr, "the copy ended by itself: status %#x\n", static_cast<unsigned>(status));
    std::abort();
  }
  return WSTOPSIG(status);
}

// Stops the calling process, so that its tracer sees where it is.
void Mark() { ::raise(SIGSTOP); }

}  // namespace

bool SteppedCopy::IsAllowed() {
  const pid_t pid = ::fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

SteppedCopy::SteppedCopy(const std::function<void()>& before, const std::function<void()>& act) {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    before();
    Mark();
    act();
    Mark();
    ::_exit(2);
  }
  pid_ = pid;
  if (AwaitStop(pid) != SIGSTOP) Fail("the copy did not get to its first mark");
  ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_EXITKILL);
}

std::optional<int64_t> SteppedCopy::Step(int64_t count) {
  const auto pid = static_cast<pid_t>(pid_);
  int signal = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (::ptrace(PTRACE_SINGLESTEP, pid, nullptr, signal) != 0) Fail("ptrace");
    signal = AwaitStop(pid);
    if (signal == SIGSTOP) return i;
    // What it was stopped with, unless that was the step.
    if (signal == SIGTRAP) signal = 0;
  }
  return std::nullopt;
}

void SteppedCopy::Continue() {
  if (::ptrace(PTRACE_CONT, static_cast<pid_t>(pid_), nullptr, nullptr) != 0) Fail("ptrace");
}

void SteppedCopy::Kill() {
  if (pid_ == 0) return;
  const auto pid = static_cast<pid_t>(pid_);
  ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status)) {
    if (errno == ECHILD) Fail("waitpid");
  }
  pid_ = 0;
}

}  // namespace isoproc::system_support
