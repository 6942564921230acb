// Kills a worker of a pool, and the owner of one, before each call of the port that it makes, in
// the midst of each write, and before each store to a shared word. On every port.
//
//   kill_pool_at_every_call [--every=1] [--only=worker|owner] [--control]
//
// After a worker's death each task has its value, or it alone has the worker's exit status; none
// ran twice that may not; and nothing is left. After the owner's death no worker lives.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/isoproc.h"
#include "platform/core/pool/desk.h"
#include "platform/core/runtime.h"
#include "platform/testing/crash_atomic.h"
#include "platform/testing/mortal_port.h"
#include "platform/testing/system_support.h"
#include "tests/kill/call_arguments.h"
#include "tests/kill/pool_owner.h"
#include "tests/kill/watchdog.h"

namespace isoproc::kill {
namespace {

constexpr int kItems = 11;

constexpr int kDead = port::kExitCodeOfTheDead;

port::MortalPort& OwnPort() {
  static port::MortalPort* const port = new port::MortalPort;
  return *port;
}

// ---- tasks --------------------------------------------------------------------------------------

// How often each task has run, by all workers.
using Runs = RawArray<int>;

void Count(const Runs& runs, int item) { ++runs.span()[static_cast<size_t>(item)]; }
int64_t Small(const Runs& runs, int item) {
  Count(runs, item);
  return item * 10;
}
int64_t Sum(const Runs& runs, int item, const std::vector<int64_t>& large) {
  Count(runs, item);
  return std::accumulate(large.begin(), large.end(), int64_t{0});
}
std::string Fill(const Runs& runs, int item, size_t size) {
  Count(runs, item);
  return std::string(size, 'r');
}
struct Table {
  std::vector<int64_t> values;
  int64_t operator()(const Runs& runs, int item) const {
    Count(runs, item);
    return values.back();
  }
};
int64_t Throw(const Runs& runs, int item) {
  Count(runs, item);
  throw item;
}

// ---- a worker dies ------------------------------------------------------------------------------

// The first worker that comes here is the one that dies.
void ChooseVictim(const Value<int>& chosen, const Value<int>& died, int64_t last, bool control) {
  if (chosen.FetchAdd(1).value_or(1) != 0) return;
  static std::function<void()> visit = [] { OwnPort().Visit(); };
  internal::crash_point = &visit;
  // What the worker mapped last, before it called this, is its desk.
  const absl::Span<std::byte> desk = OwnPort().last_mapped();
  OwnPort().Arm(last, std::this_thread::get_id(), [died, control, desk] {
    died.Store(1).IgnoreError();
    if (control) std::memset(desk.data(), 0, sizeof(internal::DeskWords::begun));
  });
}

// What became of the tasks of one play.
class Play {
 public:
  Play(int processes, int retries, int64_t last, bool control) : retries_(retries) {
    const auto chosen = Value<int>::Create(0).value();
    const auto died = Value<int>::Create(0).value();
    runs_ = Runs::Create(kItems).value();
    PoolOptions options = {.processes = processes};
    options.initializer = Hook<ChooseVictim>(chosen, died, last, control);
    options.process.standard_error = StandardStream::Inherit();
    Pool pool = Pool::Create(options).value();

    const TaskOptions task = {.retries = retries};
    const std::vector<int64_t> large(50'000, 2);
    const std::string much(100'000, 'r');
    std::vector<std::tuple<Runs, int>> items;
    for (int item = 0; item < 4; ++item) items.emplace_back(runs_, item);
    const auto sum = pool.ApplyAsync<Sum>(task, runs_, 4, large).value();
    const auto fill = pool.ApplyAsync<Fill>(task, runs_, 5, much.size()).value();
    const auto map = pool.StarMapAsync<Small>(items, {.chunk_size = 2, .retries = retries}).value();
    const auto table = pool.ApplyAsync(task, Table{large}, runs_, 6).value();
    const auto middle = pool.ApplyAsync<Fill>(task, runs_, 7, size_t{30'000}).value();
    const auto throws = pool.ApplyAsync<Throw>(task, runs_, 8).value();
    // In memory that was used before.
    const auto sum_again = pool.ApplyAsync<Sum>(task, runs_, 9, large).value();
    const auto fill_again = pool.ApplyAsync<Fill>(task, runs_, 10, much.size()).value();

    Judge(4, sum.Get(), int64_t{100'000});
    Judge(5, fill.Get(), much);
    JudgeMap(map.Get());
    Judge(6, table.Get(), int64_t{2});
    Judge(7, middle.Get(), std::string(30'000, 'r'));
    Judge(9, sum_again.Get(), int64_t{100'000});
    Judge(10, fill_again.Get(), much);
    const absl::Status thrown = throws.Get().status();
    if (absl::IsUnknown(thrown)) {
      ExpectRuns(8, 1);
    } else {
      Lose(8, thrown);
    }

    pool.Close();
    pool.Join().IgnoreError();
    died_ = died.Load().value_or(0) != 0;
    Expect(ActiveChildren().empty(), "a worker lives when the pool has ended");
    Expect(lost_ <= (died_ ? 1 : 0), "more tasks are lost than workers died");
    Expect(retries == 0 || lost_ == 0, "a task is lost that may be tried again");
  }

  bool good() const { return problems_.empty(); }
  const std::string& problems() const { return problems_; }
  bool died() const { return died_; }
  int lost() const { return lost_; }

 private:
  void Expect(bool holds, const std::string& what) {
    if (!holds) absl::StrAppend(&problems_, what, "\n");
  }
  void ExpectRuns(int item, int least) {
    const int runs = runs_.span()[static_cast<size_t>(item)];
    Expect(runs >= least && runs <= 1 + retries_,
           absl::StrCat("task ", item, " ran ", runs, " times"));
  }
  void Lose(int item, const absl::Status& status) {
    ++lost_;
    const auto end = ExitStatusOf(status);
    Expect(absl::IsAborted(status) && end.has_value() && end->code() == kDead,
           absl::StrCat("task ", item, " failed with ", status.ToString()));
    ExpectRuns(item, 0);
  }
  template <class T>
  void Judge(int item, const absl::StatusOr<T>& outcome, const T& value) {
    if (!outcome.ok()) return Lose(item, outcome.status());
    Expect(*outcome == value, absl::StrCat("task ", item, " has another value"));
    ExpectRuns(item, 1);
  }
  void JudgeMap(const absl::StatusOr<std::vector<int64_t>>& values) {
    if (values.ok()) {
      Expect(*values == std::vector<int64_t>{0, 10, 20, 30}, "the map has other values");
      for (int item = 0; item < 4; ++item) ExpectRuns(item, 1);
      return;
    }
    Lose(0, values.status());  // or one of the others, as the message says
    for (int item = 1; item < 4; ++item) ExpectRuns(item, 0);
  }

  const int retries_;
  Runs runs_;
  std::string problems_;
  bool died_ = false;
  int lost_ = 0;
};

// Gives the number of plays that failed.
int KillWorkers(const CallArguments& arguments, Watchdog& watchdog) {
  int failed = 0;
  int64_t deaths = 0;
  int64_t lost = 0;
  int handles = 0;
  for (const int processes : {1, 2}) {
    for (const int retries : {0, 1}) {
      // How many calls there are varies; so it is not over when one victim makes fewer.
      int survivors = 0;
      for (int64_t last = 1; survivors < 5; last += arguments.every) {
        watchdog.Begin(absl::StrCat("worker, ", processes, " processes, call ", last));
        const Play play(processes, retries, last, arguments.control);
        survivors = play.died() ? 0 : survivors + 1;
        deaths += play.died() ? 1 : 0;
        lost += play.lost();
        if (play.good()) continue;
        ++failed;
        if (arguments.control) return failed;
        std::printf("%d processes, %d retries, before call %lld:\n%s", processes, retries,
                    static_cast<long long>(last), play.problems().c_str());
      }
    }
    // The last thread of the last pool lets go of it a moment after Join. One handle more may be
    // what is made once, when it is first needed; what a death leaves, two deaths leave twice.
    int now = system_support::CountHandles();
    for (int i = 0; i < 10'000 && handles != 0 && now > handles + 1; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      now = system_support::CountHandles();
    }
    if (handles != 0 && now > handles + 1) {
      std::printf("there were %d handles, and are %d\n", handles, now);
      ++failed;
    }
    handles = now;
  }
  // The control fails if it finds nothing.
  if (deaths == 0 && !arguments.control) {
    std::printf("nobody died: nothing was shown\n");
    ++failed;
  }
  std::printf("%lld deaths of workers: %lld tasks failed with them, %d plays failed\n",
              static_cast<long long>(deaths), static_cast<long long>(lost), failed);
  return failed;
}

// ---- the owner dies -----------------------------------------------------------------------------

void StayForEver() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}
int Own(int64_t last) {
  OwnPort().Arm(last);
  absl::StatusOr<Pool> pool = Pool::Create({.processes = 2});
  if (!pool.ok()) return 100;
  const auto runs = Runs::Create(kItems).value();
  std::vector<std::tuple<Runs, int>> items;
  for (int item = 0; item < 4; ++item) items.emplace_back(runs, item);
  const auto sum = pool->ApplyAsync<Sum>(runs, 0, std::vector<int64_t>(50'000, 2)).value();
  if (!pool->ApplyAsync<StayForEver>().ok()) return 101;
  const auto map = pool->StarMap<Small>(items, {.chunk_size = 1});
  if (!sum.Get().ok() || !map.ok()) return 102;
  pool->Terminate();
  return 0;
}

int KillOwners(const CallArguments& arguments, Watchdog& watchdog) {
  int64_t deaths = 0;
  for (int64_t last = 1;; last += arguments.every) {
    watchdog.Begin(absl::StrCat("owner, call ", last));
    PoolOwner owner(
        [last](const ProcessOptions& options) { return Process::Start<Own>(options, last); });
    const ExitStatus end = owner.AwaitTheEndOfAll();
    if (end.code() == kDead) {
      ++deaths;
      continue;
    }
    std::printf("%lld deaths of owners, whom no worker survived; then one that %s\n",
                static_cast<long long>(deaths), end.ToString().c_str());
    return end.ok() && deaths > 0 ? 0 : 1;
  }
}

int Run(int argc, char** argv) {
  const CallArguments arguments =
      ParseCallArguments(argc, argv, {"worker", "owner"}, /*has_control=*/true);
  auto* const watchdog = new Watchdog;
  if (arguments.control) {
    const bool seen = KillWorkers(arguments, *watchdog) > 0;
    std::printf("a worker that takes back what it said to have begun is %s\n",
                seen ? "found" : "NOT FOUND");
    return seen ? 0 : 1;
  }
  int failed = 0;
  if (arguments.Plays("worker")) failed += KillWorkers(arguments, *watchdog);
  if (arguments.Plays("owner")) failed += KillOwners(arguments, *watchdog);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::internal::Runtime::Get().SetPortForTesting(&isoproc::kill::OwnPort());
  isoproc::Init(argc, argv);
  return isoproc::kill::Run(argc, argv);
}
