// What the profiles of this port do differently. linux/ has what Linux does better; strict/ has
// what POSIX, macOS and the BSDs share. CMake picks one of the two, so that no file asks which it
// is.
#ifndef ISOPROC_POSIX_OS_H_
#define ISOPROC_POSIX_OS_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/capabilities.h"
#include "platform/port/liveness.h"
#include "platform/port/sync.h"
#include "posix/child_watch.h"
#include "posix/fd.h"

namespace isoproc::port::posix::os {

// ---- what the port says of itself ---------------------------------------------------------------

Capabilities DeclaredCapabilities();

// ---- calls for the table in syscalls.h; as system calls they return -1 and set errno ------------

int Pipe(int fds[2]);
int SocketPair(int type, int fds[2]);
pid_t RunInChild(void (*child)(void* argument), void* argument);

// Makes writes to a socket that came from elsewhere raise no SIGPIPE, where a flag of send()
// cannot.
void SuppressSigpipe(int fd);

// Flags for recvmsg(), and what to do to the descriptors that it brought; both under one SpawnLock.
int ReceiveFlags();
void MarkReceived(int fd);

// ---- between fork and exec ----------------------------------------------------------------------

// Held from before the parent looks at its descriptors until the child has left, and while a
// descriptor is not close-on-exec yet. Does nothing where descriptors can be born so.
class SpawnLock {
 public:
  SpawnLock();
  SpawnLock(const SpawnLock&) = delete;
  SpawnLock& operator=(const SpawnLock&) = delete;
  ~SpawnLock();  // NOLINT(performance-trivially-destructible): the other profile has work to do
};

// In the parent, under SpawnLock: the highest open descriptor, if CloseFrom needs it, else -1.
int HighestDescriptor();

// In the child: arranges that exec closes all descriptors from `first` on. `highest` is what
// HighestDescriptor() said; `keep` is close-on-exec already and has to live until then.
// Async-signal-safe, as all in child_after_fork.cc.
void CloseFrom(int first, int keep, int highest) noexcept;

// ---- processes ----------------------------------------------------------------------------------

// Watches a child of this process, which nobody has reaped yet.
absl::StatusOr<std::unique_ptr<ChildWatch>> WatchChild(pid_t pid);

// Refers to a process which is alive, or a zombie that stays one during the call. It may be
// somebody else's child.
class ProcessRef : public Pollable {
 public:
  // Whether it has ended; a zombie has.
  virtual bool Ended() = 0;
  // As kill(), and never reaches another process, as far as the system allows.
  virtual int Signal(int signal) = 0;
};
absl::StatusOr<std::unique_ptr<ProcessRef>> OpenProcess(pid_t pid);

// The number of threads of this process; 1 where the system does not tell.
absl::StatusOr<int> ThreadCount();

// ---- threads ------------------------------------------------------------------------------------

// Where a new thread begins: on the processor of its creator. Elsewhere its start, and the end of
// the process if that comes soon, would have to wake another processor, which costs more than all
// else that a start needs. Does nothing where the system cannot.
class ThreadPlacement {
 public:
  // In the creator, before and after.
  void Narrow();
  void Restore() const;
  // In the thread, before anything else: it may go where its creator could.
  void Widen() const { Restore(); }

 private:
  std::array<uint64_t, 16> allowed_ = {};  // processors, as a mask
  bool narrowed_ = false;
};

// ---- liveness -----------------------------------------------------------------------------------

absl::StatusOr<ProcessIdentity> Self();
absl::StatusOr<bool> IsAlive(const ProcessIdentity& process);
absl::StatusOr<std::unique_ptr<DeathNotice>> WatchDeath(const ProcessIdentity& process);

// ---- memory -------------------------------------------------------------------------------------

// A shared memory object of at least `size` bytes, all of them zero and reserved.
absl::StatusOr<Fd> CreateMemory(uint64_t size);

// Makes a new, empty file such an object.
absl::Status MakeMemory(int fd, uint64_t size);

// The size that CreateMemory or MakeMemory was asked for; an error if they did not make `fd`.
absl::StatusOr<uint64_t> MemorySize(int fd);

// How the paths begin of the files that are this user's named memory; their directory is there.
absl::StatusOr<std::string> NamedMemoryPrefix();

// ---- park and unpark ----------------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell);
void Unpark(ParkerCell& cell);

// ---- the system ---------------------------------------------------------------------------------

// Processors that the process may use, before they are limited to those that are online.
int UsableCpus(int online);

// When the file was last written to, and when anything about it was changed. The members have two
// names.
struct FileTimes {
  int64_t written;  // in nanoseconds
  int64_t changed;
};
FileTimes TimesOf(const struct stat& file);

absl::StatusOr<std::string> ProgramPath(std::string_view argv0);

// In a child: names it as its program is named, if the path by which it was started hides that from
// tools which list processes.
void RestoreProcessName();

}  // namespace isoproc::port::posix::os

#endif  // ISOPROC_POSIX_OS_H_
