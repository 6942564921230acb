// Ctrl-C as a terminal sends it: to all of its foreground process group.
#include <signal.h>

#include <csignal>
#include <cstdint>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "isoproc/pool.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"

namespace isoproc {
namespace {

volatile std::sig_atomic_t interrupted = 0;

int64_t PidOfWorker() { return CurrentProcess().pid(); }

// Leads a process group of its own. Gives 0 if it alone was interrupted.
int OwnAPool() {
  if (std::signal(SIGINT, [](int) { interrupted = 1; }) == SIG_ERR) return 2;
  absl::StatusOr<Pool> pool = Pool::Create({.processes = 1});
  if (!pool.ok()) return 3;
  const int64_t before = pool->Apply<PidOfWorker>().value_or(0);
  if (::kill(0, SIGINT) != 0 || interrupted == 0) return 4;
  const int64_t after = pool->Apply<PidOfWorker>().value_or(0);
  return before != 0 && before == after ? 0 : 1;
}

// POOL-75: it reaches the owner, who may have a handler, and not the workers.
TEST(InterruptTest, ReachesTheOwnerOfAPoolAlone) {
  absl::StatusOr<Process> owner = Process::Start<OwnAPool>();
  ASSERT_TRUE(owner.ok()) << owner.status();
  const absl::StatusOr<ExitStatus> end = owner->Join();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->ToString(), "exited 0");
}

}  // namespace
}  // namespace isoproc
