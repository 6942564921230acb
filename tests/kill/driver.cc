#include "tests/kill/driver.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "tests/kill/play.h"
#include "tests/kill/scenario.h"
#include "tests/kill/watchdog.h"

namespace isoproc::kill {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(2);
// Of the negative control, whose survivors are late on purpose.
constexpr absl::Duration kControlLimit = absl::Seconds(1);

struct Options {
  std::string program;
  // Scenarios whose names begin so.
  std::string scenario;
  // One point only.
  std::optional<Death> at;
  std::optional<bool> noticed;
  // Of each scenario, at most so many changes; 0: all.
  int64_t points = 0;
  // Also all instructions between two changes.
  bool all = false;
  bool nobody_looks = false;
  // Nothing is played; each scenario must be of one of these.
  std::set<std::string> groups;
  uint64_t seed = std::random_device()() % 1000000;
};

[[noreturn]] void RefuseArgument(const std::string& argument) {
  std::fprintf(stderr, "not an argument: %s; see docs/kill-tests.md\n", argument.c_str());
  std::exit(2);
}

// Of a place: asleep, end, 12 or 12+7.
std::optional<Death> ParsePlace(const std::string& text) {
  if (text == "asleep") return Death{.where = Death::Where::kAsleep};
  if (text == "end") return Death{.where = Death::Where::kAtEnd};
  const std::vector<std::string> parts = absl::StrSplit(text, '+');
  Point point;
  if (parts.size() > 2 || !absl::SimpleAtoi(parts[0], &point.changes)) return std::nullopt;
  if (parts.size() == 2 && !absl::SimpleAtoi(parts[1], &point.instructions)) return std::nullopt;
  return Death{.point = point};
}

std::string NameOfPlace(const Death& death) {
  if (death.where == Death::Where::kAsleep) return "asleep";
  if (death.where == Death::Where::kAtEnd) return "end";
  return death.point.instructions == 0
             ? absl::StrCat(death.point.changes)
             : absl::StrCat(death.point.changes, "+", death.point.instructions);
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
    } else if (name == "--at" && ParsePlace(value).has_value()) {
      options.at = ParsePlace(value);
    } else if (name == "--noticed" && is_number) {
      options.noticed = number != 0;
    } else if (name == "--points" && is_number) {
      options.points = number;
    } else if (name == "--all") {
      options.all = true;
    } else if (name == "--seed" && is_number) {
      options.seed = static_cast<uint64_t>(number);
    } else if (name == "--groups") {
      options.groups = absl::StrSplit(value, ',');
    } else if (name == "--nobody-looks") {
      options.nobody_looks = true;
    } else {
      RefuseArgument(argument);
    }
  }
  return options;
}

// What is said of one scenario, or of all.
struct Tally {
  int64_t changes = 0;
  int64_t instructions = 0;
  int64_t tried = 0;
  int64_t failed = 0;
  absl::Duration worst;

  void Add(const Tally& other) {
    changes += other.changes;
    instructions += other.instructions;
    tried += other.tried;
    failed += other.failed;
    worst = std::max(worst, other.worst);
  }
  void Print(const std::string& name) const {
    std::printf(
        "%-30s changes %5lld  instructions %8lld  killed %6lld  failed %3lld  worst recovery %.1f "
        "ms\n",
        name.c_str(), static_cast<long long>(changes), static_cast<long long>(instructions),
        static_cast<long long>(tried), static_cast<long long>(failed),
        absl::ToDoubleMilliseconds(worst));
    std::fflush(stdout);
  }
};

class Tests {
 public:
  Tests(Options options, const Program& program)
      : options_(std::move(options)), program_(program), random_(options_.seed) {}

  Tally Run(const Scenario& scenario) {
    Tally tally;
    std::vector<int64_t> survey;
    for (const bool noticed : {false, true}) {
      if (options_.noticed.value_or(noticed) != noticed) continue;
      if (options_.at.has_value()) {
        Death death = *options_.at;
        death.noticed = noticed;
        Try(scenario, death, kLimit, tally);
      } else {
        RunAll(scenario, noticed, survey, tally);
      }
    }
    tally.Print(scenario.name);
    return tally;
  }

  // Whether survivors hang where they must, and nowhere else.
  bool RunControl(const Control& control) {
    std::set<int64_t> hangs_after;
    Tally tally;
    const Scenario scenario = *FindScenario(control.scenario);
    std::optional<int64_t> changes;
    for (int64_t after = 0; after <= changes.value_or(after); ++after) {
      const bool must_hang = control.hangs_after.count(after) > 0;
      // A sleeper that has said that it will sleep may see what happened before it does.
      int tries = must_hang ? 5 : 1;
      bool hangs = false;
      while (!hangs && tries-- > 0) {
        const Verdict verdict = Try(scenario, {.point = {.changes = after}}, kControlLimit, tally);
        hangs = !verdict.problems.empty();
        changes = verdict.changes;
      }
      if (hangs) hangs_after.insert(after);
    }
    std::printf("%s, if nobody looks: fails after {%s} changes; expected: {%s}\n",
                scenario.name.c_str(), absl::StrJoin(hangs_after, ", ").c_str(),
                absl::StrJoin(control.hangs_after, ", ").c_str());
    std::fflush(stdout);
    return hangs_after == control.hangs_after;
  }

  static const Scenario* FindScenario(const std::string& name) {
    for (const Scenario& scenario : AllScenarios()) {
      if (scenario.name == name) return &scenario;
    }
    RefuseArgument(name);
  }

 private:
  // `survey`: empty, or that of another run.
  void RunAll(const Scenario& scenario, bool noticed, std::vector<int64_t>& survey, Tally& tally) {
    const auto kill_at = [&](Point point) {
      return Try(scenario, {.point = point, .noticed = noticed}, kLimit, tally);
    };
    if (scenario.sleeps) {
      Try(scenario, {.where = Death::Where::kAsleep, .noticed = noticed}, kLimit, tally);
    }
    if (survey.empty() || options_.points == 0) {
      // An exact survey takes a while, and the other one is hardly different.
      const bool exactly = options_.points == 0 && survey.empty();
      const Death at_end = {.where = exactly ? Death::Where::kAtEndSurveyed : Death::Where::kAtEnd,
                            .noticed = noticed};
      const Verdict verdict = Try(scenario, at_end, kLimit, tally);
      if (survey.empty()) survey = verdict.survey;
    }
    const auto places = static_cast<int64_t>(survey.size());
    tally.changes = places - 1;
    if (options_.points == 0) {
      tally.instructions = std::accumulate(survey.begin(), survey.end(), tally.changes);
    }
    const int64_t stride = options_.points == 0 ? 1 : (places - 1) / options_.points + 1;
    // As far as the survey came, and then as far as a run goes: how many changes there are depends
    // on when others come. A sample does not go so far.
    bool has_returned = options_.points != 0;
    for (int64_t after = Draw(stride); after < places || !has_returned; after += stride) {
      const int64_t instructions = after < places ? survey[static_cast<size_t>(after)] : 0;
      has_returned = kill_at({.changes = after}).changes.has_value() || options_.points != 0;
      if (options_.all) {
        for (int64_t i = 1; i <= instructions; ++i) kill_at({.changes = after, .instructions = i});
      } else if (instructions > 0) {
        kill_at({.changes = after, .instructions = 1 + Draw(instructions)});
      }
    }
  }

  // From 0 to below `end`.
  int64_t Draw(int64_t end) { return std::uniform_int_distribution<int64_t>(0, end - 1)(random_); }

  Verdict Try(const Scenario& scenario, const Death& death, absl::Duration limit, Tally& tally) {
    const std::string again =
        absl::StrCat(options_.program, options_.nobody_looks ? " --nobody-looks" : "",
                     " --scenario=", scenario.name, " --at=", NameOfPlace(death),
                     " --noticed=", death.noticed ? 1 : 0);
    watchdog_.Begin(again);
    Verdict verdict = Play(scenario, program_.start, death, limit);
    ++tally.tried;
    tally.worst = std::max(tally.worst, verdict.recovery);
    if (!verdict.problems.empty()) {
      ++tally.failed;
      std::printf("FAILED, again with: %s\n", again.c_str());
      for (const std::string& problem : verdict.problems) std::printf("  %s\n", problem.c_str());
    }
    return verdict;
  }

  const Options options_;
  const Program& program_;
  std::mt19937_64 random_;
  Watchdog& watchdog_ = *new Watchdog;
};

bool AllAreIn(const std::set<std::string>& groups) {
  bool all = true;
  for (const Scenario& scenario : AllScenarios()) {
    if (groups.count(scenario.name.substr(0, scenario.name.find('.'))) > 0) continue;
    std::printf("FAILED: no test plays %s; see tests/kill/CMakeLists.txt\n", scenario.name.c_str());
    all = false;
  }
  return all;
}

}  // namespace

int RunKillTests(int argc, char** argv, const Program& program) {
  const Options options = Parse(argc, argv);
  if (!options.groups.empty()) return AllAreIn(options.groups) ? 0 : 1;
  if (options.nobody_looks) {
    if (program.look_away == nullptr) RefuseArgument("--nobody-looks");
    program.look_away();
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  Tests tests(options, program);
  if (options.nobody_looks && !options.at.has_value()) {
    bool all_as_expected = true;
    for (const Control& control : program.controls) {
      all_as_expected = tests.RunControl(control) && all_as_expected;
    }
    return all_as_expected ? 0 : 1;
  }
  Tally all;
  for (const Scenario& scenario : AllScenarios()) {
    if (scenario.name.rfind(options.scenario, 0) != 0) continue;
    all.Add(tests.Run(scenario));
  }
  all.Print("all");
  return all.tried > 0 && all.failed == 0 ? 0 : 1;
}

}  // namespace isoproc::kill
