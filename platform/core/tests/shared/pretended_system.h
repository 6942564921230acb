// A system of pretended processes inside one: each has a port of its own and can be killed at any
// store to shared memory. A thread of a killed process stops there for ever, and nothing of it is
// unwound: to the others it is as dead as a process.
#ifndef ISOPROC_PLATFORM_CORE_TESTS_SHARED_PRETENDED_SYSTEM_H_
#define ISOPROC_PLATFORM_CORE_TESTS_SHARED_PRETENDED_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/core/shared/arena.h"
#include "platform/port/port.h"
#include "platform/testing/port_wrapper.h"

namespace isoproc::internal {

// What its processes share. Never destroyed, as the threads of the dead are in it for ever.
struct PretendedSystem;

class PretendedProcess : public port::PortWrapper {
 public:
  // A process of a new system, and one of the same system.
  static PretendedProcess& First();
  PretendedProcess& Another();

  // This process's view of the arena that the first to ask made.
  std::shared_ptr<Arena> arena();

  void Kill();
  // Nobody looks again by himself from now on: who sleeps needs to be woken.
  void NeverLookAgain();

  // A thread of this process.
  enum class Outcome { kNone, kReturned, kDied };
  class Run;
  // Runs `body` in a new thread; the process is killed at the thread's `n`-th store, 0: never.
  std::shared_ptr<Run> Start(std::function<void(Arena& arena)> body, int n = 0);
  // kNone if neither happened in `patience`; the thread then goes on for ever.
  Outcome Await(const Run& run, absl::Duration patience = absl::Seconds(20));
  // Returns when `count` threads of the system sleep in parkers.
  void AwaitSleepers(int count);
  // The same, or when `run` is over.
  void AwaitSleepersOr(int count, const Run& run);

  absl::StatusOr<port::ProcessIdentity> Self() override;
  absl::StatusOr<bool> IsAlive(const port::ProcessIdentity& process) override;
  absl::StatusOr<std::unique_ptr<port::Segment>> CreateSegment(uint64_t size) override;
  absl::StatusOr<std::unique_ptr<port::Segment>> MapSegment(port::Handle handle) override;
  absl::StatusOr<std::unique_ptr<port::Parker>> CreateParker(port::ParkerCell& cell) override;
  void Unpark(port::ParkerCell& cell) override;

 private:
  friend struct PretendedSystem;
  class Parker;
  class Segment;

  PretendedProcess(PretendedSystem& system, int64_t pid);

  PretendedSystem& system_;
  const int64_t pid_;
  std::shared_ptr<Arena> arena_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_TESTS_SHARED_PRETENDED_SYSTEM_H_
