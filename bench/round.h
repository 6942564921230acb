// One round of measurements: every way of doing the same thing, in random order, between two probes
// of the machine. bench/run runs several rounds and compares them.
#ifndef ISOPROC_BENCH_ROUND_H_
#define ISOPROC_BENCH_ROUND_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace isoproc::bench {

struct Way {
  std::string name;           // "spawn/isoproc": what is done, and by whom
  std::function<bool()> run;  // does it; false: it failed
  // How often `run` does it: what takes nanoseconds is measured many times at once.
  int times = 1;
};

// Of the command line; see start_processes.cc.
struct RoundOptions {
  int iterations = 20;
  size_t ballast_mib = 0;
  std::string only;
  std::string program;
};

// Writes what is wrong to the standard error, and ends the process.
RoundOptions ParseRoundOptions(int argc, char** argv);

// Measures the ways that options.only names, and prints how long each took once, as JSON. Gives the
// exit code of main.
int RunRound(const RoundOptions& options, std::vector<Way> ways);

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_ROUND_H_
