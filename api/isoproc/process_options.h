// What can be said about a process before it starts.
#ifndef ISOPROC_PROCESS_OPTIONS_H_
#define ISOPROC_PROCESS_OPTIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace isoproc {

// How a child comes into being.                                                         [CTX-01]
enum class StartMethod {
  // The program is started again and the child gets what it was given, nothing else. Everywhere,
  // and the default.
  kSpawn,
  // A fork server, itself spawned at the first use, forks on request: as clean as kSpawn and
  // faster, since the program is not started again. Static initialisers ran once, in the server.
  // Where there is fork(): not on Windows. One server for each executable.      [CTX-31, CTX-42]
  kForkServer,
  // The calling process is forked. For experts: the child has all memory and descriptors of its
  // parent [CTX-15]; refused if the process has more than one thread; when the target returns, the
  // child ends without running exit handlers or static destructors, which are the parent's. What C
  // streams have buffered is written before the fork, and once more at the child's end, so that
  // nothing is lost or written twice; other buffers are the program's concern. Linux only.
  kFork,
};

// The methods that this platform has; kSpawn, the default, first.              [CTX-01, CTX-02]
std::vector<StartMethod> StartMethods();

// What becomes of a child whose Process is destroyed, or whose parent exits.            [PROC-41]
enum class AtExit {
  kJoin,  // wait for its end, at most ProcessOptions::exit_timeout, then kill it
  kKill,  // kill it
};

// Where a standard stream of a child leads.
class StandardStream {
 public:
  enum class Kind { kNull, kInherit, kReadFile, kWriteFile, kAppendFile, kHandle };

  // The null device: reads end at once, writes vanish.
  static StandardStream Null() { return StandardStream(Kind::kNull); }
  // The same as the parent's; the null device if the parent has closed it.
  static StandardStream Inherit() { return StandardStream(Kind::kInherit); }
  // Files: `path` is UTF-8, relative to the parent's working directory. FromFile must exist; ToFile
  // is created or emptied; each write to an AppendToFile goes to its end. Start is
  // PermissionDenied if `path` is a directory.                                         [PROC-69]
  // To open a FIFO, POSIX waits for its other end, whatever start_timeout says: where that may not
  // be, open it and use FromHandle.
  static StandardStream FromFile(std::string path) {
    return StandardStream(Kind::kReadFile, std::move(path));
  }
  static StandardStream ToFile(std::string path) {
    return StandardStream(Kind::kWriteFile, std::move(path));
  }
  static StandardStream AppendToFile(std::string path) {
    return StandardStream(Kind::kAppendFile, std::move(path));
  }
  // A file descriptor, or a Win32 HANDLE cast to an integer. The caller keeps it, and keeps it open
  // until Start has returned, which is InvalidArgument if it is not open.               [PROC-70]
  static StandardStream FromHandle(int64_t native) {
    return StandardStream(Kind::kHandle, {}, native);
  }

  Kind kind() const { return kind_; }
  const std::string& path() const { return path_; }
  int64_t native() const { return native_; }

 private:
  explicit StandardStream(Kind kind, std::string path = {}, int64_t native = 0)
      : kind_(kind), path_(std::move(path)), native_(native) {}

  Kind kind_;
  std::string path_;
  int64_t native_;
};

// Options of Process::Start. Strings are UTF-8 without NUL bytes.
struct ProcessOptions {
  // Shown by Process::name and, in the child, by CurrentProcess. Need not be unique. Empty: a
  // default.                                                                            [PROC-14]
  std::string name = {};
  AtExit at_exit = AtExit::kJoin;
  // With kJoin, how long the destructor and the parent's exit wait before they kill.   [PROC-42]
  absl::Duration exit_timeout = absl::InfiniteDuration();
  // How long Start waits until the child is ready, and for a fork server.              [CTX-41]
  absl::Duration start_timeout = absl::InfiniteDuration();
  // The child outlives its parent, and the destructor leaves it alone. Otherwise it ends when its
  // parent dies, in whatever way.                                                       [PROC-44]
  bool detached = false;
  StartMethod start_method = StartMethod::kSpawn;
  StandardStream standard_input = StandardStream::Null();  // [PROC-60]
  StandardStream standard_output = StandardStream::Inherit();
  StandardStream standard_error = StandardStream::Inherit();
  // The child's whole environment. nullopt: the parent's, as it is when Start is called. [CTX-16]
  // On Windows SystemRoot is added if it is missing: parts of the system do not load without it.
  std::optional<std::map<std::string, std::string>> environment = std::nullopt;
  // Empty: the parent's, as it is when Start is called.                                 [CTX-16]
  std::string working_directory = {};
};

namespace internal {
template <class... Args>
inline constexpr bool kStartsWithOptions = false;
template <class First, class... Rest>
inline constexpr bool kStartsWithOptions<First, Rest...> =
    std::is_same_v<std::remove_cvref_t<First>, ProcessOptions>;
}  // namespace internal

}  // namespace isoproc

#endif  // ISOPROC_PROCESS_OPTIONS_H_
