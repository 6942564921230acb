// Threads that nobody joins.
#ifndef ISOPROC_PLATFORM_TESTING_LEFT_RUNNING_H_
#define ISOPROC_PLATFORM_TESTING_LEFT_RUNNING_H_

#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace isoproc {

// Lets a thread run until the program ends. It is not detached: with winpthreads, the threads of
// mingw-w64, one that is detached before it has begun may never begin.
inline void LeaveRunning(std::thread thread) {
  static std::mutex* const mutex = new std::mutex;
  static auto* const threads = new std::vector<std::thread>;
  const std::lock_guard lock(*mutex);
  threads->push_back(std::move(thread));
}

}  // namespace isoproc

#endif  // ISOPROC_PLATFORM_TESTING_LEFT_RUNNING_H_
