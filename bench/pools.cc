// Pools of two workers, beside threads of this process and beside this thread alone. One round:
//
//   pools [--iterations=20] [--only=map/]
//
//   begin/X    a pool is made, does a first map, and ends; or two processes are started and joined
//   apply/X    one task there and back
//   map1/X     one task of a map in chunks of 1
//   map/X      one task of a map in chunks of the size that a pool chooses
//   large/X    one task with an argument of 1 MiB
//   compute/X  a map of tasks that only compute: by a pool, and alone
#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/round.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {
namespace {

constexpr int kWorkers = 2;
constexpr int kApplies = 200;
constexpr int kSmallMap = 2'000;
constexpr int kLargeMap = 100'000;
constexpr int kLargeTimes = 50;
constexpr size_t kLargeBytes = size_t{1} << 20;

int64_t Double(int64_t x) { return 2 * x; }
// Called as workers call it, and not compiled into the loop.
int64_t (*volatile const double_there)(int64_t x) = &Double;
int64_t Measure(const std::string& bytes) { return static_cast<int64_t>(bytes.size()); }
// Some ten milliseconds.
uint64_t Compute(uint64_t seed) {
  for (int i = 0; i < 10'000'000; ++i) seed = seed * 6364136223846793005U + 1442695040888963407U;
  return seed;
}
void Nothing() {}

std::vector<int64_t> Numbers(int count) {
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), int64_t{0});
  return numbers;
}
const std::string& LargeArgument() {
  static const std::string* const large = new std::string(kLargeBytes, 'x');
  return *large;
}

// The floor: threads, a deque, a mutex.
class ThreadPool {
 public:
  ThreadPool() {
    for (int i = 0; i < kWorkers; ++i) threads_.emplace_back([this] { Work(); });
  }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  int64_t Apply(const std::function<int64_t()>& task) {
    std::packaged_task<int64_t()> packaged(task);
    std::future<int64_t> result = packaged.get_future();
    Put([&packaged] { packaged(); });
    return result.get();
  }
  std::vector<int64_t> Map(const std::vector<int64_t>& numbers, size_t chunk_size) {
    std::vector<int64_t> results(numbers.size());
    std::mutex mutex;
    std::condition_variable changed;
    size_t left = (numbers.size() + chunk_size - 1) / chunk_size;
    for (size_t begin = 0; begin < numbers.size(); begin += chunk_size) {
      Put([&, begin] {
        const size_t end = (std::min)(begin + chunk_size, numbers.size());
        for (size_t i = begin; i < end; ++i) results[i] = double_there(numbers[i]);
        const std::lock_guard lock(mutex);
        if (--left == 0) changed.notify_one();
      });
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&left] { return left == 0; });
    return results;
  }

 private:
  void Put(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  void Work() {
    while (true) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return over_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

bool AreDoubles(const std::vector<int64_t>& results, const std::vector<int64_t>& numbers) {
  return results.size() == numbers.size() && results.back() == Double(numbers.back());
}

void AddBeginnings(std::vector<Way>& ways) {
  ways.push_back({"begin/isoproc", [] {
                    absl::StatusOr<Pool> pool = Pool::Create({.processes = kWorkers});
                    if (!pool.ok() || !pool->Map<Double>(Numbers(kWorkers)).ok()) return false;
                    pool->Close();
                    return pool->Join().ok();
                  }});
  ways.push_back({"begin/two processes", [] {
                    absl::StatusOr<Process> one = Process::Start<Nothing>();
                    absl::StatusOr<Process> two = Process::Start<Nothing>();
                    return one.ok() && two.ok() && one->Join().ok() && two->Join().ok();
                  }});
}

void AddPool(const std::shared_ptr<Pool>& pool, std::vector<Way>& ways) {
  ways.push_back({"apply/isoproc",
                  [pool] {
                    for (int i = 0; i < kApplies; ++i) {
                      if (pool->Apply<Double>(i).value_or(-1) != 2 * i) return false;
                    }
                    return true;
                  },
                  kApplies});
  ways.push_back({"map1/isoproc",
                  [pool, numbers = Numbers(kSmallMap)] {
                    const auto results = pool->Map<Double>(numbers, {.chunk_size = 1});
                    return results.ok() && AreDoubles(*results, numbers);
                  },
                  kSmallMap});
  ways.push_back({"map/isoproc",
                  [pool, numbers = Numbers(kLargeMap)] {
                    const auto results = pool->Map<Double>(numbers);
                    return results.ok() && AreDoubles(*results, numbers);
                  },
                  kLargeMap});
  ways.push_back({"large/isoproc",
                  [pool] {
                    for (int i = 0; i < kLargeTimes; ++i) {
                      if (!pool->Apply<Measure>(LargeArgument()).ok()) return false;
                    }
                    return true;
                  },
                  kLargeTimes});
  ways.push_back(
      {"compute/isoproc", [pool] {
         return pool->Map<Compute>(std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8}, {.chunk_size = 1})
             .ok();
       }});
}

void AddThreads(std::vector<Way>& ways) {
  const auto pool = std::make_shared<ThreadPool>();
  ways.push_back({"apply/threads",
                  [pool] {
                    for (int i = 0; i < kApplies; ++i) {
                      if (pool->Apply([i] { return double_there(i); }) != 2 * i) return false;
                    }
                    return true;
                  },
                  kApplies});
  ways.push_back(
      {"map1/threads",
       [pool, numbers = Numbers(kSmallMap)] { return AreDoubles(pool->Map(numbers, 1), numbers); },
       kSmallMap});
  ways.push_back({"map/threads",
                  [pool, numbers = Numbers(kLargeMap)] {
                    return AreDoubles(pool->Map(numbers, kLargeMap / (4 * kWorkers)), numbers);
                  },
                  kLargeMap});
  ways.push_back({"large/threads",
                  [pool] {
                    for (int i = 0; i < kLargeTimes; ++i) {
                      const std::string copy = LargeArgument();
                      if (pool->Apply([&copy] { return Measure(copy); }) == 0) return false;
                    }
                    return true;
                  },
                  kLargeTimes});
  ways.push_back({"compute/alone", [] {
                    uint64_t all = 0;
                    for (uint64_t seed = 1; seed <= 8; ++seed) all |= Compute(seed);
                    return all != 0;
                  }});
}

int Run(int argc, char** argv) {
  const RoundOptions options = ParseRoundOptions(argc, argv);
  absl::StatusOr<Pool> pool = Pool::Create({.processes = kWorkers});
  if (!pool.ok()) return 1;
  std::vector<Way> ways;
  AddBeginnings(ways);
  AddPool(std::make_shared<Pool>(*std::move(pool)), ways);
  AddThreads(ways);
  return RunRound(options, std::move(ways));
}

}  // namespace
}  // namespace isoproc::bench

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::bench::Run(argc, argv);
}
