// Locks and values that processes share, by isoproc, by the system itself, and by other libraries.
// One round:
//
//   shared_objects [--iterations=20] [--only=lock/]
//
//   lock/X       one thread takes a free lock, adds 1 to a number, and releases the lock
//   contest/X    the same by two processes at once; the time is one process's, for one of its turns
//   add/X        adds 1 to a shared number without a lock
//   load/X       reads it
//   update/X     adds 1 to it in an Update of isoproc
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/contest.h"
#include "bench/lock_user.h"
#include "bench/round.h"
#include "bench/tested_locks.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {
namespace {

constexpr int kTimes = 20'000;
// More, so that the time does not count in which the partner wakes.
constexpr int kContestTimes = 50'000;

void AddLocks(std::vector<Way>& ways) {
  for (const std::string& name : TestedLocks()) {
    struct Use {
      LockPlace place;
      std::unique_ptr<LockUser> lock;
      volatile uint64_t counter = 0;
    };
    const auto use = std::make_shared<Use>();
    use->lock = MakeLock(name, &use->place);
    ways.push_back({"lock/" + name,
                    [use] { return use->lock != nullptr && use->lock->Use(kTimes, use->counter); },
                    kTimes});
    const auto contest = std::make_shared<Contest>(name, kContestTimes);
    ways.push_back({"contest/" + name, [contest] { return contest->Run(); }, kContestTimes});
  }
}

template <class Function>
Way Repeated(std::string name, Function once) {
  return {std::move(name),
          [once] {
            for (int i = 0; i < kTimes; ++i) {
              if (!once()) return false;
            }
            return true;
          },
          kTimes};
}

void AddValues(std::vector<Way>& ways) {
  const absl::StatusOr<Value<int64_t>> made = Value<int64_t>::Create();
  const absl::StatusOr<RawArray<std::byte>> memory = RawArray<std::byte>::Create(64);
  if (!made.ok() || !memory.ok()) return;
  const Value<int64_t> value = *made;
  ways.push_back(Repeated("add/isoproc", [value] { return value.FetchAdd(1).ok(); }));
  ways.push_back(Repeated("load/isoproc", [value] { return value.Load().ok(); }));
  ways.push_back(Repeated(
      "update/isoproc", [value] { return value.Update([](int64_t& number) { ++number; }).ok(); }));
  const RawArray<std::byte> kept = *memory;
  auto* const word = reinterpret_cast<std::atomic<int64_t>*>(kept.span().data());
  ways.push_back(Repeated("add/system", [kept, word] { return word->fetch_add(1) >= 0; }));
  ways.push_back(Repeated("load/system", [kept, word] { return word->load() >= 0; }));
}

int Run(int argc, char** argv) {
  const RoundOptions options = ParseRoundOptions(argc, argv);
  std::vector<Way> ways;
  AddLocks(ways);
  AddValues(ways);
  return RunRound(options, std::move(ways));
}

}  // namespace
}  // namespace isoproc::bench

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::bench::Run(argc, argv);
}
