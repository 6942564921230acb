// What the tests of this port share: children, which are this program started again, lines of text
// over streams, and a count of handles.
#ifndef ISOPROC_WIN32_TESTS_SUPPORT_H_
#define ISOPROC_WIN32_TESTS_SUPPORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/deadline.h"
#include "platform/port/port.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {

// Long enough for any machine; reached only if a test fails.
Deadline Generous();
// Over already: tries once.
Deadline Expired();

// ---- children -----------------------------------------------------------------------------------

struct ChildContext {
  std::vector<std::string> arguments;  // those of Start(), as the child got them
  std::unique_ptr<Stream> stream;      // null if started by StartPlain
};

// A function that runs in a child, under a name. Defined at namespace scope in tests.
class ChildProgram {
 public:
  using Main = int (*)(ChildContext& context);
  ChildProgram(std::string_view name, Main main);

  std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

struct StartedChild {
  std::unique_ptr<ChildProcess> process;
  std::unique_ptr<Stream> stream;
};

// A request that Start() would make; to be changed by the caller. Standard input is the null
// device.
SpawnRequest RequestFor(const ChildProgram& program,
                        const std::vector<std::string>& arguments = {});

// Starts a child by Port::Spawn with a bootstrap stream.
absl::StatusOr<StartedChild> Start(SpawnRequest request);
absl::StatusOr<StartedChild> Start(const ChildProgram& program,
                                   const std::vector<std::string>& arguments = {});

// Starts a child as a program that knows nothing of isoproc would. Returns its process handle.
UniqueHandle StartPlain(const ChildProgram& program, const std::vector<std::string>& arguments);

// This program's main(): runs a child program if it was started as one.
int RunTests(int argc, char** argv);

// ---- lines of text ------------------------------------------------------------------------------

void SendLine(Stream& stream, std::string_view line);
// "<end>" at the end of the stream.
std::string ReceiveLine(Stream& stream);

absl::Span<const std::byte> BytesOf(std::string_view text);

// An identity as text, to be sent.
std::string ToText(const ProcessIdentity& identity);
ProcessIdentity IdentityFrom(const std::string& text);

// ---- looking at processes and handles -----------------------------------------------------------

// Blocks until that process is dead; false if it did not die.
bool Dies(const ProcessIdentity& identity);

// Wine is not Windows; what it cannot show is skipped.
bool IsWine();

// An event with a name, for processes that share no stream.
UniqueHandle NamedEvent(const std::string& name);
std::string UniqueName();

// Runs `body` some times and expects that no handles are left; the first time may open some that
// stay. `slack`: as many may be new, for what the system keeps as it likes.
void ExpectNoHandleLeak(const std::function<void()>& body, int slack = 0);

// For StatusOr.
template <typename T>
absl::StatusCode CodeOf(const absl::StatusOr<T>& result) {
  return result.status().code();
}

}  // namespace isoproc::port::win32

#endif  // ISOPROC_WIN32_TESTS_SUPPORT_H_
