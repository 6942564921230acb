// What the tests of this port share.
#ifndef ISOPROC_POSIX_TESTS_SUPPORT_H_
#define ISOPROC_POSIX_TESTS_SUPPORT_H_

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/fd.h"
#include "posix/syscalls.h"

#define ASSERT_OK(expression)                                   \
  do {                                                          \
    const absl::Status assert_ok_status = ToStatus(expression); \
    ASSERT_TRUE(assert_ok_status.ok()) << assert_ok_status;     \
  } while (false)
#define EXPECT_OK(expression) EXPECT_TRUE(ToStatus(expression).ok()) << ToStatus(expression)
#define EXPECT_CODE(expression, expected) \
  EXPECT_EQ(ToStatus(expression).code(), absl::StatusCode::expected) << ToStatus(expression)

namespace isoproc::port::posix {

inline absl::Status ToStatus(const absl::Status& status) { return status; }
template <typename T>
absl::Status ToStatus(const absl::StatusOr<T>& result) {
  return result.status();
}

// Long enough for any machine; a test that gets there fails.
Deadline Soon();

// Runs the body of a child that this test program was started for, if it was; see children.cc.
void RunIfChild(int argc, char** argv);

// A request that starts this program as the child `mode`.
SpawnRequest ChildRequest(std::vector<std::string> mode);

// What a child is to be asked over its bootstrap stream.
inline constexpr char kGreeting[] = "isoproc test";

struct Pipe {
  Fd read;
  Fd write;
};
Pipe MakePipe();
std::string ReadAll(int fd);

// Runs a child with its standard output captured; fails the test if it does not exit with 0.
std::string OutputOf(SpawnRequest request);

// Opened, whatever for.
std::set<int> OpenDescriptors();

// This process has no child, not even a zombie.
bool NoChildLeft();

// Whether a process that is not a child of this one lives. Waits for its end a while.
bool EndsSoon(pid_t pid);

// Runs `body` in a forked copy of this process, which exits with 0 if it returns true. False if it
// does not, or crashes.
bool InForkedCopy(const std::function<bool()>& body);

// Puts the table of system calls back as it was.
class ScopedSyscalls {
 public:
  ScopedSyscalls() : saved_(sys) {}
  ScopedSyscalls(const ScopedSyscalls&) = delete;
  ScopedSyscalls& operator=(const ScopedSyscalls&) = delete;
  ~ScopedSyscalls() { sys = saved_; }

 private:
  const Syscalls saved_;
};

}  // namespace isoproc::port::posix

#endif  // ISOPROC_POSIX_TESTS_SUPPORT_H_
