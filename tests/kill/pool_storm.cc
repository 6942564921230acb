// A storm: the workers of a pool are killed at random, every few milliseconds, while it has
// thousands of tasks, chunks and streams: first from outside, at any moment of their lives, then by
// a thread of their own; at last owners of pools are killed.
//
//   kill_pool_storm [--tasks=10000] [--owners=50] [--life=20] [--seed=<number>]
//
// Every task must get its value or the exit status of a worker that was killed, once, in bounded
// time; in the first pool no more are lost, and no more workers die, than were killed; tasks that
// may be tried again must all have their values; nothing may be left; and no worker may survive its
// owner. One pool has all --tasks, the next a tenth of them. A worker is killed at most --life
// milliseconds after the last one, or lives as long at most; if hardly anybody is, nothing was
// shown, and that is a failure too. The seed chooses when somebody dies, as far as that goes.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "isoproc/isoproc.h"
#include "platform/testing/system_support.h"
#include "tests/kill/pool_owner.h"
#include "tests/kill/watchdog.h"

namespace isoproc::kill {
namespace {

constexpr int kProcesses = 4;
// How many tasks the pool has at a time, so that others come between them.
constexpr int kOutstanding = 500;
constexpr int kItems = 100;
constexpr int kKilled = 9;
// How many workers die at least in a storm that shows something.
int64_t LeastDeaths(int tasks) { return 1 + tasks / 500; }

// ---- in workers ---------------------------------------------------------------------------------

// Ends the worker some time from now, whatever it does then.
void DieSoon(uint32_t seed, int most_ms) {
  std::thread([seed, most_ms] {
    std::minstd_rand random(seed + static_cast<uint32_t>(CurrentProcess().pid()));
    std::this_thread::sleep_for(
        std::chrono::microseconds(1000 + random() % (1000 * static_cast<uint32_t>(most_ms))));
    std::_Exit(kKilled);
  }).detach();
}
// Takes its time, so that some die in the midst of it.
void Prepare() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
  while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
}
// What tasks take and give is small, or has memory of its own.
std::string AnswerOf(int number, const std::string& text) {
  return absl::StrCat(number, text, std::string(number % 50 == 0 ? 80'000 : number % 50, 'x'));
}
// Long enough for many to die in the midst of it.
std::string Work(int number, const std::string& text) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
  while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return AnswerOf(number, text);
}
std::string TextOf(int number) { return std::string(number % 70 == 0 ? 5000 : 3, 't'); }

// ---- the storm ----------------------------------------------------------------------------------

// What became of one task, as its callbacks were told.
struct Fate {
  std::atomic<int> good = 0;
  std::atomic<int> bad = 0;
};

struct Tally {
  int64_t values = 0;
  int64_t lost = 0;
  int64_t deaths = 0;   // of workers, after which there was another one
  int64_t unready = 0;  // of these, before they were ready for tasks
  int64_t wrong = 0;
};

void StayForEver() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}
// How those end that are killed from outside: each system says so in its own way.
ExitStatus EndOfTheKilled() {
  Process process = Process::Start<StayForEver>().value();
  system_support::KillFromOutside(process.pid().value());
  return process.Join().value();
}

// Kills workers of a pool from outside.
class Killer {
 public:
  Killer(Pool& pool, uint32_t seed, int most_ms)
      : pool_(pool), random_(seed), most_ms_(most_ms), thread_([this] { Run(); }) {}
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;
  ~Killer() { End(); }

  void End() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // When it has ended: how many it has killed.
  int64_t kills() const { return kills_; }

 private:
  void Run() {
    while (!over_) {
      std::this_thread::sleep_for(
          std::chrono::microseconds(random_() % (1000 * static_cast<uint32_t>(most_ms_))));
      KillOne();
    }
  }
  // Any of them, or the youngest, which has hardly begun. Only if all are there, and the last one
  // that was killed is known to be dead: where starts take long, none would ever be ready else.
  void KillOne() {
    std::vector<WorkerStatistics> workers = pool_.Statistics();
    std::erase_if(workers, [](const WorkerStatistics& one) { return !one.alive || one.pid == 0; });
    if (workers.size() < kProcesses) return;
    for (const WorkerStatistics& one : workers) {
      if (one.number == last_) return;
    }
    const bool youngest = random_() % 2 == 0;
    const WorkerStatistics& victim = youngest ? workers.back() : workers[random_() % kProcesses];
    last_ = victim.number;
    system_support::KillFromOutside(victim.pid);
    ++kills_;
  }

  Pool& pool_;
  std::minstd_rand random_;
  const int most_ms_;
  int64_t last_ = 0;
  int64_t kills_ = 0;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

// Items that may be tried again, in chunks and as a stream.
void TryAgain(Pool& pool, Tally& tally) {
  std::vector<std::pair<int, std::string>> items;
  for (int number = 0; number < kItems; ++number) items.emplace_back(number, TextOf(number));
  const auto check = [&](int number, const absl::StatusOr<std::string>& value) {
    if (value.ok() && *value == AnswerOf(number, TextOf(number))) return;
    ++tally.wrong;
    std::printf("item %d: %s\n", number, value.status().ToString().c_str());
  };
  const absl::StatusOr<std::vector<std::string>> answers =
      pool.StarMap<Work>(items, {.chunk_size = 10, .retries = 1000});
  for (int number = 0; number < kItems; ++number) {
    if (answers.ok()) {
      check(number, (*answers)[static_cast<size_t>(number)]);
    } else {
      check(number, answers.status());
    }
  }
  const auto work = [](const std::pair<int, std::string>& item) {
    return Work(item.first, item.second);
  };
  int number = 0;
  for (const auto& value : pool.IMap(work, items, {.chunk_size = 5, .retries = 1000}).value()) {
    check(number++, value);
  }
  if (number != kItems) ++tally.wrong;
}

enum class Death { kFromOutside, kByItself };

// What becomes of all tasks in a pool whose workers die so.
class Storm {
 public:
  Storm(Death death, uint32_t seed, int life, Watchdog& watchdog, std::string again)
      : death_(death), seed_(seed), life_(life), watchdog_(watchdog), again_(std::move(again)) {}

  void Run(int tasks, int64_t least_deaths, Tally& tally) {
    watchdog_.Begin(again_);
    Pool pool = Pool::Create(Options()).value();
    std::optional<Killer> killer;
    if (death_ == Death::kFromOutside) killer.emplace(pool, seed_, life_);
    std::atomic<bool> over = false;
    Tally others;
    std::thread other([&] {
      do {
        TryAgain(pool, others);
      } while (!over);
    });
    for (int number = 0; number < tasks; ++number) {
      if (outstanding_.size() == kOutstanding) Await(tally);
      Submit(pool, number);
      if (number % kOutstanding == 0) watchdog_.Begin(again_);
    }
    while (!outstanding_.empty()) Await(tally);
    over = true;
    other.join();
    tally.wrong += others.wrong;
    if (killer.has_value()) killer->End();
    pool.Close();
    if (!pool.Join().ok()) ++tally.wrong;
    const std::vector<WorkerStatistics> workers = pool.Statistics();
    Count(workers, least_deaths, tally);
    if (killer.has_value()) ExpectNoMoreThan(killer->kills(), workers, tally);
  }

 private:
  struct Outstanding {
    int number;
    AsyncResult<std::string> result;
    std::unique_ptr<Fate> fate;
  };

  PoolOptions Options() const {
    PoolOptions options = {.processes = kProcesses};
    options.initializer =
        death_ == Death::kByItself ? Hook<DieSoon>(seed_, life_) : Hook<Prepare>();
    for (const StartMethod method : StartMethods()) {
      if (method == StartMethod::kForkServer) options.process.start_method = method;
    }
    return options;
  }
  void Submit(Pool& pool, int number) {
    Outstanding& task = outstanding_.emplace_back(Outstanding{
        number, pool.ApplyAsync<Work>(number, TextOf(number)).value(), std::make_unique<Fate>()});
    Fate* const fate = task.fate.get();
    task.result.OnSuccess([fate](const std::string&) { ++fate->good; });
    task.result.OnError([fate](const absl::Status&) { ++fate->bad; });
  }
  bool IsDeath(const absl::Status& status) const {
    return absl::IsAborted(status) && ExitStatusOf(status) == end_;
  }
  // For the first of those that are outstanding.
  void Await(Tally& tally) {
    const Outstanding task = std::move(outstanding_.front());
    outstanding_.pop_front();
    const absl::StatusOr<std::string> value = task.result.Get();
    const bool has_value = value.ok() && *value == AnswerOf(task.number, TextOf(task.number));
    const bool is_lost = IsDeath(value.status());
    const bool once = task.fate->good == (has_value ? 1 : 0) && task.fate->bad == (is_lost ? 1 : 0);
    tally.values += has_value ? 1 : 0;
    lost_ += is_lost ? 1 : 0;
    if ((has_value || is_lost) && once) return;
    ++tally.wrong;
    std::printf("task %d: %s, %d and %d times\n", task.number, value.status().ToString().c_str(),
                task.fate->good.load(), task.fate->bad.load());
  }
  static void Expect(bool holds, const char* what, int64_t number, int64_t limit, Tally& tally) {
    if (holds) return;
    ++tally.wrong;
    std::printf("%s: %lld, not %lld\n", what, static_cast<long long>(number),
                static_cast<long long>(limit));
  }
  static int64_t DeathsOf(const std::vector<WorkerStatistics>& workers) {
    return workers.back().number - kProcesses;
  }
  void Count(const std::vector<WorkerStatistics>& workers, int64_t least_deaths, Tally& tally) {
    // Those that are remembered.
    for (const WorkerStatistics& one : workers) {
      if (one.idle + one.working == absl::ZeroDuration()) ++tally.unready;
    }
    const int64_t deaths = DeathsOf(workers);
    Expect(deaths >= least_deaths, "too few workers died for a storm", deaths, least_deaths, tally);
    tally.lost += lost_;
    tally.deaths += deaths;
  }
  void ExpectNoMoreThan(int64_t kills, const std::vector<WorkerStatistics>& workers, Tally& tally) {
    const int64_t deaths = DeathsOf(workers);
    Expect(lost_ <= kills, "more tasks were lost than workers killed", lost_, kills, tally);
    Expect(deaths <= kills, "more workers died than were killed", deaths, kills, tally);
  }

  const Death death_;
  // What a death is; all else is a worker that failed.
  const ExitStatus end_ =
      death_ == Death::kByItself ? ExitStatus::Exited(kKilled) : EndOfTheKilled();
  const uint32_t seed_;
  const int life_;
  Watchdog& watchdog_;
  const std::string again_;
  std::deque<Outstanding> outstanding_;
  int64_t lost_ = 0;
};

// ---- owners -------------------------------------------------------------------------------------

void OwnAPool() {
  absl::StatusOr<Pool> pool = Pool::Create({.processes = 2});
  if (!pool.ok()) return;
  while (true) {
    const std::vector<int> numbers(20, 50);
    pool->Map([](int number) { return Work(number, ""); }, numbers).IgnoreError();
  }
}

// What a pool could leave.
struct Leftovers {
  int handles = system_support::CountHandles();
  int mappings = system_support::CountMappings();
  int children = system_support::CountChildren();

  // The last thread of a pool lets go of it a moment after Join.
  bool AwaitNoMoreThan(const Leftovers& before) {
    const absl::Time end = absl::Now() + absl::Seconds(5);
    while (IsMoreThan(before) && absl::Now() < end) {
      std::this_thread::yield();
      *this = Leftovers();
    }
    return !IsMoreThan(before);
  }

 private:
  // Mappings are also what the heap and the system make of their own accord.
  bool IsMoreThan(const Leftovers& before) const {
    return handles > before.handles || mappings > before.mappings + 20 ||
           children > before.children;
  }
};

int Run(int argc, char** argv) {
  int tasks = 10'000;
  int owners = 50;
  int life = 20;
  uint32_t seed = std::random_device()();
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--tasks=")) {
      tasks = std::atoi(argument.c_str() + 8);
    } else if (argument.starts_with("--owners=")) {
      owners = std::atoi(argument.c_str() + 9);
    } else if (argument.starts_with("--life=")) {
      life = std::atoi(argument.c_str() + 7);
    } else if (argument.starts_with("--seed=")) {
      seed = static_cast<uint32_t>(std::atoll(argument.c_str() + 7));
    } else {
      std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  auto* const watchdog = new Watchdog;
  const std::string again = absl::StrCat("kill_pool_storm --seed=", seed);
  Tally tally;
  // What the first pool leaves, such as a fork server, stays.
  Storm(Death::kFromOutside, seed, life, *watchdog, again).Run(kItems, /*least_deaths=*/0, tally);
  const Leftovers before;
  const absl::Time begin = absl::Now();
  Storm(Death::kFromOutside, seed, life, *watchdog, again).Run(tasks, LeastDeaths(tasks), tally);
  // Where starts take long, no worker lives long enough for many tasks.
  Storm(Death::kByItself, seed, life, *watchdog, again)
      .Run(tasks / 10, LeastDeaths(tasks / 10), tally);
  const absl::Duration took = absl::Now() - begin;
  Leftovers after;
  const bool all_gone = after.AwaitNoMoreThan(before) && ActiveChildren().empty();
  std::printf(
      "%lld deaths in %.1f s, %lld or more before they were ready: %lld tasks have values, %lld "
      "the end of their worker, %lld are wrong; handles %+d, mappings %+d\n",
      static_cast<long long>(tally.deaths), absl::ToDoubleSeconds(took),
      static_cast<long long>(tally.unready), static_cast<long long>(tally.values),
      static_cast<long long>(tally.lost), static_cast<long long>(tally.wrong),
      after.handles - before.handles, after.mappings - before.mappings);
  std::minstd_rand random(seed);
  for (int i = 0; i < owners; ++i) {
    watchdog->Begin(again);
    PoolOwner owner(
        [](const ProcessOptions& options) { return Process::Start<OwnAPool>(options); });
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
    owner.process().Kill().IgnoreError();
    owner.AwaitTheEndOfAll();
  }
  std::printf("%d owners were killed, and no worker survived one\n", owners);
  const bool good = tally.wrong == 0 && tally.values > tally.lost && all_gone;
  if (!good) std::printf("FAILED, --seed=%u\n", seed);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::kill::Run(argc, argv);
}
