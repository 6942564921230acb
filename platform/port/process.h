// Child processes: how one is started, watched and ended.
//
// Glossary.  child: a process started by Spawn, SpawnFromServer or Fork of the calling process.
//            bootstrap stream: the one end of a stream that a child receives at birth.
//            family: a child, and what it started, while no new family was begun in between.
#ifndef ISOPROC_PLATFORM_PORT_PROCESS_H_
#define ISOPROC_PLATFORM_PORT_PROCESS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "platform/base/termination.h"
#include "platform/port/stream.h"
#include "platform/port/waitable.h"

namespace isoproc::port {

// Where one of a child's three standard streams leads.
struct StandardStream {
  enum class Kind {
    kNull,        // the null device
    kInherit,     // the caller's own; the null device if the caller has closed it  [PROC-59]
    kReadFile,    // `path`, opened for reading; it must exist
    kWriteFile,   // `path`, created or emptied, opened for writing
    kAppendFile,  // `path`, created if missing, each write goes to the end
    kHandle,      // `native`, a descriptor or HANDLE that the caller keeps owning
  };
  Kind kind = Kind::kInherit;
  std::string path;    // UTF-8; relative paths start at the caller's working directory
  int64_t native = 0;  // for kHandle
};

// All that Spawn needs to know. Strings are UTF-8 and hold no NUL byte.
struct SpawnRequest {
  std::string program;                 // path of the program image
  std::vector<std::string> arguments;  // argv, the program's name first
  // The whole environment; nullopt: the caller's as it is now. A later entry of the same name wins.
  std::optional<std::vector<std::pair<std::string, std::string>>> environment;
  std::string working_directory;  // empty: the caller's
  std::array<StandardStream, 3> standard_streams;
  // The child's end. Borrowed for the call: the caller destroys it afterwards, so that the child's
  // is the only copy. The port appends `bootstrap_prefix` + a token as the last argument; the child
  // gives the token to Port::AdoptBootstrap.
  Stream* bootstrap = nullptr;
  std::string bootstrap_prefix;
  // True: the child, and all that it starts, outlive the caller. False: see Port::Spawn.
  bool detached = false;
};

// A child. Destroying the object neither ends nor awaits the child; a child which has ended is
// reaped then, one which still runs stays a child that nobody awaits (so keep the object).
// Thread safety: all functions from any number of threads.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;

  virtual int64_t pid() const = 0;

  // Waits for the child's end and reaps it.
  // Blocks:    until the child has ended or `deadline`.
  // On OK:     the same Termination in this and every later call, from all threads.     [CHLD-01]
  //            kind kUnknown if somebody else reaped the child.                         [PROC-65]
  // Errors:    DeadlineExceeded: it still runs.
  virtual absl::StatusOr<Termination> Wait(Deadline deadline) = 0;

  // Ends the child at once; it cannot refuse and runs no handlers. Its Termination will be
  // kSignalled `signal`, unless it ended otherwise before; of several calls the first counts.
  // Does nothing to a child that has ended, whoever owns its process id now.            [CHLD-02]
  // Requires:  `signal` is kSigKill or kSigTerm.
  // Blocks:    never.
  // Errors:    PermissionDenied: the child has changed to another user.
  virtual absl::Status Kill(int signal) = 0;

  // As Kill, for the child and the processes in its family.                            [CHLD-03]
  // Processes that left the family by intent (a new session, a break-away) are not reached. Also
  // works after the child itself has ended, as long as it was not yet awaited.
  virtual absl::Status KillTree(int signal) = 0;

  // Ready when the child has ended; stays ready; looking at it reaps nothing.   [PROC-45, PROC-46]
  // Lives as long as this object.
  virtual Waitable& notice() = 0;
};

// Runs in a child that was made by fork. Never returns. The child owns the stream.
using ForkedEntry = std::function<void(std::unique_ptr<Stream> bootstrap)>;

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_PROCESS_H_
