#include "platform/core/tests/shared/pretended_system.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "platform/core/shared/arena.h"
#include "platform/port/port.h"
#include "platform/testing/crash_atomic.h"
#include "platform/testing/left_running.h"

namespace isoproc::internal {

struct PretendedSystem {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<int64_t> living;
  int64_t last_pid = 0;
  bool looks_again = true;
  int sleeping = 0;
  absl::Span<std::byte> memory;
  std::vector<std::unique_ptr<PretendedProcess>> processes;

  PretendedProcess& Begin();

  [[noreturn]] void StopForEver(std::unique_lock<std::mutex>& lock) {
    while (true) changed.wait(lock);
  }
};

class PretendedProcess::Segment : public port::Segment {
 public:
  explicit Segment(absl::Span<std::byte> memory) : memory_(memory) {}
  absl::Span<std::byte> data() override { return memory_; }
  absl::Span<const std::byte> view() const override { return memory_; }
  absl::StatusOr<port::Handle> Share() const override {
    return port::Handle(1, [](int64_t) {});
  }

 private:
  absl::Span<std::byte> memory_;
};

class PretendedProcess::Parker : public port::Parker {
 public:
  Parker(PretendedProcess& process, port::ParkerCell& cell)
      : system_(process.system_), pid_(process.pid_), cell_(cell) {}

  absl::Status Park(port::Deadline deadline) override {
    std::unique_lock lock(system_.mutex);
    ++system_.sleeping;
    system_.changed.notify_all();
    bool is_late = false;
    while (true) {
      if (!system_.living.contains(pid_)) system_.StopForEver(lock);
      if (cell_.token.exchange(0) != 0 || is_late) break;
      if (!system_.looks_again) {
        system_.changed.wait(lock);
      } else {
        const absl::Duration left = deadline.Remaining(port::HostPort().Now());
        is_late = system_.changed.wait_for(lock, absl::ToChronoNanoseconds(left)) ==
                  std::cv_status::timeout;
      }
    }
    --system_.sleeping;
    return is_late ? absl::DeadlineExceededError("late") : absl::OkStatus();
  }
  absl::StatusOr<port::Waitable*> Listen() override {
    return absl::UnimplementedError("nothing is waited for but tokens");
  }

 private:
  PretendedSystem& system_;
  const int64_t pid_;
  port::ParkerCell& cell_;
};

PretendedProcess::PretendedProcess(PretendedSystem& system, int64_t pid)
    : PortWrapper(port::HostPort()), system_(system), pid_(pid) {}

PretendedProcess& PretendedSystem::Begin() {
  living.insert(++last_pid);
  processes.emplace_back(new PretendedProcess(*this, last_pid));
  return *processes.back();
}

PretendedProcess& PretendedProcess::First() {
  // To the end of the program, since dead processes sleep in it, and where a leak checker finds it.
  static auto* const systems = new std::vector<std::unique_ptr<PretendedSystem>>;
  PretendedSystem& system = *systems->emplace_back(std::make_unique<PretendedSystem>());
  return system.Begin();
}

PretendedProcess& PretendedProcess::Another() {
  const std::lock_guard lock(system_.mutex);
  return system_.Begin();
}

std::shared_ptr<Arena> PretendedProcess::arena() {
  if (arena_ == nullptr) {
    arena_ = (system_.memory.empty() ? Arena::Create(*this)
                                     : Arena::Attach(*this, port::Handle(1, [](int64_t) {})))
                 .value();
  }
  return arena_;
}

void PretendedProcess::Kill() {
  const std::lock_guard lock(system_.mutex);
  system_.living.erase(pid_);
  system_.changed.notify_all();
}

void PretendedProcess::NeverLookAgain() {
  const std::lock_guard lock(system_.mutex);
  system_.looks_again = false;
}

class PretendedProcess::Run {
 public:
  std::function<void(Arena& arena)> body;
  std::function<void()> point;
  int left = 0;
  Outcome outcome = Outcome::kNone;
};

std::shared_ptr<PretendedProcess::Run> PretendedProcess::Start(
    std::function<void(Arena& arena)> body, int n) {
  auto run = std::make_shared<Run>();
  run->body = std::move(body);
  run->left = n;
  run->point = [this, run = run.get()] {
    if (--run->left != 0) return;
    std::unique_lock lock(system_.mutex);
    system_.living.erase(pid_);
    run->outcome = Outcome::kDied;
    system_.changed.notify_all();
    system_.StopForEver(lock);
  };
  LeaveRunning(std::thread([this, run, arena = arena()] {
    crash_point = &run->point;
    run->body(*arena);
    crash_point = nullptr;
    const std::lock_guard lock(system_.mutex);
    run->outcome = Outcome::kReturned;
    system_.changed.notify_all();
  }));
  return run;
}

PretendedProcess::Outcome PretendedProcess::Await(const Run& run, absl::Duration patience) {
  std::unique_lock lock(system_.mutex);
  system_.changed.wait_for(lock, absl::ToChronoNanoseconds(patience),
                           [&] { return run.outcome != Outcome::kNone; });
  return run.outcome;
}

void PretendedProcess::AwaitSleepers(int count) {
  std::unique_lock lock(system_.mutex);
  system_.changed.wait(lock, [&] { return system_.sleeping == count; });
}

void PretendedProcess::AwaitSleepersOr(int count, const Run& run) {
  std::unique_lock lock(system_.mutex);
  system_.changed.wait(lock,
                       [&] { return system_.sleeping == count || run.outcome != Outcome::kNone; });
}

absl::StatusOr<port::ProcessIdentity> PretendedProcess::Self() {
  return port::ProcessIdentity{.pid = pid_, .birth = static_cast<uint64_t>(pid_)};
}

absl::StatusOr<bool> PretendedProcess::IsAlive(const port::ProcessIdentity& process) {
  const std::lock_guard lock(system_.mutex);
  return system_.living.contains(process.pid);
}

absl::StatusOr<std::unique_ptr<port::Segment>> PretendedProcess::CreateSegment(uint64_t size) {
  constexpr size_t kPage = 4096;
  auto* const bytes =
      static_cast<std::byte*>(::operator new(static_cast<size_t>(size), std::align_val_t(kPage)));
  std::fill_n(bytes, size, std::byte{0});
  system_.memory = absl::MakeSpan(bytes, static_cast<size_t>(size));
  return std::make_unique<Segment>(system_.memory);
}

absl::StatusOr<std::unique_ptr<port::Segment>> PretendedProcess::MapSegment(port::Handle) {
  return std::make_unique<Segment>(system_.memory);
}

absl::StatusOr<std::unique_ptr<port::Parker>> PretendedProcess::CreateParker(
    port::ParkerCell& cell) {
  cell.token.store(0);
  return std::make_unique<Parker>(*this, cell);
}

void PretendedProcess::Unpark(port::ParkerCell& cell) {
  if (crash_point != nullptr) (*crash_point)();  // a wake is as good as a store
  const std::lock_guard lock(system_.mutex);
  cell.token.store(1);
  system_.changed.notify_all();
}

}  // namespace isoproc::internal
