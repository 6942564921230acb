#include "posix/request.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/native_error.h"
#include "platform/port/process.h"
#include "posix/child_after_fork.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/syscalls.h"

// Not in a header everywhere.
extern "C" char** environ;

namespace isoproc::port::posix {
namespace {

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

absl::Status NulIn(const char* what) {
  return absl::InvalidArgumentError(std::string("a NUL in ") + what);
}

absl::StatusOr<Fd> OpenFile(const StandardStream& stream) {
  int flags = O_CLOEXEC | O_NOCTTY;
  if (stream.kind == StandardStream::Kind::kReadFile) {
    flags |= O_RDONLY;
  } else if (stream.kind == StandardStream::Kind::kWriteFile) {
    flags |= O_WRONLY | O_CREAT | O_TRUNC;
  } else {
    flags |= O_WRONLY | O_CREAT | O_APPEND;
  }
  const int fd = RetryOnEintr([&] { return sys.open(stream.path.c_str(), flags, 0666); });
  if (fd < 0) return Annotate(PosixError(errno, "open"), stream.path);
  Fd moved(AboveStandardStreams(fd));
  if (!moved) return PosixError(errno, "fcntl");
  struct stat status;
  // Refused by open() to who would write, but not to who would read.
  if (::fstat(moved.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return Annotate(PosixError(EISDIR, "open"), stream.path);
  }
  return moved;
}

absl::StatusOr<int> DescriptorOf(const StandardStream& stream) {
  const bool fits = stream.native >= 0 && stream.native <= std::numeric_limits<int>::max();
  const int fd = fits ? static_cast<int>(stream.native) : -1;
  if (fits && (sys.fcntl(fd, F_GETFD, 0) >= 0 || errno != EBADF)) return fd;
  return Annotate(PosixErrorAs(absl::StatusCode::kInvalidArgument, EBADF, "fcntl"),
                  std::to_string(stream.native) + " is not an open file descriptor");
}

}  // namespace

StringArray StringArray::CurrentEnvironment() {
  static char* const kEmpty[] = {nullptr};
  StringArray array;
  array.borrowed_ = ::environ != nullptr ? ::environ : kEmpty;  // clearenv() leaves null
  return array;
}

StringArray::StringArray(std::vector<std::string> strings) : strings_(std::move(strings)) {
  pointers_.reserve(strings_.size() + 1);
  for (std::string& string : strings_) pointers_.push_back(string.data());
  pointers_.push_back(nullptr);
}

absl::Status Validate(const SpawnRequest& request) {
  if (HasNul(request.program)) return NulIn("the program's path");
  if (HasNul(request.working_directory)) return NulIn("the working directory");
  for (const std::string& argument : request.arguments) {
    if (HasNul(argument)) return NulIn("an argument");
  }
  if (HasNul(request.bootstrap_prefix)) return NulIn("the bootstrap prefix");
  for (const StandardStream& stream : request.standard_streams) {
    if (HasNul(stream.path)) return NulIn("the path of a standard stream");
  }
  if (!request.environment.has_value()) return absl::OkStatus();
  for (const auto& [name, value] : *request.environment) {
    if (HasNul(name) || HasNul(value)) return NulIn("the environment");
    if (name.empty() || name.find('=') != std::string::npos) {
      return absl::InvalidArgumentError("not a name for the environment: \"" + name + "\"");
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> EnvironmentStrings(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<std::string> strings;
  strings.reserve(environment.size());
  std::unordered_set<std::string_view> seen;
  for (auto entry = environment.rbegin(); entry != environment.rend(); ++entry) {
    if (seen.insert(entry->first).second) strings.push_back(entry->first + "=" + entry->second);
  }
  return strings;
}

absl::StatusOr<StandardStreamSources> OpenStandardStreams(const SpawnRequest& request) {
  StandardStreamSources result;
  for (size_t i = 0; i < 3; ++i) {
    const StandardStream& stream = request.standard_streams[i];
    switch (stream.kind) {
      case StandardStream::Kind::kNull:
        result.sources[i] = ChildSetup::kNullDevice;
        break;
      case StandardStream::Kind::kInherit:
        result.sources[i] = ChildSetup::kInherited;
        break;
      case StandardStream::Kind::kHandle: {
        const absl::StatusOr<int> fd = DescriptorOf(stream);
        if (!fd.ok()) return fd.status();
        result.sources[i] = *fd;
        break;
      }
      case StandardStream::Kind::kReadFile:
      case StandardStream::Kind::kWriteFile:
      case StandardStream::Kind::kAppendFile: {
        absl::StatusOr<Fd> fd = OpenFile(stream);
        if (!fd.ok()) return fd.status();
        result.sources[i] = fd->get();
        result.opened[i] = *std::move(fd);
        break;
      }
    }
  }
  return result;
}

absl::StatusOr<std::string> CurrentDirectory() {
  std::string buffer(256, '\0');
  while (::getcwd(buffer.data(), buffer.size()) == nullptr) {
    if (errno != ERANGE) return PosixError(errno, "getcwd");
    buffer.resize(buffer.size() * 2);
  }
  buffer.resize(std::strlen(buffer.data()));
  return buffer;
}

ChildSetup::Group GroupFor(const SpawnRequest& request) {
  if (request.detached) return ChildSetup::Group::kSession;
  // A group in the background is stopped as soon as it reads from the terminal.
  const bool terminal = request.standard_streams[0].kind == StandardStream::Kind::kInherit &&
                        ::isatty(STDIN_FILENO) == 1;
  return terminal ? ChildSetup::Group::kStay : ChildSetup::Group::kLead;
}

absl::Status SetupError(const SetupFailure& failure, const SpawnRequest& request) {
  switch (failure.stage) {
    case SetupStage::kNone:
      break;
    case SetupStage::kFork:
      return PosixError(failure.error, "fork");
    case SetupStage::kGroup:
      return PosixError(failure.error, "setpgid");
    case SetupStage::kDirectory:
      return Annotate(PosixError(failure.error, "chdir"), request.working_directory);
    case SetupStage::kNullDevice:
      return Annotate(PosixError(failure.error, "open"), "the null device");
    case SetupStage::kDescriptors:
      // The descriptors of the port are valid, so it was one that the caller named.
      if (failure.error == EBADF) {
        return PosixErrorAs(absl::StatusCode::kInvalidArgument, failure.error, "dup2");
      }
      return PosixError(failure.error, "dup2");
    case SetupStage::kExec:
      return Annotate(PosixError(failure.error, "execve"), request.program);
  }
  return absl::InternalError("a child failed in a way unknown here");
}

}  // namespace isoproc::port::posix
