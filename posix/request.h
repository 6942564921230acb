// The parts of a SpawnRequest that every way of starting a process reads alike.
#ifndef ISOPROC_POSIX_REQUEST_H_
#define ISOPROC_POSIX_REQUEST_H_

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/port/process.h"
#include "posix/child_after_fork.h"
#include "posix/fd.h"

namespace isoproc::port::posix {

// A null-terminated array of strings as exec wants it. Move-only; pointers survive a move.
class StringArray {
 public:
  // With `environ` as it is now. The pointers are the program's own, as with any exec.
  static StringArray CurrentEnvironment();

  StringArray() = default;
  explicit StringArray(std::vector<std::string> strings);
  StringArray(StringArray&&) = default;
  StringArray& operator=(StringArray&&) = default;

  char* const* data() const { return borrowed_ != nullptr ? borrowed_ : pointers_.data(); }
  // Requires: not borrowed.
  char** mutable_data() { return pointers_.data(); }

 private:
  char* const* borrowed_ = nullptr;
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

// Errors: InvalidArgument: a NUL in a string, or a bad name in the environment.
absl::Status Validate(const SpawnRequest& request);

// "NAME=value" strings; the last one of each name.
std::vector<std::string> EnvironmentStrings(
    const std::vector<std::pair<std::string, std::string>>& environment);

// What the standard streams of a request are made of, for ChildSetup::standard_streams.
struct StandardStreamSources {
  std::array<int, 3> sources;
  std::array<Fd, 3> opened;  // those among them that were opened for it
};
absl::StatusOr<StandardStreamSources> OpenStandardStreams(const SpawnRequest& request);

// Where relative paths of the caller begin.
absl::StatusOr<std::string> CurrentDirectory();

// Which process group the child belongs to.
ChildSetup::Group GroupFor(const SpawnRequest& request);

// What the child's failure means, in words of the request.
absl::Status SetupError(const SetupFailure& failure, const SpawnRequest& request);

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_REQUEST_H_
