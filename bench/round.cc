#include "bench/round.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/probe.h"

namespace isoproc::bench {
namespace {

using Clock = std::chrono::steady_clock;

// A way that is slow is not run options.iterations times, but until this is over.
constexpr std::chrono::milliseconds kLongestBlock{1500};
constexpr int kFewestIterations = 3;

// Microseconds, one entry an iteration; empty if one failed.
std::vector<double> Measure(const Way& way, int iterations) {
  std::vector<double> times;
  // The first one pays for what is made once, such as a fork server.
  if (!way.run()) return {};
  const Clock::time_point end = Clock::now() + kLongestBlock;
  for (int i = 0; i < iterations && (i < kFewestIterations || Clock::now() < end); ++i) {
    const Clock::time_point begin = Clock::now();
    if (!way.run()) return {};
    const double elapsed = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    times.push_back(elapsed / way.times);
  }
  return times;
}

std::unique_ptr<char[]> TouchedMemory(size_t mib) {
  constexpr size_t kPage = 4096;
  const size_t size = mib << 20;
  auto memory = std::make_unique_for_overwrite<char[]>(size);
  for (size_t i = 0; i < size; i += kPage) memory[i] = 1;
  return memory;
}

void Print(const char* name, const Probe& probe) {
  std::printf("\"%s\": {\"cache_line_ns\": %.1f, \"work_us\": %.1f},\n", name, probe.cache_line_ns,
              probe.work_us);
}

void Print(const std::map<std::string, std::vector<double>>& microseconds) {
  std::printf("\"microseconds\": {");
  const char* separator = "\n";
  for (const auto& [name, times] : microseconds) {
    std::printf("%s\"%s\": [", separator, name.c_str());
    for (size_t i = 0; i < times.size(); ++i) std::printf("%s%.4f", i == 0 ? "" : ", ", times[i]);
    std::printf("]");
    separator = ",\n";
  }
  std::printf("}\n");
}

// `only` is a name, or the first part of one with its slash.
bool Wanted(std::string_view only, std::string_view name) {
  return only.empty() || name == only || (only.ends_with('/') && name.starts_with(only));
}

bool Parse(std::string_view argument, RoundOptions* options) {
  const size_t equals = argument.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = argument.substr(0, equals);
  const std::string value(argument.substr(equals + 1));
  if (name == "--only") {
    options->only = value;
  } else if (name == "--program") {
    options->program = value;
  } else if (name == "--iterations") {
    options->iterations = std::max(std::atoi(value.c_str()), 1);
  } else if (name == "--ballast_mib") {
    options->ballast_mib = static_cast<size_t>(std::max(std::atoi(value.c_str()), 0));
  } else {
    return false;
  }
  return true;
}

}  // namespace

RoundOptions ParseRoundOptions(int argc, char** argv) {
  RoundOptions options;
  options.program = argv[0];
  for (int i = 1; i < argc; ++i) {
    if (Parse(argv[i], &options)) continue;
    std::fprintf(stderr, "%s: unknown argument %s\n", argv[0], argv[i]);
    std::exit(2);  // NOLINT(concurrency-mt-unsafe): there is one thread
  }
  return options;
}

int RunRound(const RoundOptions& options, std::vector<Way> ways) {
  const std::unique_ptr<char[]> ballast = TouchedMemory(options.ballast_mib);
  std::erase_if(ways, [&](const Way& way) { return !Wanted(options.only, way.name); });
  std::shuffle(ways.begin(), ways.end(), std::minstd_rand(std::random_device()()));
  std::map<std::string, std::vector<double>> microseconds;
  const Probe before = ProbeMachine();
  for (const Way& way : ways) {
    std::vector<double> times = Measure(way, options.iterations);
    if (times.empty()) {
      std::fprintf(stderr, "%s failed\n", way.name.c_str());
      return 1;
    }
    microseconds[way.name] = std::move(times);
  }
  const Probe after = ProbeMachine();
  std::printf("{\"ballast_mib\": %zu,\n", options.ballast_mib);
  Print("before", before);
  Print("after", after);
  Print(microseconds);
  std::printf("}\n");
  return 0;
}

}  // namespace isoproc::bench
