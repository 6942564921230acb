// A directory of this user's, for what other processes must find by name.
//
// It is /tmp/isoproc-<user id>, mode 0700; not below $TMPDIR, since a child may get another
// environment and would look elsewhere. In it:
//   alive    An empty file. Each process that Self() was asked of holds a record lock on one byte
//            of it, whose offset is the process's birth number. The system drops the lock when the
//            process ends in whatever way, gives it to no child, and tells everybody whether it is
//            held: that is the whole of liveness, and nothing is left over.
//   m.*      Named memory: see posix/named_memory.h.
//   p*       Sockets of parkers, "p<birth>.<number>". Removed with the parker, at exit, or, if
//            their owner was killed, by the next process that makes one.
#ifndef ISOPROC_POSIX_STRICT_RUN_DIRECTORY_H_
#define ISOPROC_POSIX_STRICT_RUN_DIRECTORY_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace isoproc::port::posix::os {

// "/tmp/isoproc-<user id>/". Not made yet.
const std::string& RunDirectory();

// Makes the directory if it is missing, and refuses it if it is not this user's alone.
absl::Status EnsureRunDirectory();

// The open "alive" file, and which one it is: if it was removed and made anew, processes that use
// the old one and the new one cannot see each other.
struct AliveFile {
  int fd;
  uint16_t tag;
};
absl::StatusOr<AliveFile> OpenAliveFile();        // takes RunMutex()
absl::StatusOr<AliveFile> OpenAliveFileLocked();  // requires it

// Whether a process holds the lock of `birth`; never true for the calling process.
absl::StatusOr<bool> BirthIsLocked(int fd, uint64_t birth);

// Removes the sockets of dead owners, and, at the end, those of `own_birth`, which is the caller's.
void SweepParkers(int fd, uint64_t own_birth, bool at_end);

}  // namespace isoproc::port::posix::os

#endif  // ISOPROC_POSIX_STRICT_RUN_DIRECTORY_H_
