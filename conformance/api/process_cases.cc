// One Process, from Start to its end.
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "conformance/api/process_support.h"
#include "conformance/children/children.h"
#include "conformance/harness/case.h"
#include "conformance/harness/environment.h"
#include "conformance/harness/status_matchers.h"
#include "conformance/harness/system_pipe.h"
#include "isoproc/exit_status.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "platform/testing/left_running.h"

namespace isoproc::conformance {
namespace {

bool IsActive(int64_t pid) {
  for (const ProcessInfo& child : ActiveChildren()) {
    if (child.pid() == pid) return true;
  }
  return false;
}

void ExpectNoChild(Process& process, const char* what) {
  EXPECT_FALSE(process.IsAlive()) << what;
  EXPECT_EQ(process.pid(), std::nullopt) << what;
  EXPECT_EQ(process.exit_status(), std::nullopt) << what;
  EXPECT_EQ(process.name(), "") << what;
  EXPECT_EQ(process.ToString(), "no process") << what;
  EXPECT_CODE(process.Join(absl::ZeroDuration()), kFailedPrecondition) << what;
  EXPECT_CODE(process.Terminate(), kFailedPrecondition) << what;
}

ISOPROC_CASE(Process, PROC_01, NoneIsNotAliveAndHasNothing) {
  const size_t active = ActiveChildren().size();
  Process none;
  ExpectNoChild(none, "default-made");
  EXPECT_EQ(ActiveChildren().size(), active);
}

ISOPROC_CASE(Process, PROC_02, StartedProcessIsAlive) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 0));
  ASSERT_TRUE(process.pid().has_value());
  EXPECT_GT(*process.pid(), 0);
  EXPECT_NE(*process.pid(), CurrentProcess().pid());
  EXPECT_TRUE(process.IsAlive());
  EXPECT_EQ(process.exit_status(), std::nullopt);
  EXPECT_TRUE(IsActive(*process.pid()));
  EXPECT_CODE(process.Join(absl::ZeroDuration()), kDeadlineExceeded);
}

ISOPROC_CASE(Process, PROC_03, StartReturnsWhileTheTargetRuns) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitEndOfInput>(Between(input, output)));
  input.CloseReadEnd();
  // The target cannot have ended: what it waits for comes from here.
  EXPECT_EQ(output.ReadLine(), "ready");
  EXPECT_TRUE(process.IsAlive());
  input.CloseWriteEnd();
  EXPECT_EQ(output.ReadToEnd(), "over\n");
  EXPECT_EQ(EndOf(process), "exited 0");
}

ISOPROC_CASE(Process, PROC_03_2, TargetThatIsQuickMayHaveEnded) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 7));
  EXPECT_EQ(EndOf(process), "exited 7");
}

int CountOwners(const std::shared_ptr<std::string>& argument) {
  return static_cast<int>(argument->size());
}

ISOPROC_CASE(Process, PROC_08, ArgumentsAreReleased) {
  const auto argument = std::make_shared<std::string>("seven b");
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<CountOwners>(Killable(), argument));
  EXPECT_EQ(argument.use_count(), 1);
  EXPECT_EQ(EndOf(process), "exited 7");
}

enum class Colour : uint8_t { kRed = 3, kBlue = 200 };
struct Point {
  int x = 0;
  double y = 0;
  friend bool operator==(const Point& a, const Point& b) { return a.x == b.x && a.y == b.y; }
};
struct Shape {
  std::string name;
  std::vector<Point> points;
  std::optional<Colour> colour;
  friend bool operator==(const Shape& a, const Shape& b) {
    return a.name == b.name && a.points == b.points && a.colour == b.colour;
  }
};

// What is sent and what is expected, made twice from the same words.
struct Numbers {
  bool yes = true;
  char letter = 'x';
  int8_t small = -128;
  uint16_t medium = 65535;
  int64_t large = std::numeric_limits<int64_t>::min();
  uint64_t largest = std::numeric_limits<uint64_t>::max();
  float single = 0.1F;
  double real = -std::numeric_limits<double>::denorm_min();
};
std::string WithNul() { return std::string("a\0b", 3) + "\xC3\xA9\xF0\x9F\x90\xA7"; }
std::vector<int> ManyInts() {
  std::vector<int> many(300000);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<int>(i * 2654435761U);
  return many;
}
std::map<std::string, std::vector<int>> Table() { return {{"", {}}, {"b", {1, 2, 3}}}; }
Shape Triangle() { return {"triangle", {{1, 0.5}, {-2, 1e300}, {3, -0.0}}, Colour::kBlue}; }

// Gives 0, or the number of the argument that is not as it was sent.
int CompareNumbers(const Numbers& n, bool yes, char letter, int8_t small, uint16_t medium,
                   int64_t large, uint64_t largest, float single, double real, Colour colour) {
  const Numbers expected;
  if (n.large != expected.large || n.real != expected.real) return 1;
  if (yes != expected.yes) return 2;
  if (letter != expected.letter) return 3;
  if (small != expected.small) return 4;
  if (medium != expected.medium) return 5;
  if (large != expected.large) return 6;
  if (largest != expected.largest) return 7;
  if (single != expected.single) return 8;
  if (real != expected.real) return 9;
  return colour == Colour::kBlue ? 0 : 10;
}

ISOPROC_CASE(Process, PROC_10, NumbersArriveInOrder) {
  const Numbers n;
  EXPECT_EQ(
      EndOf(Process::Start<CompareNumbers>(Killable(), n, n.yes, n.letter, n.small, n.medium,
                                           n.large, n.largest, n.single, n.real, Colour::kBlue)),
      "exited 0");
}

int CompareContainers(const std::string& text, const std::string& empty,
                      const std::vector<int>& many,
                      const std::map<std::string, std::vector<int>>& table,
                      const std::set<std::string>& set, const std::array<int, 3>& array,
                      std::bitset<9> bits, const std::vector<bool>& flags) {
  if (text != WithNul()) return 1;
  if (!empty.empty()) return 2;
  if (many != ManyInts()) return 3;
  if (table != Table()) return 4;
  if (set != std::set<std::string>{"x", "y"}) return 5;
  if (array != std::array<int, 3>{3, 1, 2}) return 6;
  if (bits != std::bitset<9>(257)) return 7;
  return flags == std::vector<bool>{true, false, true} ? 0 : 8;
}

ISOPROC_CASE(Process, PROC_10_2, ContainersArriveEqual) {
  EXPECT_EQ(
      EndOf(Process::Start<CompareContainers>(
          Killable(), WithNul(), "", ManyInts(), Table(), std::set<std::string>{"x", "y"},
          std::array<int, 3>{3, 1, 2}, std::bitset<9>(257), std::vector<bool>{true, false, true})),
      "exited 0");
}

using Either = std::variant<int, std::string>;
using Triple = std::tuple<int, std::string, bool>;

int CompareOthers(const Shape& shape, const std::optional<int>& none, const Either& either,
                  const Triple& triple, std::chrono::milliseconds duration,
                  std::complex<double> number, const std::unique_ptr<Point>& point,
                  const std::shared_ptr<Point>& null) {
  if (!(shape == Triangle())) return 1;
  if (none.has_value()) return 2;
  if (either != Either("text")) return 3;
  if (triple != Triple(1, "two", false)) return 4;
  if (duration != std::chrono::milliseconds(-1500)) return 5;
  if (number != std::complex<double>(1, -2)) return 6;
  if (point == nullptr || !(*point == Point{4, 5})) return 7;
  return null == nullptr ? 0 : 8;
}

ISOPROC_CASE(Process, PROC_10_3, AggregatesAndOthersArriveEqual) {
  EXPECT_EQ(
      EndOf(Process::Start<CompareOthers>(
          Killable(), Triangle(), std::optional<int>(), Either("text"), Triple(1, "two", false),
          std::chrono::milliseconds(-1500), std::complex<double>(1, -2),
          std::make_unique<Point>(Point{4, 5}), std::shared_ptr<Point>())),
      "exited 0");
}

int Change(std::vector<int> numbers) {
  numbers.assign(3, 9);
  return numbers[2];
}

ISOPROC_CASE(Process, PROC_10_4, ArgumentsAreCopies) {
  std::vector<int> numbers = {1, 2, 3};
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Change>(Killable(), numbers));
  EXPECT_EQ(EndOf(process), "exited 9");
  EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));
}

ISOPROC_CASE(Process, PROC_15, JoinGivesTheSameStatusEachTime) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitEndOfInput>(Between(input, output)));
  input.CloseReadEnd();
  absl::StatusOr<ExitStatus> first = absl::UnknownError("not joined");
  std::thread joiner([&] { first = process.Join(); });
  input.CloseWriteEnd();
  joiner.join();
  EXPECT_EQ(Show(first), "exited 0");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Show(process.Join()), "exited 0");
  Observe("status", Show(process.Join()));
}

ISOPROC_CASE(Process, PROC_16, JoinWithTimeoutTellsWhetherItRuns) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 4));
  EXPECT_CODE(process.Join(absl::Milliseconds(1)), kDeadlineExceeded);
  EXPECT_TRUE(process.IsAlive());
  ASSERT_OK(process.Stop(GetEnvironment().patience));
  EXPECT_EQ(Show(process.Join(absl::Milliseconds(1))), "exited 4");
}

ISOPROC_CASE(Process, PROC_17, JoinWithoutTimeLooksOnce) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 4));
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Nanoseconds(1), -absl::Hours(1), -absl::InfiniteDuration()}) {
    EXPECT_CODE(process.Join(timeout), kDeadlineExceeded);
  }
  ASSERT_OK(process.Stop(GetEnvironment().patience));
  for (const absl::Duration timeout : {absl::ZeroDuration(), -absl::InfiniteDuration()}) {
    EXPECT_EQ(Show(process.Join(timeout)), "exited 4");
  }
}

ISOPROC_CASE(Process, PROC_18, NoneCannotBeJoined) {
  Process none;
  EXPECT_CODE(none.Join(), kFailedPrecondition);
  EXPECT_CODE(none.Join(absl::ZeroDuration()), kFailedPrecondition);
  Observe("join", none.Join().status());
}

ISOPROC_CASE(Process, PROC_21, AliveUntilTheEndAndNeverAfter) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 3));
  EXPECT_TRUE(process.IsAlive());
  ASSERT_OK_AND_ASSIGN(Process other, Process::Start<Return>(Killable(), 5));
  ASSERT_OK_AND_ASSIGN(const Waitable end, other.AsWaitable());
  ASSERT_OK(Wait(absl::MakeConstSpan(&end, 1), GetEnvironment().patience));
  // Asking about one takes nothing from the other.
  EXPECT_TRUE(process.IsAlive());
  EXPECT_FALSE(other.IsAlive());
  EXPECT_FALSE(other.IsAlive());
  EXPECT_EQ(EndOf(other), "exited 5");
  EXPECT_TRUE(process.IsAlive());
  ASSERT_OK(process.Stop(GetEnvironment().patience));
  EXPECT_FALSE(process.IsAlive());
}

ISOPROC_CASE(Process, PROC_36, EndingWhatHasEndedDoesNothing) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 6));
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  ASSERT_OK(Wait(absl::MakeConstSpan(&end, 1), GetEnvironment().patience));
  EXPECT_OK(process.Terminate()) << "ended, not joined";
  EXPECT_OK(process.Kill());
  EXPECT_EQ(EndOf(process), "exited 6");
  EXPECT_OK(process.Terminate()) << "joined";
  EXPECT_OK(process.TerminateTree());
  EXPECT_OK(process.Kill());
  EXPECT_EQ(Show(process.Stop(absl::ZeroDuration())), "exited 6");
  EXPECT_EQ(EndOf(process), "exited 6");
  Observe("status", EndOf(process));
}

ISOPROC_CASE(Process, PROC_36_2, FirstOfSeveralEndsCounts) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 0));
  for (const bool terminate_first : {true, false}) {
    ASSERT_OK_AND_ASSIGN(process, Process::Start<AwaitStop>(Killable(), 0));
    ASSERT_OK(terminate_first ? process.Terminate() : process.Kill());
    ASSERT_OK(terminate_first ? process.Kill() : process.Terminate());
    ASSERT_OK(process.Terminate());
    EXPECT_EQ(EndOf(process), terminate_first ? "signalled 15 (SIGTERM)" : "signalled 9 (SIGKILL)");
    Observe(terminate_first ? "terminate, kill" : "kill, terminate", EndOf(process));
  }
}

ISOPROC_CASE(Process, PROC_37, NoneCannotBeEnded) {
  Process none;
  EXPECT_CODE(none.Terminate(), kFailedPrecondition);
  EXPECT_CODE(none.TerminateTree(), kFailedPrecondition);
  EXPECT_CODE(none.Kill(), kFailedPrecondition);
  EXPECT_CODE(none.Stop(absl::ZeroDuration()), kFailedPrecondition);
  EXPECT_CODE(none.AsWaitable(), kFailedPrecondition);
  Observe("kill", none.Kill());
}

ISOPROC_CASE(Process, PROC_38, MovedIntoGoesOn) {
  ASSERT_OK_AND_ASSIGN(Process first, Process::Start<AwaitStop>(Killable(), 2));
  const std::optional<int64_t> pid = first.pid();
  Process second = std::move(first);
  ExpectNoChild(first, "moved from");  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.pid(), pid);
  EXPECT_TRUE(second.IsAlive());
  first = std::move(second);
  ExpectNoChild(second, "moved from");  // NOLINT(bugprone-use-after-move)
  Process& same = first;
  first = std::move(same);
  EXPECT_EQ(first.pid(), pid);
  EXPECT_EQ(Show(first.Stop(GetEnvironment().patience)), "exited 2");
}

ISOPROC_CASE(Process, PROC_38_2, AssignmentEndsTheOldChildFirst) {
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Linger>(Into(output)));
  EXPECT_EQ(output.ReadLine(), "ready");
  process = Process();
  EXPECT_EQ(output.ReadToEnd(), "");
  ExpectNoChild(process, "assigned to");
}

ISOPROC_CASE(Process, PROC_39, CloseLetsGoOfAnEndedChild) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(Killable(), 2));
  EXPECT_CODE(process.Close(), kFailedPrecondition);
  EXPECT_TRUE(process.IsAlive()) << "nothing changed";
  EXPECT_EQ(Show(process.Stop(GetEnvironment().patience)), "exited 2");
  EXPECT_OK(process.Close());
  ExpectNoChild(process, "closed");
  EXPECT_OK(process.Close());
  EXPECT_OK(Process().Close());
}

// Closes a child that has ended and that nobody has joined.
ISOPROC_CASE(Process, PROC_39_2, CloseReaps) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 2));
  const int64_t pid = *process.pid();
  ASSERT_OK_AND_ASSIGN(const Waitable end, process.AsWaitable());
  ASSERT_OK(Wait(absl::MakeConstSpan(&end, 1), GetEnvironment().patience));
  EXPECT_OK(process.Close());
  EXPECT_FALSE(IsActive(pid));
}

struct Sum {
  int operator()(int extra) const {
    int sum = extra;
    for (const int term : terms) sum += term;
    return sum + static_cast<int>(name.size());
  }
  std::vector<int> terms;
  std::string name;
};

ISOPROC_CASE(Process, PROC_52, CallableObjectTravels) {
  EXPECT_EQ(EndOf(Process::Start(Killable(), Sum{{1, 2, 3}, "four"}, 10)), "exited 20");
}

ISOPROC_CASE(Process, PROC_52_2, LambdaIsATarget) {
  EXPECT_EQ(
      EndOf(Process::Start(
          Killable(), [](int a, const std::string& b) { return a + static_cast<int>(b.size()); }, 7,
          "bytes")),
      "exited 12");
}

int ReturnWhileAThreadRuns() {
  LeaveRunning(std::thread([] { Stay(); }));
  return 3;
}

ISOPROC_CASE(Process, PROC_57, ThreadsOfTheTargetDoNotKeepTheChild) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<ReturnWhileAThreadRuns>(Killable()));
  EXPECT_EQ(EndOf(process), "exited 3");
  Observe("status", EndOf(process));
}

ISOPROC_CASE(Process, PROC_62, ProcessCanBePrinted) {
  ProcessOptions options = Killable();
  options.name = "printed";
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitStop>(options, 3));
  const std::string prefix = absl::StrCat("process 'printed' pid ", *process.pid(), " ");
  EXPECT_EQ(process.ToString(), prefix + "running");
  ASSERT_OK(process.Stop(GetEnvironment().patience));
  EXPECT_EQ(process.ToString(), prefix + "exited 3");
  std::ostringstream out;
  out << process;
  EXPECT_EQ(out.str(), process.ToString());
  EXPECT_EQ(Process().ToString(), "no process");
  Observe("state", process.ToString().substr(prefix.size()));
}

ISOPROC_CASE(Process, PROC_64, ThreadsThatJoinAllGetTheStatus) {
  SystemPipe input;
  SystemPipe output;
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<AwaitEndOfInput>(Between(input, output)));
  input.CloseReadEnd();
  struct Seen {
    std::string joined;
    bool alive = true;
    std::optional<ExitStatus> status;
  };
  std::vector<Seen> seen(8);
  std::vector<std::thread> threads;
  for (Seen& one : seen) {
    threads.emplace_back([&process, &one] {
      one.joined = EndOf(process);
      one.alive = process.IsAlive();
      one.status = process.exit_status();
    });
  }
  input.CloseWriteEnd();
  for (std::thread& thread : threads) thread.join();
  for (const Seen& one : seen) {
    EXPECT_EQ(one.joined, "exited 0");
    EXPECT_FALSE(one.alive);
    EXPECT_EQ(one.status, ExitStatus::Exited(0));
  }
}

// Threads that look without blocking agree as well, once one of them has the status.
ISOPROC_CASE(Process, PROC_64_2, ThreadsThatLookAgree) {
  ASSERT_OK_AND_ASSIGN(Process process, Process::Start<Return>(Killable(), 9));
  std::vector<std::string> seen(8);
  std::vector<std::thread> threads;
  for (std::string& one : seen) {
    threads.emplace_back([&process, &one] {
      while (process.IsAlive()) std::this_thread::yield();
      const std::optional<ExitStatus> status = process.exit_status();
      one = status.has_value() ? status->ToString() : "none";
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : seen) EXPECT_EQ(one, "exited 9");
}

}  // namespace
}  // namespace isoproc::conformance
