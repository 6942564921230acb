// kFork: what the copy of a process has, and what it must not have.
#include <cstdio>
#include <cstdlib>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/api/replaced_port.h"
#include "conformance/api/start_method_support.h"
#include "conformance/children/children.h"
#include "conformance/children/outcome.h"
#include "conformance/harness/case.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "conformance/harness/temp_dir.h"
#include "isoproc/isoproc.h"
#include "platform/port/port.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::conformance {
namespace {

int global = 0;
void Nothing() {}

// Runs in a child. Gives 0 if its fork has its memory and its open file.
int ForkAndCompare(const std::string& path) {
  global = 7;
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return 1;
  static std::FILE* inherited = nullptr;
  inherited = file;
  const std::string outcome = Outcome(Process::Start(By(StartMethod::kFork), [] {
    return inherited != nullptr && std::fputs("from the fork", inherited) >= 0 ? global : 1;
  }));
  std::fclose(file);
  return outcome == "exited 7" ? 0 : 2;
}
ISOPROC_CASE(StartMethod, CTX_15, ForkCopiesMemoryAndHandles) {
  const TempDir directory;
  EXPECT_EQ(Outcome(Process::Start<ForkAndCompare>(directory.File("file"))), "exited 0");
  EXPECT_EQ(directory.Read("file"), "from the fork");
}
ISOPROC_OTHERWISE(CTX_15, ForkCopiesMemoryAndHandles) { ExpectRefused(StartMethod::kFork); }

// Runs in a child. What is buffered when it forks, the fork must not write too.
int ForkWithABuffer(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr || std::fputs("once", file) < 0) return 1;
  const std::string outcome = Outcome(Process::Start<Nothing>(By(StartMethod::kFork)));
  std::fclose(file);
  return outcome == "exited 0" ? 0 : 2;
}
ISOPROC_CASE(StartMethod, CTX_15_3, BuffersAreWrittenOnce) {
  const TempDir directory;
  EXPECT_EQ(Outcome(Process::Start<ForkWithABuffer>(directory.File("file"))), "exited 0");
  EXPECT_EQ(directory.Read("file"), "once");
}
ISOPROC_OTHERWISE(CTX_15_3, BuffersAreWrittenOnce) { ExpectRefused(StartMethod::kFork); }

// Runs in a child, which has the library's own thread from the beginning.
int ForkWithThreads() {
  std::promise<void> end;
  std::thread second([&end] { end.get_future().wait(); });
  const absl::Status refused = Process::Start<Nothing>(By(StartMethod::kFork)).status();
  end.set_value();
  second.join();
  if (!absl::IsFailedPrecondition(refused)) return 1;
  return Outcome(Process::Start<Nothing>(By(StartMethod::kFork))) == "exited 0" ? 0 : 2;
}
ISOPROC_CASE(StartMethod, CTX_15_2, ForkWithASecondThreadIsRefused) {
  EXPECT_EQ(Outcome(Process::Start<ForkWithThreads>()), "exited 0");
}
ISOPROC_OTHERWISE(CTX_15_2, ForkWithASecondThreadIsRefused) { ExpectRefused(StartMethod::kFork); }

// Without the second witness of a parent's death: children have their streams alone.
class StreamsAlone : public port::PortWrapper {
 public:
  explicit StreamsAlone(port::Port& real) : PortWrapper(real), declared_(real.capabilities()) {
    declared_.kernel_identity = false;
  }
  const port::Capabilities& capabilities() const override { return declared_; }

 private:
  port::Capabilities declared_;
};

// Runs in a child. Starts a child, and a fork that outlives all of them, and waits to be killed.
void LeaveAForkBehind() {
  new ReplacedPort(*new StreamsAlone(port::HostPort()));  // until it is killed
  ProcessOptions options = Killable();
  absl::StatusOr<Process> child = Process::Start<Linger>(options);
  options = By(StartMethod::kFork);
  options.detached = true;
  options.standard_input = StandardStream::Inherit();
  options.standard_output = StandardStream::Null();
  const absl::StatusOr<Process> fork = Process::Start(options, [] { ReadInput(); });
  if (!child.ok() || !fork.ok()) std::_Exit(100);
  Say("forked");
  Stay();
}
// The fork would keep its parent's child alive by a copy of their stream.
ISOPROC_CASE(StartMethod, CTX_15_5, ForkHoldsNoStreamOfItsParentsChildren) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<LeaveAForkBehind>(Between(input, output)));
  const std::set<std::string> lines = {output.ReadLine(), output.ReadLine()};
  EXPECT_EQ(lines, (std::set<std::string>{"forked", "ready"})) << "in any order";
  ASSERT_OK(process.Kill());
  EXPECT_EQ(output.ReadToEnd(), "") << "the end of the child";
}
ISOPROC_OTHERWISE(CTX_15_5, ForkHoldsNoStreamOfItsParentsChildren) {
  ExpectRefused(StartMethod::kFork);
}

// Runs in a child, which has a fork, which has a child that ends with the input. Says whether the
// fork waits for it; gives how the fork ended.
int ForkWithAChild() {
  ProcessOptions with_input = By(StartMethod::kFork);
  with_input.standard_input = StandardStream::Inherit();
  absl::StatusOr<Process> fork = Process::Start(with_input, [] {
    ProcessOptions options;
    options.standard_input = StandardStream::Inherit();
    absl::StatusOr<Process> child = Process::Start<AwaitEndOfInput>(options);
    if (!child.ok()) return 100;
    Keep(*std::move(child));
    return 7;
  });
  if (!fork.ok()) return 101;
  const absl::Status early = fork->Join(absl::Milliseconds(100)).status();
  Say(absl::IsDeadlineExceeded(early) ? "it waits" : "it does not wait");
  const absl::StatusOr<ExitStatus> end = fork->Join();
  return end.ok() ? end->code() : 102;
}
ISOPROC_CASE(StartMethod, CTX_15_4, ForkJoinsItsOwnChildren) {
  SystemPipe input;
  SystemPipe output;
  ProcessOptions options = Between(input, output);
  options.standard_error = StandardStream::Inherit();
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ForkWithAChild>(options));
  const std::set<std::string> lines = {output.ReadLine(), output.ReadLine()};
  EXPECT_EQ(lines, (std::set<std::string>{"ready", "it waits"})) << "in any order";
  input.CloseReadEnd();
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "over\n");
  EXPECT_EQ(EndOf(process), "exited 7");
}
ISOPROC_OTHERWISE(CTX_15_4, ForkJoinsItsOwnChildren) { ExpectRefused(StartMethod::kFork); }

}  // namespace
}  // namespace isoproc::conformance
