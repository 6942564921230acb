// Many deaths one after another: processes use all objects together, one of them is killed wherever
// it is, the others must go on, and another one takes its place. In the end there must be no more
// of anything than after the first few.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "isoproc/array.h"
#include "isoproc/main.h"
#include "isoproc/process.h"
#include "isoproc/process_info.h"
#include "isoproc/process_options.h"
#include "isoproc/shareable_list.h"
#include "isoproc/shared_memory.h"
#include "isoproc/sync.h"
#include "isoproc/value.h"
#include "isoproc/wait.h"
#include "platform/testing/system_support.h"
#include "tests/kill/arena_view.h"
#include "tests/kill/scenario.h"
#include "tests/kill/watchdog.h"

namespace isoproc::kill {
namespace {

constexpr int kWorkers = 4;
constexpr int kPermits = 2;
constexpr size_t kListCapacity = 24;
constexpr int kFirstCycles = 10;
constexpr int kKept = 4;
constexpr absl::Duration kPatience = absl::Milliseconds(2);
// By when all others must have gone on.
constexpr absl::Duration kLimit = absl::Seconds(5);

struct Shared {
  Objects objects;
  // Guarded by Objects::lock: two numbers that are the same, unless somebody died in between.
  RawArray<int64_t> pair;
  // Each process writes to a byte of its own.
  SharedMemory memory;
  // What each worker has done so far.
  Array<int64_t> rounds;
  // Times that something was not as it must be.
  Value<int64_t> violations;
  // What the names of this program's memory begin with.
  std::string names;

  static Shared Create() {
    Shared shared;
    Objects& objects = shared.objects;
    objects.lock = Lock::Create().value();
    objects.rlock = RLock::Create().value();
    objects.semaphore = Semaphore::Create(1).value();
    objects.bounded = BoundedSemaphore::Create(kPermits).value();
    objects.event = Event::Create().value();
    objects.condition = Condition::Create().value();
    objects.barrier = Barrier::Create(2).value();
    objects.value = Value<int64_t>::Create().value();
    objects.large = Value<Large>::Create().value();
    objects.array = Array<int64_t>::Create(uint64_t{2}).value();
    objects.large_array = Array<Large>::Create(uint64_t{2}).value();
    objects.list = ShareableList::Create({int64_t{0}, std::string()}, kListCapacity).value();
    shared.memory = SharedMemory::Create(kWorkers + 1).value();
    shared.pair = RawArray<int64_t>::Create(2).value();
    shared.rounds = Array<int64_t>::Create(uint64_t{kWorkers}).value();
    shared.violations = Value<int64_t>::Create().value();
    shared.names = absl::StrCat("k", CurrentProcess().pid(), ".");
    return shared;
  }
};

// Memory of the name is made, found and dropped by all of them.
std::string NameOf(const Shared& shared, const char* what) {
  return absl::StrCat(shared.names, what);
}

// What anybody does once with one of the objects, or with one of its own. Nothing waits for long.
class User {
 public:
  // `index`: nobody else's who lives.
  User(const Shared& shared, int index, uint64_t seed)
      : shared_(shared), objects_(shared.objects), index_(index), random_(seed) {}

  void Once() {
    using Use = void (User::*)();
    static constexpr std::array<Use, 13> kUses = {
        &User::UseLock,    &User::UseRLock,     &User::UseSemaphore, &User::UseBounded,
        &User::UseEvent,   &User::UseCondition, &User::UseBarrier,   &User::UseValues,
        &User::UseArrays,  &User::UseList,      &User::UseMemory,    &User::UseNames,
        &User::MakeAndDrop};
    (this->*kUses[Draw(kUses.size())])();
  }

 private:
  size_t Draw(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  void Expect(bool holds) {
    if (!holds) shared_.violations.FetchAdd(1).IgnoreError();
  }

  void UseLock() {
    const absl::StatusOr<LockStatus> taken = objects_.lock.Acquire(kPatience);
    if (!taken.ok()) return;
    const absl::Span<int64_t> pair = shared_.pair.span();
    if (*taken == LockStatus::kOwnerDied) pair[1] = pair[0];
    Expect(pair[0] == pair[1]);
    ++pair[0];
    ++pair[1];
    objects_.lock.Release().IgnoreError();
  }
  void UseRLock() {
    if (!objects_.rlock.Acquire(kPatience).ok()) return;
    Expect(objects_.rlock.TryAcquire().ok());
    Expect(objects_.rlock.Release().ok());
    Expect(objects_.rlock.Release().ok());
  }
  void UseSemaphore() {
    if (objects_.semaphore.Acquire(kPatience).ok()) objects_.semaphore.Release().IgnoreError();
  }
  void UseBounded() {
    if (objects_.bounded.Acquire(kPatience).ok()) Expect(objects_.bounded.Release().ok());
  }
  void UseEvent() {
    objects_.event.Wait(kPatience).IgnoreError();
    objects_.event.Clear().IgnoreError();
    objects_.event.Set().IgnoreError();
  }
  void UseCondition() {
    if (!objects_.condition.Acquire(kPatience).ok()) return;
    objects_.condition.Notify().IgnoreError();
    objects_.condition.Wait(kPatience).IgnoreError();
    Expect(objects_.condition.Release().ok());
  }
  void UseBarrier() {
    objects_.barrier.Wait(kPatience).IgnoreError();
    if (objects_.barrier.IsBroken()) objects_.barrier.Reset().IgnoreError();
  }
  void UseValues() {
    objects_.value.FetchAdd(1).IgnoreError();
    objects_.value.Update([](int64_t& value) { value /= 2; }).IgnoreError();
    objects_.large
        .Update([this](Large& large) {
          Expect(large.whole());
          large = Large::Of(large.words[0] + 1);
        })
        .IgnoreError();
  }
  void UseArrays() {
    objects_.array.Store(0, 1).IgnoreError();
    objects_.array.WithLock([](absl::Span<int64_t> all) { ++all[1]; }, kPatience).IgnoreError();
    objects_.large_array.Store(Draw(2), Large::Of(1)).IgnoreError();
  }
  // Text of one letter, and never a part of it.
  void UseList() {
    objects_.list.Store(0, static_cast<int64_t>(index_)).IgnoreError();
    const std::string text(kListCapacity - Draw(8), static_cast<char>('a' + Draw(26)));
    Expect(objects_.list.Store(1, text).ok());
    const absl::StatusOr<ShareableList::Item> found = objects_.list.Load(1);
    const std::string* const seen = found.ok() ? std::get_if<std::string>(&*found) : nullptr;
    Expect(seen != nullptr && seen->find_first_not_of((*seen)[0]) == std::string::npos);
  }
  void UseMemory() {
    std::byte& mine = shared_.memory.bytes()[static_cast<size_t>(index_)];
    mine = std::byte{1};
    Expect(mine == std::byte{1});
  }
  // Whoever comes first makes the memory; some drop it again, and some take its name away.
  void UseNames() {
    const std::string name = NameOf(shared_, "m");
    const absl::StatusOr<SharedMemory> made = SharedMemory::CreateNamed(name, 100);
    Expect(made.ok() || absl::IsAlreadyExists(made.status()));
    const absl::StatusOr<SharedMemory> found = SharedMemory::Open(name);
    Expect(found.ok() ? found->size() == 100 : absl::IsNotFound(found.status()));
    if (Draw(4) == 0) SharedMemory::Unlink(name).IgnoreError();
    const absl::StatusOr<ShareableList> list =
        ShareableList::CreateNamed(NameOf(shared_, "l"), {int64_t{7}});
    Expect(list.ok() ? list->Load(0).ok() : absl::IsAlreadyExists(list.status()));
  }
  void MakeAndDrop() {
    Expect(Lock::Create().ok());
    Expect(SharedMemory::Create(100).ok());
    Expect(Value<Large>::Create().ok());
  }

  const Shared& shared_;
  const Objects& objects_;
  const int index_;
  std::mt19937_64 random_;
};

void Work(const Shared& shared, int index, uint64_t seed) {
  User user(shared, index, seed);
  for (int64_t round = 1; true; ++round) {
    user.Once();
    shared.rounds.Store(static_cast<size_t>(index), round).IgnoreError();
  }
}

Process StartWorker(const Shared& shared, int index, uint64_t seed) {
  ProcessOptions options;
  options.at_exit = AtExit::kKill;
  const std::vector<StartMethod> methods = StartMethods();
  // The fastest that can be used beside threads.
  if (std::find(methods.begin(), methods.end(), StartMethod::kForkServer) != methods.end()) {
    options.start_method = StartMethod::kForkServer;
  }
  return Process::Start<Work>(options, shared, index, seed).value();
}

struct Census {
  explicit Census(const Shared& shared)
      : names(system_support::CountSharedMemoryNames(shared.names)) {}

  int handles = system_support::CountHandles();
  int mappings = system_support::CountMappings();
  int names;
  InUse in_use = CountInUse();

  std::string ToString() const {
    return absl::StrCat("handles ", handles, ", mappings ", mappings, ", names ", names, ", ",
                        in_use.ToString());
  }
};

class Cycles {
 public:
  Cycles(std::string again, uint64_t seed)
      : again_(std::move(again)), random_(seed), user_(shared_, kWorkers, seed) {}

  void Run(int64_t count) {
    StartAll();
    for (int64_t cycle = 0; cycle < count; ++cycle) {
      watchdog_.Begin(absl::StrCat(again_, " (cycle ", cycle, ")"));
      KillOne();
    }
    KillAll();
  }

  // With no worker alive.
  Census Count() {
    NoticeDeath();
    // Names of the dead go when somebody makes another; who does that elsewhere may be at them.
    const absl::Time end = absl::Now() + kLimit;
    while (true) {
      SharedMemory::CreateNamed(NameOf(shared_, "n"), 1).value();
      const Census census(shared_);
      if (census.names == 0 || absl::Now() > end) return census;
      std::this_thread::yield();
    }
  }
  int64_t permits() const { return shared_.objects.bounded.Value(); }
  int64_t violations() const { return shared_.violations.Load().value(); }
  absl::Duration worst() const { return worst_; }
  int late() const { return late_; }

 private:
  void StartAll() {
    for (int i = 0; i < kWorkers; ++i) {
      workers_[static_cast<size_t>(i)] = StartWorker(shared_, i, random_());
    }
  }
  void KillAll() {
    for (Process& worker : workers_) worker = Process();
  }

  void KillOne() {
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 1000));
    const auto chosen = static_cast<size_t>(random_() % kWorkers);
    Process& worker = workers_[chosen];
    worker.Kill().IgnoreError();
    const Waitable ended = worker.AsWaitable().value();
    Wait({&ended, 1}).value();
    const absl::Time begin = absl::Now();
    // Whom they wait for is told of the death now, or finds out.
    if (random_() % 2 == 0) worker = Process();
    AwaitOthers(chosen);
    worst_ = std::max(worst_, absl::Now() - begin);
    worker = Process();
    // What the dead one took is gone.
    if (shared_.objects.semaphore.Value() == 0) shared_.objects.semaphore.Release().IgnoreError();
    user_.Once();
    worker = StartWorker(shared_, static_cast<int>(chosen), random_());
  }

  // Until each of them has done all that it had begun, and some more.
  void AwaitOthers(size_t dead) {
    std::array<int64_t, kWorkers> before;
    for (size_t i = 0; i < kWorkers; ++i) before[i] = RoundsOf(i);
    const absl::Time end = absl::Now() + kLimit;
    for (size_t i = 0; i < kWorkers; ++i) {
      while (i != dead && RoundsOf(i) < before[i] + 2) {
        if (absl::Now() > end) {
          ++late_;
          return;
        }
        std::this_thread::yield();
      }
    }
  }
  int64_t RoundsOf(size_t worker) const { return shared_.rounds.Load(worker).value(); }

  const std::string again_;
  Watchdog& watchdog_ = *new Watchdog;
  const Shared shared_ = Shared::Create();
  std::mt19937_64 random_;
  User user_;
  std::array<Process, kWorkers> workers_;
  absl::Duration worst_;
  int late_ = 0;
};

bool Holds(bool holds, const char* what) {
  if (!holds) std::printf("FAILED: %s\n", what);
  return holds;
}

int RunCycles(const std::string& program, int64_t count, uint64_t seed) {
  const std::string again = absl::StrCat(program, " --cycles=", count, " --seed=", seed);
  std::printf("%s\n", again.c_str());
  std::fflush(stdout);
  const absl::Time begin = absl::Now();
  bool all_well = true;
  {
    Cycles cycles(again, seed);
    cycles.Run(kFirstCycles);
    const Census first = cycles.Count();
    cycles.Run(count);
    const Census last = cycles.Count();
    std::printf("%lld cycles in %.1f s, worst recovery %.1f ms\nbefore: %s\nafter:  %s\n",
                static_cast<long long>(count), absl::ToDoubleSeconds(absl::Now() - begin),
                absl::ToDoubleMilliseconds(cycles.worst()), first.ToString().c_str(),
                last.ToString().c_str());
    all_well = Holds(cycles.late() == 0, "survivors were late") && all_well;
    all_well = Holds(cycles.violations() == 0, "something was not as it must be") && all_well;
    all_well = Holds(cycles.permits() == kPermits, "permits are lost, or too many") && all_well;
    // What the threads of this process sleep on is kept, and a handle on some systems; allocators
    // keep memory. A leak would be one in each cycle.
    all_well = Holds(last.handles <= first.handles + kKept, "more handles") && all_well;
    all_well = Holds(last.mappings <= first.mappings + kKept, "more mappings") && all_well;
    all_well = Holds(last.names == 0, "names of shared memory") && all_well;
    all_well = Holds(last.in_use == first.in_use, "more in the family's memory") && all_well;
  }
  all_well = Holds(WhatOthersLeft().empty(), "something is left in the end") && all_well;
  return all_well ? 0 : 1;
}

}  // namespace
}  // namespace isoproc::kill

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  int64_t cycles = 100;
  uint64_t seed = std::random_device()() % 1000000;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--stress") {
      cycles = 10000;
    } else if (!(argument.rfind("--cycles=", 0) == 0 &&
                 absl::SimpleAtoi(argument.substr(9), &cycles)) &&
               !(argument.rfind("--seed=", 0) == 0 &&
                 absl::SimpleAtoi(argument.substr(7), &seed))) {
      std::fprintf(stderr, "not an argument: %s; see docs/kill-tests.md\n", argument.c_str());
      return 2;
    }
  }
  return isoproc::kill::RunCycles(argv[0], cycles, seed);
}
