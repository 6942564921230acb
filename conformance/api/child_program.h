// The programs of conformance/children, as cases use them.
#ifndef ISOPROC_CONFORMANCE_API_CHILD_PROGRAM_H_
#define ISOPROC_CONFORMANCE_API_CHILD_PROGRAM_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

// The path of a program, which is beside this one: "plain" is isoproc-conformance-plain.
std::string ChildProgram(std::string_view name);

// What a program did that a user started.
struct ProgramRun {
  std::string end;     // "exited 3"
  std::string output;  // of it and its children
};

// Runs the program at `path` to its end, or kills it when it takes too long. `adjust` may change
// the request. The bootstrap stream of the request stays the caller's.
absl::StatusOr<ProgramRun> RunProgram(
    const std::string& path, const std::vector<std::string>& arguments = {},
    const std::function<void(port::SpawnRequest& request)>& adjust = nullptr);

// While an object of it lives, children run another program than this one.
class UseExecutable {
 public:
  explicit UseExecutable(const std::string& path);
  UseExecutable(const UseExecutable&) = delete;
  UseExecutable& operator=(const UseExecutable&) = delete;
  ~UseExecutable();
};

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_API_CHILD_PROGRAM_H_
