// A storm: producers and consumers of a queue are killed at random moments, several at once, and
// others are started in their place. Everybody writes down what he does where it outlives him, and
// a checker compares: nothing may be lost, doubled, out of order, invented or torn, nobody may hang
// or be told what is not so, and in the end all memory and all leases are free.
//
//   kill_queue_storm [--kills=10000] [--seed=<number>]
//
// In every second round consumers take items by leases, so that not even those that the dead had
// are lost. A failure prints the seed, which chooses who is killed and when, as far as that goes.
//
// The kills of one moment come while the victims run at full speed. Each of the others then does
// some more, what the dead have left included, and pauses until the next moment, as those who are
// started and those who die would else wait for a processor longer than for anything else.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "isoproc/isoproc.h"

namespace isoproc::kill {
namespace {

constexpr int kWorkers = 6;
constexpr int kMostAtOnce = 4;
constexpr int kKillsOfARound = 250;
constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr uint64_t kCapacity = 16;
constexpr uint64_t kBytes = 32 << 10;

using Item = std::vector<uint32_t>;
using Items = Queue<Item>;

// An item of a life: its number, and as many words as follow from both, up to 6 KiB.
Item ItemOf(uint32_t life, uint32_t number) {
  const uint32_t hash = (life * 2654435761U) ^ (number * 40503U);
  const uint32_t words = hash % 8 == 0 ? hash / 8 % 1500 : hash / 8 % 20;
  Item item = {life, number};
  for (uint32_t i = 0; i < words; ++i) item.push_back(hash + i);
  return item;
}

// What one worker has done, in memory that outlives it.
struct Log {
  static constexpr uint32_t kEntries = 1 << 15;
  struct Entry {
    uint32_t life;
    uint32_t number;
    // The moments in which it was asked for, and had.
    uint32_t asked;
    uint32_t had;
    bool redelivered;
    bool intact;
  };
  // Of a producer: items that it has begun to put, and has put.
  std::atomic<uint32_t> begun;
  std::atomic<uint32_t> put;
  // Of a consumer: the place in the log of the item that it takes, and 1, from before it asks until
  // it has it for good, else 0; the moment in which it asked; and the log. So from the words of a
  // dead one follows whether it had an item, and whether that is the last one of the log.
  std::atomic<uint32_t> taking;
  std::atomic<uint32_t> asked;
  std::atomic<uint32_t> count;
  // It stands before the gate: to kill it there would try nothing.
  std::atomic<bool> pauses;
  Entry entries[kEntries];
};

struct Board {
  // Goes up when all may go on, and when those that were killed then are dead.
  std::atomic<uint32_t> moment;
  Log logs[kWorkers];
};
using Boards = RawArray<std::byte>;
Board& On(const Boards& boards) { return *reinterpret_cast<Board*>(boards.span().data()); }

// What a worker goes through before each item: at one moment it lets it do so many, then it waits.
class Gate {
 public:
  Gate(const Board& board, Log& log, const Event& opens)
      : board_(board), log_(log), opens_(opens) {}
  void Pass() {
    constexpr int kMost = 100;
    const uint32_t moment = board_.moment.load(std::memory_order_relaxed);
    if (moment != moment_) {
      moment_ = moment;
      passed_ = 0;
    } else if (++passed_ > kMost) {
      log_.pauses = true;
      // For the next time, if it has opened just now.
      opens_.Wait().IgnoreError();
      log_.pauses = false;
    }
  }

 private:
  const Board& board_;
  Log& log_;
  const Event& opens_;
  uint32_t moment_ = 0;
  int passed_ = 0;
};

// How a worker ends that is not killed.
enum End { kQueueIsClosed = 0, kLogIsFull = 1, kWrongAnswer = 2 };

int Produce(const Items& items, const Boards& boards, const Event& opens, int worker,
            uint32_t life) {
  Log& log = On(boards).logs[worker];
  Gate gate(On(boards), log, opens);
  for (uint32_t number = 0;; ++number) {
    gate.Pass();
    log.begun = number + 1;
    const absl::Status put = items.Put(ItemOf(life, number));
    if (!put.ok()) {
      log.begun = number;
      return absl::IsUnavailable(put) ? kQueueIsClosed : kWrongAnswer;
    }
    log.put = number + 1;
  }
}

class Consumer {
 public:
  Consumer(const Items& items, Board& board, int worker)
      : items_(items), board_(board), log_(board.logs[worker]) {}

  bool is_full() const { return log_.count == Log::kEntries; }

  // Takes one item, and writes it down.
  absl::Status Take(bool by_lease, absl::Duration timeout) {
    log_.asked = board_.moment.load();
    log_.taking = log_.count + 1;
    const absl::Status taken = by_lease ? TakeByLease(timeout) : TakeAtOnce(timeout);
    log_.taking = 0;
    return taken;
  }

 private:
  absl::Status TakeAtOnce(absl::Duration timeout) {
    const absl::StatusOr<Item> item = items_.Get(timeout);
    if (item.ok()) Write(*item, /*redelivered=*/false);
    return item.status();
  }
  absl::Status TakeByLease(absl::Duration timeout) {
    absl::StatusOr<Lease<Item>> lease = items_.GetLease(timeout);
    if (!lease.ok()) return lease.status();
    Write(**lease, lease->redelivered());
    return lease->Done();
  }
  void Write(const Item& item, bool redelivered) {
    const bool has_name = item.size() >= 2;
    const uint32_t life = has_name ? item[0] : 0;
    const uint32_t number = has_name ? item[1] : 0;
    log_.entries[log_.count] = {
        life, number, log_.asked, board_.moment.load(), redelivered, item == ItemOf(life, number)};
    ++log_.count;
  }

  const Items& items_;
  Board& board_;
  Log& log_;
};

// One that `waits` sleeps without taking anything, and then asks for what is there: so what it
// may have when it is killed asleep is known to be nothing. The others sleep inside of Get.
int Consume(const Items& items, const Boards& boards, const Event& opens, int worker, bool by_lease,
            bool waits) {
  Consumer consumer(items, On(boards), worker);
  Gate gate(On(boards), On(boards).logs[worker], opens);
  const Waitable item = items.AsWaitable().value();
  while (!consumer.is_full()) {
    gate.Pass();
    const absl::Status taken =
        consumer.Take(by_lease, waits ? absl::ZeroDuration() : absl::InfiniteDuration());
    if (absl::IsOutOfRange(taken)) return kQueueIsClosed;
    if (waits && absl::IsDeadlineExceeded(taken)) {
      Wait({&item, 1}).IgnoreError();
    } else if (!taken.ok()) {
      return kWrongAnswer;
    }
  }
  return kLogIsFull;
}

// Compares what was put with what was got. What a dead consumer may be forgiven is the one item
// that it may have taken, and that only if nothing else says what became of it:
//   without leases, one that nobody has got, if it can have been taken between the moments in which
//   the dead one asked and died; the items before and after it, of the same producer, say when. Who
//   was not inside of Get when he died had nothing that is not in his log.
//   with leases, none is missing. An item is got again only after one who had it on a lease when he
//   died: by his log, or inside of GetLease.
class History {
 public:
  explicit History(bool by_lease) : by_lease_(by_lease) {}

  void AddProducer(uint32_t life, const Log& log) {
    lives_[life].begun = log.begun;
    lives_[life].put = log.put;
  }
  // `moment`: in which it died or ended.
  void AddConsumer(const Log& log, bool was_killed, uint32_t moment) {
    std::map<uint32_t, uint32_t> next;
    const uint32_t taking = was_killed ? log.taking.load() : 0;
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
      got[entry.number].Add(entry, by_lease_ && i + 1 == taking);
    }
    if (taking > log.count) takers_.push_back({log.asked, moment});
  }
  void Judge() {
    for (auto& [life, what] : lives_) {
      if (what.got.size() < what.put) what.got.resize(what.put);
      // When the one before was taken, at the earliest.
      uint32_t earliest = 0;
      for (uint32_t number = 0; number < what.got.size(); ++number) {
        const Times& times = what.got[number];
        if (times.all == 0) {
          if (number < what.put) AddMissing({earliest, LatestAfter(what, number)});
          continue;
        }
        invented += number >= what.begun ? 1 : 0;
        // Done with twice, or given to two as if nobody had had it.
        doubled += times.done > 1 || times.as_new > 1 ? 1 : 0;
        // Somebody had it before, and did not come to say so.
        if (times.as_new == 0) unexplained_.push_back({0, times.latest});
        if (!by_lease_) earliest = times.earliest;
      }
    }
    const int64_t left = unexplained_.empty() ? 0 : CountUnexplained();
    (by_lease_ ? doubled : lost) += left;
  }
  bool good() const { return lost + doubled + reordered + invented + torn == 0; }

  int64_t received = 0;
  int64_t lost = 0;
  int64_t doubled = 0;
  int64_t reordered = 0;
  int64_t invented = 0;
  int64_t torn = 0;
  // Items that died with who had taken them.
  int64_t died = 0;

 private:
  // From a moment to another one, both included.
  struct Time {
    uint32_t begin;
    uint32_t end;
  };
  struct Times {
    int all = 0;
    int as_new = 0;  // not flagged as redelivered
    int done = 0;    // by who has gone on after it
    // Of the first one: when it was taken.
    uint32_t earliest = 0;
    uint32_t latest = (std::numeric_limits<uint32_t>::max)();

    void Add(const Log::Entry& entry, bool on_lease) {
      ++all;
      as_new += entry.redelivered ? 0 : 1;
      done += on_lease ? 0 : 1;
      if (entry.had < latest) {
        earliest = entry.asked;
        latest = entry.had;
      }
    }
  };
  struct Life {
    static constexpr uint32_t kMost = 1 << 24;
    uint32_t begun = 0;
    uint32_t put = 0;
    std::vector<Times> got;  // by number
  };

  static uint32_t LatestAfter(const Life& life, uint32_t number) {
    while (++number < life.got.size()) {
      if (life.got[number].all != 0) return life.got[number].latest;
    }
    return (std::numeric_limits<uint32_t>::max)();
  }
  void AddMissing(const Time& time) {
    if (by_lease_) {
      ++lost;
    } else {
      unexplained_.push_back(time);
    }
  }
  // Each by one of those who died while they took something, and each of these for one.
  int64_t CountUnexplained() {
    std::vector<int> of_taker(takers_.size(), -1);
    int64_t left = 0;
    for (int i = 0; i < static_cast<int>(unexplained_.size()); ++i) {
      std::vector<bool> asked(takers_.size());
      left += Explain(i, of_taker, asked) ? 0 : 1;
    }
    died = by_lease_ ? 0 : static_cast<int64_t>(unexplained_.size()) - left;
    return left;
  }
  // Finds a taker for one, perhaps by giving another one to what the taker had before.
  bool Explain(int which, std::vector<int>& of_taker, std::vector<bool>& asked) {
    for (size_t i = 0; i < takers_.size(); ++i) {
      const Time& time = unexplained_[static_cast<size_t>(which)];
      if (asked[i] || takers_[i].begin > time.end || takers_[i].end < time.begin) continue;
      asked[i] = true;
      if (of_taker[i] >= 0 && !Explain(of_taker[i], of_taker, asked)) continue;
      of_taker[i] = which;
      return true;
    }
    return false;
  }

  const bool by_lease_;
  std::map<uint32_t, Life> lives_;
  // When those who died inside of Get asked and died.
  std::vector<Time> takers_;
  // When those were taken that somebody must have had.
  std::vector<Time> unexplained_;
};

class Storm {
 public:
  explicit Storm(uint32_t seed) : random_(seed) {}

  // Gives whether all was well.
  bool Round(bool by_lease) {
    items_ = Items::Create({.capacity = kCapacity, .bytes = kBytes}).value();
    opens_ = Event::Create().value();
    boards_ = Boards::Create(sizeof(Board)).value();
    by_lease_ = by_lease;
    is_closed_ = false;
    // So that the queue is mostly full, or mostly empty, or neither.
    producers_ = 2 + Choose(3);
    History history(by_lease);
    history_ = &history;
    workers_.clear();
    workers_.resize(kWorkers);
    BeginAll(Those([](const Log&) { return true; }));
    for (const int64_t end = kills_ + kKillsOfARound; kills_ < end;) {
      if (!KillSome()) return false;
    }
    // All at once: nobody is left to put anything right but this process.
    if (!LetGoOn()) return false;
    KillAll(Those([](const Log&) { return true; }));
    if (!Drain() || !NothingHasLeaked()) return false;
    // And once more without a death: all get to the end.
    BeginAll(Those([](const Log&) { return true; }));
    if (!LetGoOn()) return false;
    items_.Close();
    is_closed_ = true;
    opens_.Set().IgnoreError();
    for (int worker = 0; worker < kWorkers; ++worker) {
      if (!workers_[worker].process.Join(kPatience).ok()) return Fail("somebody hangs");
      Bury(worker);
    }
    if (!Drain()) return false;
    history.Judge();
    received_ += history.received;
    died_ += history.died;
    if (!history.good()) {
      std::printf("lost %lld, doubled %lld, out of order %lld, invented %lld, torn %lld\n",
                  static_cast<long long>(history.lost), static_cast<long long>(history.doubled),
                  static_cast<long long>(history.reordered),
                  static_cast<long long>(history.invented), static_cast<long long>(history.torn));
      return false;
    }
    if (wrong_answers_ != 0) return Fail("somebody was told what is not so");
    return true;
  }
  int64_t kills() const { return kills_; }
  int64_t received() const { return received_; }
  int64_t died() const { return died_; }

 private:
  struct Worker {
    Process process;
    uint32_t life = 0;
  };

  static bool Fail(const char* what) {
    std::printf("%s\n", what);
    return false;
  }
  int Choose(int count) { return static_cast<int>(random_() % static_cast<uint32_t>(count)); }
  bool IsProducer(int worker) const { return worker < producers_; }
  Board& board() const { return On(boards_); }
  Log& LogOf(int worker) const { return board().logs[worker]; }

  bool KillSome() {
    if (!LetGoOn()) return false;
    std::vector<int> victims = Those([](const Log& log) { return !log.pauses; });
    // Now and then only those who are at it just now: whoever has no processor still is.
    const std::vector<int> busy =
        Those([](const Log& log) { return log.taking != 0 || log.begun != log.put; });
    if (!busy.empty() && Choose(2) == 0) victims = busy;
    std::shuffle(victims.begin(), victims.end(), random_);
    const auto count = static_cast<size_t>(1 + Choose(kMostAtOnce));
    if (victims.size() > count) victims.resize(count);
    KillAll(victims);
    BeginAll(victims);
    return true;
  }
  void KillAll(const std::vector<int>& victims) {
    for (const int victim : victims) workers_[victim].process.Kill().IgnoreError();
    for (const int victim : victims) Bury(victim);
    ++board().moment;
    kills_ += static_cast<int64_t>(victims.size());
  }

  // At the same time, as each waits for a processor.
  void BeginAll(const std::vector<int>& workers) {
    std::vector<std::thread> threads;
    for (const int worker : workers) {
      const uint32_t life = ++last_life_;
      threads.emplace_back([this, worker, life] { Begin(worker, life); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  void Begin(int worker, uint32_t life) {
    ProcessOptions options;
    options.at_exit = AtExit::kKill;
    for (const StartMethod method : StartMethods()) {
      if (method == StartMethod::kForkServer) options.start_method = method;
    }
    Log& log = LogOf(worker);
    log.begun = log.put = log.count = 0;
    log.taking = 0;
    log.pauses = false;
    workers_[worker].life = life;
    workers_[worker].process =
        IsProducer(worker)
            ? Process::Start<Produce>(options, items_, boards_, opens_, worker, life).value()
            : Process::Start<Consume>(options, items_, boards_, opens_, worker, by_lease_,
                                      life % 2 == 0)
                  .value();
  }
  // When it was killed, or ends.
  void Bury(int worker) {
    const ExitStatus status = workers_[worker].process.Join().value();
    const bool was_killed = status.kind() == ExitStatus::Kind::kSignalled;
    const bool is_right = is_closed_ ? status.code() != kWrongAnswer : status.code() == kLogIsFull;
    wrong_answers_ += was_killed || is_right ? 0 : 1;
    if (IsProducer(worker)) {
      history_->AddProducer(workers_[worker].life, LogOf(worker));
    } else {
      history_->AddConsumer(LogOf(worker), was_killed, board().moment);
    }
  }

  uint64_t Progress() const {
    uint64_t progress = 0;
    for (int worker = 0; worker < kWorkers; ++worker) {
      progress += LogOf(worker).put + LogOf(worker).count;
    }
    return progress;
  }
  // Opens the gate, and returns when so much has happened as chance will have it, or one side
  // pauses, for which the other one may wait. False: nothing happens. To sleep meanwhile would give
  // a processor more to the workers, but it is not had again for long; so this mostly looks on.
  bool LetGoOn() {
    const uint64_t goal = Progress() + static_cast<uint64_t>(Choose(100));
    const bool sleeps = Choose(4) == 0;
    const absl::Time end = absl::Now() + kPatience;
    ++board().moment;
    opens_.Set().IgnoreError();
    opens_.Clear().IgnoreError();
    while (Progress() < goal) {
      if (sleeps) std::this_thread::sleep_for(std::chrono::microseconds(20));
      if (absl::Now() > end) return Fail("nobody goes on");
      const std::vector<int> full =
          Those([](const Log& log) { return log.count == Log::kEntries; });
      for (const int worker : full) Bury(worker);
      BeginAll(full);
      if (Pauses(0, producers_) || Pauses(producers_, kWorkers)) break;
    }
    return true;
  }
  bool Pauses(int begin, int end) const {
    for (int worker = begin; worker < end; ++worker) {
      if (!LogOf(worker).pauses) return false;
    }
    return true;
  }
  template <class Has>
  std::vector<int> Those(Has has) const {
    std::vector<int> those;
    for (int worker = 0; worker < kWorkers; ++worker) {
      if (has(LogOf(worker))) those.push_back(worker);
    }
    return those;
  }

  // Takes what is there when nobody else lives.
  bool Drain() {
    // A consumer's log, which is free.
    constexpr int kOwn = kWorkers - 1;
    LogOf(kOwn).count = 0;
    Consumer consumer(items_, board(), kOwn);
    absl::Status taken;
    while (taken.ok()) taken = consumer.Take(by_lease_, absl::ZeroDuration());
    history_->AddConsumer(LogOf(kOwn), /*was_killed=*/false, board().moment);
    if (is_closed_ ? !absl::IsOutOfRange(taken) : !absl::IsDeadlineExceeded(taken)) {
      return Fail("the queue does not come to its end");
    }
    const absl::StatusOr<size_t> size = items_.Size();
    if (!size.ok() || *size != 0) return Fail("something is left in the queue");
    if (by_lease_ && !items_.Join(absl::ZeroDuration()).ok()) return Fail("an item is not done");
    return true;
  }
  // All memory and all leases are there for somebody else.
  bool NothingHasLeaked() {
    // With some bytes that say how long it is.
    if (!items_.TryPut(Item((kBytes - 64) / sizeof(uint32_t))).ok() || !items_.TryGet().ok()) {
      return Fail("memory has leaked");
    }
    items_.TaskDone().IgnoreError();
    std::vector<Lease<Item>> leases;
    for (uint64_t i = 0; i < kCapacity; ++i) {
      if (!items_.TryPut({}).ok()) return Fail("a place has leaked");
      absl::StatusOr<Lease<Item>> lease = items_.GetLease(absl::ZeroDuration());
      if (!lease.ok() || lease->redelivered()) return Fail("a lease has leaked");
      leases.push_back(*std::move(lease));
    }
    for (Lease<Item>& lease : leases) lease.Done().IgnoreError();
    return true;
  }

  std::minstd_rand random_;
  Items items_;
  Event opens_;
  Boards boards_;
  std::vector<Worker> workers_;
  int producers_ = 0;
  bool by_lease_ = false;
  bool is_closed_ = false;
  History* history_ = nullptr;
  uint32_t last_life_ = 0;
  int64_t kills_ = 0;
  int64_t received_ = 0;
  int64_t died_ = 0;
  int64_t wrong_answers_ = 0;
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
  for (int64_t told = 0; storm.kills() < kills; by_lease = !by_lease) {
    if (!storm.Round(by_lease)) {
      std::printf("FAILED after %lld kills, --seed=%u, %s\n", static_cast<long long>(storm.kills()),
                  seed, by_lease ? "leases" : "no leases");
      return 1;
    }
    if (storm.kills() / 10'000 == told) continue;
    told = storm.kills() / 10'000;
    std::printf("after %lld kills all is well\n", static_cast<long long>(storm.kills()));
    std::fflush(stdout);
  }
  std::printf(
      "%lld kills, %lld items got, %lld died with who had taken them: none lost, doubled, out of "
      "order, invented or torn\n",
      static_cast<long long>(storm.kills()), static_cast<long long>(storm.received()),
      static_cast<long long>(storm.died()));
  return 0;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::kill::Run(argc, argv);
}
