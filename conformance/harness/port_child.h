// Children for the cases of conformance/port: started with Port::Spawn alone, so that a port can be
// judged before the core works on it.
#ifndef ISOPROC_CONFORMANCE_HARNESS_PORT_CHILD_H_
#define ISOPROC_CONFORMANCE_HARNESS_PORT_CHILD_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

// What the other half of a case has in its process.
struct PortChildContext {
  port::Port& port;
  port::Stream& stream;                // to the case
  std::vector<std::string> arguments;  // as given to SpawnPortChild
};
using PortChildBody = int (*)(PortChildContext& context);  // gives the exit code

// A running child; its destructor kills and awaits it.
struct PortChild {
  PortChild() = default;
  PortChild(PortChild&&) = default;
  PortChild& operator=(PortChild&&) = delete;
  ~PortChild();

  std::unique_ptr<port::ChildProcess> process;
  std::unique_ptr<port::Stream> stream;
};

// Starts the body that ISOPROC_PORT_CHILD(name) has. `adjust` may change the request.
absl::StatusOr<PortChild> SpawnPortChild(
    port::Port& port, std::string_view name, const std::vector<std::string>& arguments = {},
    const std::function<void(port::SpawnRequest& request)>& adjust = nullptr);

// Called at the beginning of the program: runs a body and does not return, if this is a child.
void RunPortChild(int argc, char** argv);

bool AddPortChild(std::string_view name, PortChildBody body);

}  // namespace isoproc::conformance

//   ISOPROC_PORT_CHILD(ExitsWithSeven) { return 7; }
#define ISOPROC_PORT_CHILD(name)                                      \
  int name##_Body(::isoproc::conformance::PortChildContext& context); \
  [[maybe_unused]] const bool name##_is_a_child =                     \
      ::isoproc::conformance::AddPortChild(#name, &name##_Body);      \
  int name##_Body([[maybe_unused]] ::isoproc::conformance::PortChildContext& context)

#endif  // ISOPROC_CONFORMANCE_HARNESS_PORT_CHILD_H_
