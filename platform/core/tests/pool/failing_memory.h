// Allocations that fail when a test wants it: operator new of the whole program is replaced.
#ifndef ISOPROC_PLATFORM_CORE_TESTS_POOL_FAILING_MEMORY_H_
#define ISOPROC_PLATFORM_CORE_TESTS_POOL_FAILING_MEMORY_H_

#include <cstdint>

namespace isoproc::internal {

// While it lives, operator new throws std::bad_alloc at the n-th allocation, and at `more` that
// follow it. One at a time.
class FailingMemory {
 public:
  enum class Whose { kThisThread, kOtherThreads };

  FailingMemory(Whose whose, int64_t nth, int64_t more = 0);
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;
  ~FailingMemory();

  // Whether any allocation has failed.
  bool struck() const;
  // How many allocations there were.
  int64_t seen() const;
};

// While it lives, nothing that this thread allocates fails, or counts.
class SparedMemory {
 public:
  SparedMemory();
  SparedMemory(const SparedMemory&) = delete;
  SparedMemory& operator=(const SparedMemory&) = delete;
  ~SparedMemory();
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_TESTS_POOL_FAILING_MEMORY_H_
