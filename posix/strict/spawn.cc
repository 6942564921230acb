#include <dirent.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "posix/os.h"
#include "posix/strict/locks.h"

namespace isoproc::port::posix::os {
namespace {

// Where the descriptors cannot be listed: as many as any sane program has.
constexpr int kHighestIfUnknown = 4096;

}  // namespace

// Apple calls vfork() deprecated and will take it away; its fork() is what it recommends. Elsewhere
// vfork() keeps the time independent of the caller's memory. By name, since the compiler knows from
// the name that it returns twice; and alone in a function whose frame holds nothing to spoil.
__attribute__((noinline)) pid_t RunInChild(void (*child)(void* argument), void* argument) {
#if defined(__APPLE__)
  const pid_t pid = ::fork();
#else
  const pid_t pid = ::vfork();
#endif
  if (pid == 0) {
    child(argument);
    ::_exit(127);
  }
  return pid;
}

SpawnLock::SpawnLock() { LockForBirth(); }
SpawnLock::~SpawnLock() { UnlockAfterBirth(); }

int HighestDescriptor() {
  DIR* const directory = ::opendir("/dev/fd");
  if (directory == nullptr) return kHighestIfUnknown;
  int highest = -1;
  while (const dirent* entry = ::readdir(directory)) {
    highest = std::max(highest, std::atoi(entry->d_name));  // "." and ".." are 0
  }
  ::closedir(directory);
  // A directory that lists only 0, 1 and 2, whatever is open, lists nothing.
  return highest <= 2 ? kHighestIfUnknown : highest;
}

void CloseFrom(int first, int keep, int highest) noexcept {
  for (int fd = first; fd <= highest; ++fd) {
    if (fd != keep) ::close(fd);
  }
}

}  // namespace isoproc::port::posix::os
