#include "posix/strict/locks.h"

#include <pthread.h>

#include <mutex>

namespace isoproc::port::posix::os {
namespace {

struct Locks {
  std::mutex descriptors;
  std::mutex run;
};

Locks& All();

void LockAll() {
  All().descriptors.lock();
  All().run.lock();
}

void UnlockAll() {
  All().run.unlock();
  All().descriptors.unlock();
}

Locks& All() {
  static Locks* const locks = [] {
    auto* created = new Locks;
    (void)::pthread_atfork(LockAll, UnlockAll, UnlockAll);
    return created;
  }();
  return *locks;
}

}  // namespace

std::mutex& DescriptorMutex() { return All().descriptors; }
std::mutex& RunMutex() { return All().run; }

}  // namespace isoproc::port::posix::os
