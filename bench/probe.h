// How fast the machine is at this moment: other guests of the same host, and where the host puts
// our processors, change it every few seconds.
#ifndef ISOPROC_BENCH_PROBE_H_
#define ISOPROC_BENCH_PROBE_H_

namespace isoproc::bench {

struct Probe {
  double cache_line_ns = 0;  // a round trip of a cache line between two threads
  double work_us = 0;        // a fixed piece of work on one processor
};

// Takes some milliseconds. The threads that it starts are gone afterwards.
Probe ProbeMachine();

}  // namespace isoproc::bench

#endif  // ISOPROC_BENCH_PROBE_H_
