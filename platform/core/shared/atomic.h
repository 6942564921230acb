// The atomics of shared memory.
//
// Whoever tests what happens between two accesses compiles platform/core/shared again with
// ISOPROC_SHARED_ATOMIC set to a header of their own: an Atomic that hands control to a scheduler
// before each access, or one that ends the process at the n-th store. The library itself has plain
// std::atomic, and pays nothing for the possibility.
#ifndef ISOPROC_PLATFORM_CORE_SHARED_ATOMIC_H_
#define ISOPROC_PLATFORM_CORE_SHARED_ATOMIC_H_

#ifdef ISOPROC_SHARED_ATOMIC
#include ISOPROC_SHARED_ATOMIC
#else
#include <atomic>

namespace isoproc::internal {

template <class T>
using Atomic = std::atomic<T>;

// For public headers, which know nothing of Atomic and only load.
template <class T>
const std::atomic<T>& ToStandard(const Atomic<T>& atomic) {
  return atomic;
}

}  // namespace isoproc::internal
#endif

#endif  // ISOPROC_PLATFORM_CORE_SHARED_ATOMIC_H_
