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

thread_local bool in_birth = false;

void LockAll() {
  if (!in_birth) All().descriptors.lock();
  All().run.lock();
}

void UnlockAll() {
  All().run.unlock();
  if (!in_birth) All().descriptors.unlock();
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

void LockForBirth() {
  DescriptorMutex().lock();
  in_birth = true;
}

void UnlockAfterBirth() {
  in_birth = false;
  DescriptorMutex().unlock();
}

std::mutex& DescriptorMutex() { return All().descriptors; }
std::mutex& RunMutex() { return All().run; }

}  // namespace isoproc::port::posix::os
