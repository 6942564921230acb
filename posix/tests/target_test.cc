// Targets that do what only POSIX has.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "isoproc/isoproc.h"

namespace isoproc {
namespace {

std::string EndOf(absl::StatusOr<Process> process) {
  if (!process.ok()) return process.status().ToString();
  const absl::StatusOr<ExitStatus> status = process->Join(absl::Seconds(60));
  return status.ok() ? status->ToString() : status.status().ToString();
}

void EndThread() { ::pthread_exit(nullptr); }
void EndThreadWithHandler() {
  ::atexit([] { ::_Exit(9); });
  ::pthread_exit(nullptr);
}
void EndAnotherThread() { std::thread(&EndThread).join(); }
int ForkOneThatEndsItsThread() {
  ProcessOptions options;
  options.start_method = StartMethod::kFork;
  return EndOf(Process::Start<EndThread>(options)) == "exited 0" ? 3 : 4;
}

// Where pthread_exit unwinds the stack it is as a return; where it does not, the child goes on
// until its other threads have ended, and the library has one: that is nothing to wait for here.
TEST(TargetTest, EndOfItsThreadIsAReturn) {
#ifndef __GLIBC__
  GTEST_SKIP() << "pthread_exit does not unwind the stack";
#endif
  EXPECT_EQ(EndOf(Process::Start<EndThread>()), "exited 0");
  EXPECT_EQ(EndOf(Process::Start<EndThreadWithHandler>()), "exited 9");
  EXPECT_EQ(EndOf(Process::Start<EndAnotherThread>()), "exited 0");
  for (const StartMethod method : StartMethods()) {
    if (method != StartMethod::kFork) continue;
    EXPECT_EQ(EndOf(Process::Start<ForkOneThatEndsItsThread>()), "exited 3");
  }
}

}  // namespace
}  // namespace isoproc
