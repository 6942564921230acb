#include "tests/kill/driver.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/testing/left_running.h"
#include "tests/kill/play.h"
#include "tests/kill/scenario.h"

namespace isoproc::kill {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(2);
constexpr int64_t kEnd = int64_t{1} << 40;

struct Options {
  std::string program;
  // Scenarios whose names begin so.
  std::string scenario;
  // One point only.
  std::optional<int64_t> at;
  std::optional<bool> noticed;
  // Of each scenario, at most so many; 0: all.
  int64_t points = 40;
  uint64_t seed = std::random_device()() % 1000000;
};

[[noreturn]] void RefuseArgument(const std::string& argument) {
  std::fprintf(stderr, "not an argument: %s; see docs/kill-tests.md\n", argument.c_str());
  std::exit(2);
}

Options Parse(int argc, char** argv) {
  Options options;
  options.program = argv[0];
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t split = (std::min)(argument.find('='), argument.size());
    const std::string name = argument.substr(0, split);
    const std::string value = argument.substr((std::min)(split + 1, argument.size()));
    int64_t number = 0;
    const bool is_number = absl::SimpleAtoi(value, &number);
    if (name == "--scenario") {
      options.scenario = value;
    } else if (name == "--at" && (is_number || value == "asleep")) {
      options.at = is_number ? number : Death::kAsleep;
    } else if (name == "--noticed" && is_number) {
      options.noticed = number != 0;
    } else if (name == "--points" && is_number) {
      options.points = number;
    } else if (name == "--all") {
      options.points = 0;
    } else if (name == "--seed" && is_number) {
      options.seed = static_cast<uint64_t>(number);
    } else {
      RefuseArgument(argument);
    }
  }
  return options;
}

std::string Replay(const Options& options, const Scenario& scenario, const Death& death) {
  return absl::StrCat(options.program, " --scenario=", scenario.name, " --at=",
                      death.point == Death::kAsleep ? "asleep" : std::to_string(death.point),
                      " --noticed=", death.noticed ? 1 : 0);
}

// Ends the program when a run hangs, and says which one it was.
class Watchdog {
 public:
  Watchdog() {
    LeaveRunning(std::thread([this] { Watch(); }));
  }

  void Begin(std::string replay) {
    const std::lock_guard lock(mutex_);
    replay_ = std::move(replay);
    ++runs_;
    changed_.notify_all();
  }

 private:
  [[noreturn]] void Watch() {
    std::unique_lock lock(mutex_);
    int64_t last = 0;
    do {
      last = runs_;
    } while (changed_.wait_for(lock, kPatience, [&] { return runs_ != last; }));
    std::printf("HANGS, again with: %s\n", replay_.c_str());
    std::fflush(stdout);
    std::_Exit(1);
  }
  static constexpr std::chrono::seconds kPatience{60};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string replay_;
  int64_t runs_ = 0;
};

struct Tally {
  int64_t points = 0;
  int tried = 0;
  int failed = 0;
  absl::Duration worst;
};

class Tests {
 public:
  Tests(const Options& options, const StartVictim& start) : options_(options), start_(start) {}

  // Gives whether all went well.
  bool Run(const Scenario& scenario) {
    Tally tally;
    for (const bool noticed : {false, true}) {
      if (options_.noticed.value_or(noticed) != noticed) continue;
      if (options_.at.has_value()) {
        Try(scenario, {.point = *options_.at, .noticed = noticed}, tally);
        continue;
      }
      tally.points = *Try(scenario, {.point = kEnd, .noticed = noticed}, tally);
      if (scenario.sleeps) Try(scenario, {.point = Death::kAsleep, .noticed = noticed}, tally);
      const int64_t stride = options_.points == 0 ? 1 : tally.points / options_.points + 1;
      int64_t point = 1 + static_cast<int64_t>(options_.seed % static_cast<uint64_t>(stride));
      // Not until one run returns: how many points there are depends on when others come.
      for (; point <= tally.points; point += stride) {
        Try(scenario, {.point = point, .noticed = noticed}, tally);
      }
    }
    std::printf("%-28s points %6lld  tried %5d  failed %3d  worst recovery %.1f ms\n",
                scenario.name.c_str(), static_cast<long long>(tally.points), tally.tried,
                tally.failed, absl::ToDoubleMilliseconds(tally.worst));
    std::fflush(stdout);
    return tally.failed == 0;
  }

 private:
  // Gives the number of points if there are fewer than asked for.
  std::optional<int64_t> Try(const Scenario& scenario, const Death& death, Tally& tally) {
    const std::string replay = Replay(options_, scenario, death);
    watchdog_.Begin(replay);
    const Verdict verdict = Play(scenario, start_, death, kLimit);
    ++tally.tried;
    tally.worst = std::max(tally.worst, verdict.recovery);
    if (!verdict.problems.empty()) {
      ++tally.failed;
      std::printf("FAILED, again with: %s\n", replay.c_str());
      for (const std::string& problem : verdict.problems) std::printf("  %s\n", problem.c_str());
    }
    return verdict.points;
  }

  const Options& options_;
  const StartVictim& start_;
  Watchdog& watchdog_ = *new Watchdog;  // its thread never ends
};

}  // namespace

int RunKillTests(int argc, char** argv, const StartVictim& start) {
  const Options options = Parse(argc, argv);
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  Tests tests(options, start);
  int run = 0;
  bool all_well = true;
  for (const Scenario& scenario : AllScenarios()) {
    if (scenario.name.rfind(options.scenario, 0) != 0) continue;
    ++run;
    all_well = tests.Run(scenario) && all_well;
  }
  return run > 0 && all_well ? 0 : 1;
}

}  // namespace isoproc::kill
