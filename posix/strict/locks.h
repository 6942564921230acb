// Locks of this profile that are for the whole process. A fork of the program takes them first, so
// that in the copy, where other threads do not exist, they are free.
#ifndef ISOPROC_POSIX_STRICT_LOCKS_H_
#define ISOPROC_POSIX_STRICT_LOCKS_H_

#include <mutex>

namespace isoproc::port::posix::os {

// Held while a child is being born, and while a descriptor exists that is not close-on-exec yet.
std::mutex& DescriptorMutex();

// Takes DescriptorMutex() for the birth of a child by this thread. If the child is made by fork(),
// that does not wait for its own caller.
void LockForBirth();
void UnlockAfterBirth();

// Guards what the process knows of the run directory. Neither mutex is taken under the other.
std::mutex& RunMutex();

}  // namespace isoproc::port::posix::os

#endif  // ISOPROC_POSIX_STRICT_LOCKS_H_
