#include "bench/probe.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace isoproc::bench {
namespace {

using Clock = std::chrono::steady_clock;

double NanosecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

// The median of repeated measurements is not moved by one in which a processor was taken away.
template <class Measure>
double Median(Measure measure) {
  std::array<double, 15> values;
  for (double& value : values) value = measure();
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// Where there are more runners than processors the two may hardly ever run at once: then it is this
// that the figure says, and not for long.
double CacheLineRoundTripNs() {
  constexpr int kRoundTrips = 300;
  constexpr double kLongestNs = 2e6;
  alignas(64) std::atomic<bool> ball = false;
  std::atomic<bool> over = false;
  std::thread partner([&] {
    while (!over.load(std::memory_order_relaxed)) {
      if (ball.load(std::memory_order_acquire)) ball.store(false, std::memory_order_release);
    }
  });
  const double median = Median([&] {
    const Clock::time_point begin = Clock::now();
    double elapsed = 0;
    int round_trips = 0;
    while (round_trips < kRoundTrips && elapsed < kLongestNs) {
      ball.store(true, std::memory_order_release);
      while (ball.load(std::memory_order_acquire) && elapsed < kLongestNs) {
        elapsed = NanosecondsSince(begin);
      }
      ++round_trips;
    }
    return NanosecondsSince(begin) / round_trips;
  });
  over = true;
  partner.join();
  return median;
}

double WorkUs() {
  return Median([] {
    const Clock::time_point begin = Clock::now();
    volatile uint64_t sum = 1;
    for (int i = 0; i < 200'000; ++i) sum = sum * 6364136223846793005u + 1;
    return NanosecondsSince(begin) / 1000;
  });
}

}  // namespace

Probe ProbeMachine() {
  Probe probe;
  probe.cache_line_ns = CacheLineRoundTripNs();
  probe.work_us = WorkUs();
  // A joined thread is still counted for a moment, and kFork refuses a process with two.
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return probe;
}

}  // namespace isoproc::bench
