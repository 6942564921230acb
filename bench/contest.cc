#include "bench/contest.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/lock_user.h"
#include "bench/tested_locks.h"
#include "isoproc/isoproc.h"

namespace isoproc::bench {
namespace {

// What both processes share besides the lock. All zero at the start.
struct Field {
  alignas(64) volatile uint64_t counter;
  // How many runs the partner has begun and ended, and the other one has begun.
  alignas(64) std::atomic<uint32_t> partner_began;
  std::atomic<uint32_t> partner_ended;
  std::atomic<uint32_t> began;
  std::atomic<bool> over;
};

Field& FieldIn(const RawArray<std::byte>& memory) {
  return *reinterpret_cast<Field*>(memory.span().data());
}

void AwaitValue(const std::atomic<uint32_t>& word, uint32_t value) {
  while (word.load() != value) std::this_thread::yield();
}

// The other process.
void Compete(const LockPlace& place, const RawArray<std::byte>& memory, const Semaphore& go,
             int times) {
  const std::unique_ptr<LockUser> lock = OpenLock(place);
  Field& field = FieldIn(memory);
  for (uint32_t run = 1; lock != nullptr && go.Acquire().ok() && !field.over; ++run) {
    field.partner_began = run;
    AwaitValue(field.began, run);
    if (!lock->Use(times, field.counter)) break;
    field.partner_ended = run;
  }
}

}  // namespace

Contest::~Contest() {
  if (!partner_.has_value()) return;
  FieldIn(field_).over = true;
  go_.Release().IgnoreError();
  partner_->Join().IgnoreError();
}

bool Contest::Begin() {
  lock_ = MakeLock(name_, &place_);
  absl::StatusOr<RawArray<std::byte>> field = RawArray<std::byte>::Create(sizeof(Field));
  absl::StatusOr<Semaphore> go = Semaphore::Create(0);
  if (lock_ == nullptr || !field.ok() || !go.ok()) return false;
  field_ = *std::move(field);
  go_ = *std::move(go);
  absl::StatusOr<Process> partner = Process::Start<Compete>(place_, field_, go_, times_);
  if (!partner.ok()) {
    std::fprintf(stderr, "%s\n", partner.status().ToString().c_str());
    return false;
  }
  partner_ = *std::move(partner);
  return true;
}

bool Contest::Run() {
  if (!partner_.has_value() && !Begin()) return false;
  Field& field = FieldIn(field_);
  const uint32_t run = field.began + 1;
  const uint64_t expected = field.counter + 2 * static_cast<uint64_t>(times_);
  if (!go_.Release().ok()) return false;
  while (field.partner_began != run) {
    if (!partner_->IsAlive()) return false;
    std::this_thread::yield();
  }
  field.began = run;
  if (!lock_->Use(times_, field.counter)) return false;
  AwaitValue(field.partner_ended, run);
  return field.counter == expected;
}

}  // namespace isoproc::bench
