#include "platform/core/tests/pool/failing_memory.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace isoproc::internal {
namespace {

enum class Mode { kNone, kOne, kOthers };
std::atomic<Mode> mode = Mode::kNone;
// Of which thread: an address that no other thread has.
std::atomic<const int*> chosen = nullptr;
std::atomic<int64_t> before = 0;  // allocations that are still to come before the first that fails
int64_t begun_at = 0;             // what that was at first
std::atomic<int64_t> fails = 0;   // how many fail then
std::atomic<bool> has_struck = false;
thread_local int spared = 0;

bool Fails() {
  const Mode now = mode.load(std::memory_order_acquire);
  if (now == Mode::kNone || spared > 0) return false;
  if ((chosen.load() == &spared) != (now == Mode::kOne)) return false;
  const int64_t place = before.fetch_sub(1);
  if (place > 0 || place <= -fails.load()) return false;
  has_struck = true;
  return true;
}

// Not through the replaced functions of a sanitizer, but through its malloc.
void* Allocate(std::size_t size) { return Fails() ? nullptr : std::malloc(size == 0 ? 1 : size); }
void* AllocateOrThrow(std::size_t size) {
  void* const memory = Allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

FailingMemory::FailingMemory(Whose whose, int64_t nth, int64_t more) {
  chosen = &spared;
  begun_at = nth - 1;
  before = begun_at;
  fails = more + 1;
  has_struck = false;
  mode = whose == Whose::kThisThread ? Mode::kOne : Mode::kOthers;
}
FailingMemory::~FailingMemory() { mode = Mode::kNone; }
bool FailingMemory::struck() const { return has_struck; }
int64_t FailingMemory::seen() const { return begun_at - before; }

SparedMemory::SparedMemory() { ++spared; }
SparedMemory::~SparedMemory() { --spared; }

}  // namespace isoproc::internal

// All forms but those for more than the usual alignment, of which the library itself has none.
void* operator new(std::size_t size) { return isoproc::internal::AllocateOrThrow(size); }
void* operator new[](std::size_t size) { return isoproc::internal::AllocateOrThrow(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return isoproc::internal::Allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return isoproc::internal::Allocate(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
