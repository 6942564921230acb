// A storm: the workers of a pool are killed at random, every few milliseconds, while it has
// thousands of tasks; then owners of pools are killed.
//
//   kill_pool_storm [--tasks=10000] [--owners=50] [--life=20] [--seed=<number>]
//
// Every task must get its value or the exit status of its worker, once, in bounded time, and each
// worker takes no more than one with it; those that may be tried again must all have their values;
// nothing may be left; and no worker may survive its owner. A worker lives --life milliseconds at
// most. The seed chooses when somebody dies, as far as that goes.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
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
constexpr int kTasksOfARound = 500;
constexpr int kItems = 100;
constexpr int kKilled = 9;

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
  int64_t deaths = 0;
  int64_t wrong = 0;
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

void Round(uint32_t seed, int life, int tasks, Tally& tally) {
  PoolOptions options = {.processes = kProcesses};
  options.initializer = Hook<DieSoon>(seed, life);
  for (const StartMethod method : StartMethods()) {
    if (method == StartMethod::kForkServer) options.process.start_method = method;
  }
  Pool pool = Pool::Create(options).value();
  std::vector<AsyncResult<std::string>> results;
  std::vector<std::unique_ptr<Fate>> fates;
  for (int number = 0; number < tasks; ++number) {
    results.push_back(pool.ApplyAsync<Work>(number, TextOf(number)).value());
    Fate* const fate = fates.emplace_back(std::make_unique<Fate>()).get();
    results.back().OnSuccess([fate](const std::string&) { ++fate->good; });
    results.back().OnError([fate](const absl::Status&) { ++fate->bad; });
  }
  int64_t lost = 0;
  for (int number = 0; number < tasks; ++number) {
    const auto place = static_cast<size_t>(number);
    const absl::StatusOr<std::string> value = results[place].Get();
    const auto end = ExitStatusOf(value.status());
    const bool has_value = value.ok() && *value == AnswerOf(number, TextOf(number));
    const bool is_lost =
        absl::IsAborted(value.status()) && end.has_value() && end->code() == kKilled;
    const Fate& fate = *fates[place];
    const bool once = fate.good == (has_value ? 1 : 0) && fate.bad == (is_lost ? 1 : 0);
    tally.values += has_value ? 1 : 0;
    lost += is_lost ? 1 : 0;
    if ((has_value || is_lost) && once) continue;
    ++tally.wrong;
    std::printf("task %d: %s, %d and %d times\n", number, value.status().ToString().c_str(),
                fate.good.load(), fate.bad.load());
  }
  TryAgain(pool, tally);
  pool.Close();
  if (!pool.Join().ok()) ++tally.wrong;
  const int64_t workers = pool.Statistics().back().number;
  if (lost > workers) {
    ++tally.wrong;
    std::printf("%lld tasks were lost with %lld workers\n", static_cast<long long>(lost),
                static_cast<long long>(workers));
  }
  tally.lost += lost;
  tally.deaths += workers - kProcesses;
}

// ---- owners -------------------------------------------------------------------------------------

void OwnAPool() {
  absl::StatusOr<Pool> pool = Pool::Create({.processes = 2});
  if (!pool.ok()) return;
  while (true) {
    const std::vector<int> numbers(20, 50);
    pool->Map([](int number) { return Work(number, ""); }, numbers).IgnoreError();
  }
}

// How many handles there are more than before, once the last thread of the last pool has let go of
// it, which is a moment after Join.
int HandlesMoreThan(int before) {
  const absl::Time end = absl::Now() + absl::Seconds(5);
  while (system_support::CountHandles() > before && absl::Now() < end) std::this_thread::yield();
  return system_support::CountHandles() - before;
}

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
  int handles = 0;
  int mappings = 0;
  const absl::Time begin = absl::Now();
  for (int done = 0; done < tasks && tally.wrong == 0; done += kTasksOfARound) {
    watchdog->Begin(again);
    Round(seed + static_cast<uint32_t>(done), life, (std::min)(tasks, kTasksOfARound), tally);
    // What the first round leaves, such as a fork server, stays.
    if (done == 0) {
      handles = system_support::CountHandles();
      mappings = system_support::CountMappings();
    }
  }
  const absl::Duration took = absl::Now() - begin;
  const int more_handles = HandlesMoreThan(handles);
  const int more_mappings = system_support::CountMappings() - mappings;
  std::printf(
      "%lld deaths in %.1f s: %lld tasks have values, %lld the end of their worker, %lld "
      "are wrong; handles %+d, mappings %+d\n",
      static_cast<long long>(tally.deaths), absl::ToDoubleSeconds(took),
      static_cast<long long>(tally.values), static_cast<long long>(tally.lost),
      static_cast<long long>(tally.wrong), more_handles, more_mappings);
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
  const bool good =
      tally.wrong == 0 && tally.values > 0 && more_handles <= 0 && more_mappings <= 20;
  if (!good) std::printf("FAILED, --seed=%u\n", seed);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::kill::Run(argc, argv);
}
