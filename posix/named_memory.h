// Shared memory that has a name: a file, where the profile keeps such files.
//
// Whoever has such a file open holds a shared lock on it (flock), which travels with the
// descriptor; the system drops it with the last copy, in whatever way the processes end. So who
// gets the exclusive lock knows that nobody has the file. It is taken for one thing: to remove what
// is left when the last holder was killed. A lock counts only if the path still leads to the file
// once it is held.
//
// A new file is prepared under a path that is no name; a link to it then commits it.
#ifndef ISOPROC_POSIX_NAMED_MEMORY_H_
#define ISOPROC_POSIX_NAMED_MEMORY_H_

#include <sys/stat.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/memory.h"
#include "posix/fd.h"

namespace isoproc::port::posix {

// Whether it is a file that only this user can open.
bool IsOwnFile(const struct stat& file);

// A file that only this object knows. The destructor takes its path away, but not the file from
// those who have it open.
class NewFile {
 public:
  // Errors:    as Port::CreateNamedSegment, but for AlreadyExists.
  static absl::StatusOr<NewFile> Create();
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  Fd& fd() { return fd_; }

  // Gives it the name.
  // Errors:    AlreadyExists.
  absl::Status Publish(const std::string& name) const;

 private:
  explicit NewFile(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty: moved from
  Fd fd_;
};

// The file of that name, which the caller then holds.
// Errors:    as Port::OpenNamedSegment.
absl::StatusOr<Fd> OpenNamedMemory(const std::string& name, SegmentAccess access);

// See Port::UnlinkSegment.
absl::Status UnlinkNamedMemory(const std::string& name);

// Whether a process lives that has memory of this name.
absl::StatusOr<bool> NamedMemoryExists(const std::string& name);

// Removes all named memory of this user that nobody has.
void SweepNamedMemory();

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_NAMED_MEMORY_H_
