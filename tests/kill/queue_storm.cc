// A storm: producers and consumers of a queue are killed at random moments, and others are started
// in their place. Everybody writes down what he does where it outlives him, and a checker compares:
// nothing may be lost, doubled, out of order, invented or torn, and nobody may hang.
//
//   kill_queue_storm [--kills=10000] [--seed=<number>]
//
// In every second round consumers take items by leases, so that not even those that the dead had
// are lost. A failure prints the seed, which chooses who is killed and when, as far as that goes.
//
// A kill comes while all run at full speed. Each then does some more, what the dead one has left
// included, and pauses until the next one is there, which would else wait for a processor longer
// than for anything else.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "isoproc/isoproc.h"

namespace isoproc::kill {
namespace {

constexpr int kProducers = 3;
constexpr int kConsumers = 3;
constexpr int kKillsOfARound = 50;
constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr uint64_t kBytes = 32 << 10;

using Items = Queue<std::vector<uint32_t>>;

// An item of a life: its number, and as many words as follow from both, up to 6 KiB.
std::vector<uint32_t> ItemOf(uint32_t life, uint32_t number) {
  const uint32_t hash = (life * 2654435761U) ^ (number * 40503U);
  const uint32_t words = hash % 8 == 0 ? hash / 8 % 1500 : hash / 8 % 20;
  std::vector<uint32_t> item = {life, number};
  for (uint32_t i = 0; i < words; ++i) item.push_back(hash + i);
  return item;
}

// What one worker has done, in memory that outlives it.
struct Log {
  static constexpr uint32_t kEntries = 1 << 16;
  struct Entry {
    uint32_t life;
    uint32_t number;
    bool redelivered;
    bool intact;
  };
  // Of a producer: items that it has begun to put, and has put.
  std::atomic<uint32_t> begun;
  std::atomic<uint32_t> put;
  // Of a consumer: whether it may have an item that is not in its log; and the log.
  std::atomic<bool> may_have_one;
  std::atomic<uint32_t> count;
  Entry entries[kEntries];
};
using Logs = RawArray<std::byte>;

// What a worker goes through before each item: open, or left behind for so many items at most.
class Gate {
 public:
  explicit Gate(const Event& open) : open_(open) {}
  void Pass() {
    constexpr int kMost = 200;
    if (open_.IsSet()) {
      passed_closed_ = 0;
    } else if (++passed_closed_ > kMost) {
      open_.Wait().IgnoreError();
    }
  }

 private:
  const Event& open_;
  int passed_closed_ = 0;
};
Log& LogOf(const Logs& logs, int worker) {
  return reinterpret_cast<Log*>(logs.span().data())[worker];
}

void Produce(const Items& items, const Logs& logs, const Event& open, int worker, uint32_t life) {
  Log& log = LogOf(logs, worker);
  Gate gate(open);
  for (uint32_t number = 0;; ++number) {
    gate.Pass();
    log.begun = number + 1;
    if (!items.Put(ItemOf(life, number)).ok()) {
      log.begun = number;
      return;
    }
    log.put = number + 1;
  }
}

void Write(Log& log, const std::vector<uint32_t>& item, bool redelivered) {
  const bool has_name = item.size() >= 2;
  const uint32_t life = has_name ? item[0] : 0;
  const uint32_t number = has_name ? item[1] : 0;
  log.entries[log.count] = {life, number, redelivered, item == ItemOf(life, number)};
  ++log.count;
}

void Consume(const Items& items, const Logs& logs, const Event& open, int worker, bool by_lease) {
  Log& log = LogOf(logs, worker);
  Gate gate(open);
  while (log.count < Log::kEntries) {
    gate.Pass();
    if (by_lease) {
      absl::StatusOr<Lease<std::vector<uint32_t>>> lease = items.GetLease();
      if (!lease.ok()) return;
      Write(log, **lease, lease->redelivered());
      lease->Done().IgnoreError();
    } else {
      log.may_have_one = true;
      const absl::StatusOr<std::vector<uint32_t>> item = items.Get();
      if (item.ok()) Write(log, *item, false);
      log.may_have_one = false;
      if (!item.ok()) return;
    }
  }
}

// Compares what was put with what was got.
class History {
 public:
  explicit History(bool by_lease) : by_lease_(by_lease) {}

  void AddProducer(uint32_t life, const Log& log) {
    lives_[life].begun = log.begun;
    lives_[life].put = log.put;
  }
  void AddConsumer(const Log& log, bool was_killed) {
    std::map<uint32_t, uint32_t> next;
    for (uint32_t i = 0; i < log.count; ++i) {
      const Log::Entry& entry = log.entries[i];
      torn += entry.intact ? 0 : 1;
      // Who comes back, comes late.
      if (!entry.redelivered) {
        uint32_t& at_least = next[entry.life];
        reordered += entry.number < at_least ? 1 : 0;
        at_least = entry.number + 1;
      }
      ++received;
      // More than anybody puts.
      if (entry.number >= Life::kMost) {
        ++invented;
        continue;
      }
      std::vector<Times>& got = lives_[entry.life].got;
      if (got.size() <= entry.number) got.resize(entry.number + 1);
      Times& times = got[entry.number];
      ++times.all;
      times.as_new += entry.redelivered ? 0 : 1;
    }
    killed_ += was_killed ? 1 : 0;
    vanished_ += !by_lease_ && was_killed && log.may_have_one ? 1 : 0;
  }
  void Judge() {
    int64_t missing = 0;
    int64_t again = 0;
    for (const auto& [life, what] : lives_) {
      for (uint32_t number = 0; number < what.got.size(); ++number) {
        const Times& times = what.got[number];
        if (times.all == 0) {
          missing += number < what.put ? 1 : 0;
          continue;
        }
        invented += number >= what.begun ? 1 : 0;
        doubled += times.as_new > 1 ? 1 : 0;
        again += times.all - 1;
      }
      if (what.put > what.got.size()) missing += what.put - static_cast<int64_t>(what.got.size());
    }
    // With each dead consumer at most one item is gone, or has come twice.
    lost += missing > vanished_ ? missing - vanished_ : 0;
    doubled += again > killed_ ? again - killed_ : 0;
  }
  bool good() const { return lost + doubled + reordered + invented + torn == 0; }

  int64_t received = 0;
  int64_t lost = 0;
  int64_t doubled = 0;
  int64_t reordered = 0;
  int64_t invented = 0;
  int64_t torn = 0;

 private:
  struct Times {
    int all = 0;
    int as_new = 0;  // not flagged as redelivered
  };
  struct Life {
    static constexpr uint32_t kMost = 1 << 24;
    uint32_t begun = 0;
    uint32_t put = 0;
    std::vector<Times> got;  // by number
  };
  const bool by_lease_;
  std::map<uint32_t, Life> lives_;
  int64_t vanished_ = 0;
  int64_t killed_ = 0;
};

class Storm {
 public:
  explicit Storm(uint32_t seed) : random_(seed) {}

  // Gives whether all was well.
  bool Round(bool by_lease, int kills) {
    items_ = Items::Create({.capacity = 16, .bytes = kBytes}).value();
    open_ = Event::Create().value();
    logs_ = Logs::Create(sizeof(Log) * (kProducers + kConsumers)).value();
    by_lease_ = by_lease;
    History history(by_lease);
    history_ = &history;
    workers_.clear();
    workers_.resize(kProducers + kConsumers);
    for (int worker = 0; worker < kProducers + kConsumers; ++worker) Begin(worker);
    bool goes_on = true;
    for (int i = 0; goes_on && i < kills; ++i) {
      open_.Set().IgnoreError();
      goes_on = AwaitProgress();
      const int worker = Choose(kProducers + kConsumers);
      workers_[worker].process.Kill().IgnoreError();
      open_.Clear().IgnoreError();
      End(worker);
      Begin(worker);
    }
    open_.Set().IgnoreError();
    goes_on = goes_on && AwaitProgress();
    items_.Close();
    for (int worker = 0; goes_on && worker < kProducers + kConsumers; ++worker) {
      goes_on = Finish(worker);
    }
    if (!goes_on) {
      std::printf("somebody hangs\n");
      return false;
    }
    // What was there when the last consumer was gone.
    Log& own = LogOf(logs_, kProducers);
    own.count = 0;
    own.may_have_one = false;
    Consume(items_, logs_, open_, kProducers, by_lease);
    history.AddConsumer(own, /*was_killed=*/false);
    history.Judge();
    received_ += history.received;
    if (!history.good()) {
      std::printf("lost %lld, doubled %lld, out of order %lld, invented %lld, torn %lld\n",
                  static_cast<long long>(history.lost), static_cast<long long>(history.doubled),
                  static_cast<long long>(history.reordered),
                  static_cast<long long>(history.invented), static_cast<long long>(history.torn));
    }
    return history.good() && LeavesNothing();
  }
  int64_t received() const { return received_; }

 private:
  struct Worker {
    Process process;
    uint32_t life = 0;
  };

  int Choose(int count) { return static_cast<int>(random_() % static_cast<uint32_t>(count)); }
  static bool IsProducer(int worker) { return worker < kProducers; }

  void Begin(int worker) {
    ProcessOptions options;
    options.at_exit = AtExit::kKill;
    for (const StartMethod method : StartMethods()) {
      if (method == StartMethod::kForkServer) options.start_method = method;
    }
    Log& log = LogOf(logs_, worker);
    log.begun = log.put = log.count = 0;
    log.may_have_one = false;
    workers_[worker].life = ++last_life_;
    workers_[worker].process =
        IsProducer(worker)
            ? Process::Start<Produce>(options, items_, logs_, open_, worker, last_life_).value()
            : Process::Start<Consume>(options, items_, logs_, open_, worker, by_lease_).value();
  }
  // After it has died.
  void End(int worker) {
    const ExitStatus status = workers_[worker].process.Join().value();
    const Log& log = LogOf(logs_, worker);
    if (IsProducer(worker)) {
      history_->AddProducer(workers_[worker].life, log);
    } else {
      history_->AddConsumer(log, !status.ok());
    }
  }
  // After the queue was closed, all end by themselves.
  bool Finish(int worker) {
    if (!workers_[worker].process.Join(kPatience).ok()) return false;
    End(worker);
    return true;
  }

  uint64_t Progress() const {
    uint64_t progress = 0;
    for (int worker = 0; worker < kProducers + kConsumers; ++worker) {
      progress += LogOf(logs_, worker).put + LogOf(logs_, worker).count;
    }
    return progress;
  }
  // Returns when so much has happened as chance will have it. False: nothing does.
  bool AwaitProgress() {
    const uint64_t goal = Progress() + static_cast<uint64_t>(Choose(100));
    const absl::Time end = absl::Now() + kPatience;
    while (Progress() < goal) {
      if (absl::Now() > end) return false;
      for (int worker = kProducers; worker < kProducers + kConsumers; ++worker) {
        // Its log was full.
        if (workers_[worker].process.IsAlive()) continue;
        End(worker);
        Begin(worker);
        return true;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
    return true;
  }

  // All memory is there for somebody else.
  bool LeavesNothing() {
    const absl::StatusOr<size_t> size = items_.Size();
    if (size.ok() && *size == 0) return true;
    std::printf("something is left in the queue\n");
    return false;
  }

  std::minstd_rand random_;
  Items items_;
  Event open_;
  Logs logs_;
  std::vector<Worker> workers_;
  bool by_lease_ = false;
  History* history_ = nullptr;
  uint32_t last_life_ = 0;
  int64_t received_ = 0;
};

int Run(int argc, char** argv) {
  int64_t kills = 10'000;
  uint32_t seed = std::random_device()();
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--kills=")) {
      kills = std::atoll(argument.c_str() + 8);
    } else if (argument.starts_with("--seed=")) {
      seed = static_cast<uint32_t>(std::atoll(argument.c_str() + 7));
    } else {
      std::fprintf(stderr, "unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  Storm storm(seed);
  bool by_lease = false;
  for (int64_t done = 0; done < kills; done += kKillsOfARound) {
    if (!storm.Round(by_lease, kKillsOfARound)) {
      std::printf("FAILED after %lld kills, --seed=%u, %s\n", static_cast<long long>(done), seed,
                  by_lease ? "leases" : "no leases");
      return 1;
    }
    by_lease = !by_lease;
    if ((done + kKillsOfARound) % 10'000 == 0) {
      std::printf("after %lld kills all is well\n", static_cast<long long>(done + kKillsOfARound));
      std::fflush(stdout);
    }
  }
  std::printf("%lld kills, %lld items got: none lost, doubled, out of order, invented or torn\n",
              static_cast<long long>(kills), static_cast<long long>(storm.received()));
  return 0;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::kill::Run(argc, argv);
}
