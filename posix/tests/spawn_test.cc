#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/stream.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A directory of its own that vanishes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(testing::TempDir() + "/isoproc-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
    path_ =
        std::unique_ptr<char, void (*)(void*)>(::realpath(path_.c_str(), nullptr), ::free).get();
  }
  ~TemporaryDirectory() { (void)!::system(("rm -rf '" + path_ + "'").c_str()); }
  const std::string& path() const { return path_; }
  std::string File(const std::string& name, const std::string& text = "") const {
    std::string path = path_ + "/" + name;
    if (FILE* file = ::fopen(path.c_str(), "w"); file != nullptr) {
      ::fwrite(text.data(), 1, text.size(), file);
      ::fclose(file);
    }
    return path;
  }

 private:
  std::string path_;
};

std::string TextOf(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd ? ReadAll(fd.get()) : "<missing>";
}

int ExitCodeOf(const SpawnRequest& request) {
  auto child = HostPort().Spawn(request);
  EXPECT_TRUE(child.ok()) << child.status();
  if (!child.ok()) return -1;
  auto end = (*child)->Wait(Soon());
  EXPECT_TRUE(end.ok()) << end.status();
  return end.ok() && end->kind == Termination::Kind::kExited ? end->value : -1;
}

// After each test: no child, no zombie, no descriptor more than before, and the signal mask as it
// was.
class SpawnTest : public testing::Test {
 protected:
  void SetUp() override {
    ::sigprocmask(SIG_SETMASK, nullptr, &mask_);
    before_ = OpenDescriptors();
  }
  void TearDown() override {
    EXPECT_TRUE(NoChildLeft());
    EXPECT_EQ(OpenDescriptors(), before_);
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    for (int signal = 1; signal < NSIG; ++signal) {
      EXPECT_EQ(sigismember(&mask, signal), sigismember(&mask_, signal)) << signal;
    }
  }

 private:
  sigset_t mask_;
  std::set<int> before_;
};

TEST_F(SpawnTest, ExitCodeArrives) {
  EXPECT_EQ(ExitCodeOf(ChildRequest({"exit", "0"})), 0);
  EXPECT_EQ(ExitCodeOf(ChildRequest({"exit", "255"})), 255);
}

TEST_F(SpawnTest, ArgumentsArriveUnchanged) {
  EXPECT_EQ(OutputOf(ChildRequest({"arguments", "", "a b", "\"'\\", "\xc3\xa4", "*"})),
            "[][a b][\"'\\][\xc3\xa4][*]");
}

TEST_F(SpawnTest, EnvironmentIsTheCallersNow) {
  ::setenv("ISOPROC_TEST", "late", 1);
  EXPECT_THAT(OutputOf(ChildRequest({"environment"})), HasSubstr("ISOPROC_TEST=late\n"));
  ::unsetenv("ISOPROC_TEST");
}

TEST_F(SpawnTest, EnvironmentIsReplacedAndTheLastOfANameWins) {
  SpawnRequest request = ChildRequest({"environment"});
  request.environment.emplace() = {{"A", "1"}, {"B", "x=y"}, {"A", "2"}};
  const std::string output = OutputOf(request);
  EXPECT_THAT(output, HasSubstr("A=2\n"));
  EXPECT_THAT(output, HasSubstr("B=x=y\n"));
  EXPECT_THAT(output, Not(HasSubstr("A=1\n")));
  EXPECT_THAT(output, Not(HasSubstr("PATH=")));
}

TEST_F(SpawnTest, WorkingDirectory) {
  const TemporaryDirectory directory;
  SpawnRequest request = ChildRequest({"directory"});
  request.working_directory = directory.path();
  EXPECT_EQ(OutputOf(request), directory.path());
}

TEST_F(SpawnTest, RelativeProgramIsTheCallersAlsoWithAWorkingDirectory) {
  const TemporaryDirectory directory;
  SpawnRequest request = ChildRequest({"exit", "3"});
  char before[4096];
  ASSERT_NE(::getcwd(before, sizeof(before)), nullptr);
  ASSERT_EQ(::chdir("/"), 0);
  request.program = request.program.substr(1);
  request.working_directory = directory.path();
  EXPECT_EQ(ExitCodeOf(request), 3);
  ASSERT_EQ(::chdir(before), 0);
}

TEST_F(SpawnTest, FilesAsStandardStreams) {
  const TemporaryDirectory directory;
  const std::string out = directory.File("out", "old and longer");
  const std::string err = directory.File("err", "old ");
  SpawnRequest request = ChildRequest({"streams"});
  request.standard_streams[1] = {StandardStream::Kind::kWriteFile, out};
  request.standard_streams[2] = {StandardStream::Kind::kAppendFile, err};
  EXPECT_EQ(ExitCodeOf(request), 0);
  EXPECT_EQ(TextOf(out), "out");
  EXPECT_EQ(TextOf(err), "old err");

  request = ChildRequest({"cat"});
  request.standard_streams[0] = {StandardStream::Kind::kReadFile, out};
  EXPECT_EQ(OutputOf(request), "out");
}

TEST_F(SpawnTest, OneDescriptorForTwoStreams) {
  Pipe pipe = MakePipe();
  SpawnRequest request = ChildRequest({"streams"});
  for (size_t i : {1U, 2U}) {
    request.standard_streams[i].kind = StandardStream::Kind::kHandle;
    request.standard_streams[i].native = pipe.write.get();
  }
  EXPECT_EQ(ExitCodeOf(request), 0);
  pipe.write.reset();
  EXPECT_EQ(ReadAll(pipe.read.get()), "outerr");
}

TEST_F(SpawnTest, ErrorsAreThoseOfTheContract) {
  const TemporaryDirectory directory;
  SpawnRequest request = ChildRequest({"exit", "0"});
  request.program = directory.path() + "/missing";
  EXPECT_CODE(HostPort().Spawn(request), kNotFound);
  request.program = directory.File("not-executable", "text");
  EXPECT_CODE(HostPort().Spawn(request), kPermissionDenied);
  ASSERT_EQ(::chmod(request.program.c_str(), 0700), 0);
  EXPECT_CODE(HostPort().Spawn(request), kPermissionDenied);  // no format that the system knows
  request.program = directory.path();
  EXPECT_CODE(HostPort().Spawn(request), kPermissionDenied);

  request = ChildRequest({"exit", "0"});
  request.working_directory = directory.path() + "/missing";
  EXPECT_CODE(HostPort().Spawn(request), kNotFound);
  request.working_directory = directory.File("file");
  EXPECT_CODE(HostPort().Spawn(request), kNotFound);

  request = ChildRequest({"exit", "0"});
  request.standard_streams[0] = {StandardStream::Kind::kReadFile, directory.path() + "/missing"};
  EXPECT_CODE(HostPort().Spawn(request), kNotFound);
  request.standard_streams[0] = {.kind = StandardStream::Kind::kHandle, .path = "", .native = 1000};
  EXPECT_CODE(HostPort().Spawn(request), kInvalidArgument);

  request = ChildRequest({"exit", "0", std::string(64 << 20, 'x')});
  EXPECT_CODE(HostPort().Spawn(request), kResourceExhausted);

  using std::string_literals::operator""s;
  request = ChildRequest({"exit\0"s});
  EXPECT_CODE(HostPort().Spawn(request), kInvalidArgument);
  request = ChildRequest({"exit", "0"});
  request.program += "\0x"s;
  EXPECT_CODE(HostPort().Spawn(request), kInvalidArgument);
  for (const char* name : {"", "A=B"}) {
    request = ChildRequest({"exit", "0"});
    request.environment.emplace().emplace_back(name, "value");
    EXPECT_CODE(HostPort().Spawn(request), kInvalidArgument);
  }
}

TEST_F(SpawnTest, NoStrayDescriptorArrives) {
  const Fd stray(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC: inheritable
  const Fd high(::fcntl(stray.get(), F_DUPFD, 700));
  ASSERT_TRUE(stray && high);
  auto pair = HostPort().CreateStreamPair();
  ASSERT_OK(pair);
  SpawnRequest request = ChildRequest({"descriptors"});
  EXPECT_EQ(OutputOf(request), "0 1 2 ");
  request.bootstrap = pair->second.get();
  EXPECT_EQ(OutputOf(request), "0 1 2 3 ");
}

TEST_F(SpawnTest, SignalsAreReset) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction handle = {};
  handle.sa_handler = [](int) {};
  struct sigaction old_pipe, old_usr1;
  ::sigaction(SIGPIPE, &ignore, &old_pipe);
  ::sigaction(SIGUSR1, &handle, &old_usr1);
  sigset_t blocked, old_mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &old_mask);
  EXPECT_EQ(OutputOf(ChildRequest({"signals"})), "");
  ::sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  ::sigaction(SIGUSR1, &old_usr1, nullptr);
  ::sigaction(SIGPIPE, &old_pipe, nullptr);
}

TEST_F(SpawnTest, ChildLeadsItsGroupAndADetachedOneItsSession) {
  int pid, group, session;
  const std::string attached = OutputOf(ChildRequest({"ids"}));
  ASSERT_EQ(::sscanf(attached.c_str(), "%d %d %d", &pid, &group, &session), 3);
  EXPECT_EQ(group, pid);
  EXPECT_EQ(session, ::getsid(0));
  SpawnRequest request = ChildRequest({"ids"});
  request.detached = true;
  const std::string detached = OutputOf(request);
  ASSERT_EQ(::sscanf(detached.c_str(), "%d %d %d", &pid, &group, &session), 3);
  EXPECT_EQ(group, pid);
  EXPECT_EQ(session, pid);
}

TEST_F(SpawnTest, BootstrapStreamArrivesUnread) {
  auto pair = HostPort().CreateStreamPair();
  ASSERT_OK(pair);
  ASSERT_OK(pair->first->Write(
      absl::MakeConstSpan(reinterpret_cast<const std::byte*>(kGreeting), strlen(kGreeting)),
      Soon()));
  SpawnRequest request = ChildRequest({"wait"});
  request.bootstrap = pair->second.get();
  auto child = HostPort().Spawn(request);
  ASSERT_OK(child);
  pair->second.reset();
  EXPECT_CODE((*child)->Wait(Deadline::After(HostPort().Now(), absl::ZeroDuration())),
              kDeadlineExceeded);
  pair->first.reset();
  auto end = (*child)->Wait(Soon());
  ASSERT_OK(end);
  EXPECT_EQ(end->kind, Termination::Kind::kExited);
  EXPECT_EQ(end->value, 0);
}

TEST_F(SpawnTest, EndFamilyTakesTheGrandchildAlong) {
  auto pair = HostPort().CreateStreamPair();
  ASSERT_OK(pair);
  ASSERT_OK(pair->first->Write(
      absl::MakeConstSpan(reinterpret_cast<const std::byte*>(kGreeting), strlen(kGreeting)),
      Soon()));
  Pipe pipe = MakePipe();
  SpawnRequest request = ChildRequest({"end-family"});
  request.bootstrap = pair->second.get();
  request.standard_streams[1] = {StandardStream::Kind::kHandle, "", pipe.write.get()};
  auto child = HostPort().Spawn(request);
  ASSERT_OK(child);
  pair->second.reset();
  pipe.write.reset();
  char line[32] = {};
  ASSERT_GT(::read(pipe.read.get(), line, sizeof(line) - 1), 0);
  pair->first.reset();
  ASSERT_OK((*child)->Wait(Soon()));
  EXPECT_TRUE(EndsSoon(::atoi(line)));
}

// A process that was started by a child before it adopted its stream has a copy of the stream.
TEST_F(SpawnTest, OnlyTheOwnerFindsTheBootstrapStream) {
  EXPECT_TRUE(InForkedCopy([] {
    const auto find = [](const char* expected) {
      return HostPort().FindBootstrap(
          absl::MakeConstSpan(reinterpret_cast<const std::byte*>(expected), strlen(expected)));
    };
    auto pair = CreateSocketPair();
    if (!pair.ok() || ::send(pair->first.get(), "hello", 5, 0) != 5) return false;
    if (pair->second.get() != 3 && ::dup2(pair->second.get(), 3) != 3) return false;
    if (find("hell").has_value()) return false;
    if (::fcntl(3, F_SETOWN, ::getpid()) != 0) return false;
    if (find("hell") != "3" || find("hello") != "3" || find("jello").has_value()) return false;
    return InForkedCopy([&] { return !find("hello").has_value(); });
  }));
}

TEST_F(SpawnTest, AdoptBootstrapTouchesNothingElse) {
  // In a copy of this process, where descriptor 3 can be made into anything.
  EXPECT_TRUE(InForkedCopy([] {
    const auto adopt = [](const char* token, const char* expected) {
      return HostPort()
          .AdoptBootstrap(token, absl::MakeConstSpan(reinterpret_cast<const std::byte*>(expected),
                                                     strlen(expected)))
          .status()
          .code();
    };
    auto pair = CreateSocketPair();
    if (!pair.ok() || ::send(pair->first.get(), "hello", 5, 0) != 5) return false;
    if (pair->second.get() != 3) {
      if (::dup2(pair->second.get(), 3) != 3) return false;
      pair->second.reset();
    } else {
      (void)pair->second.release();
      ::fcntl(3, F_SETFD, 0);
    }
    const int flags = ::fcntl(3, F_GETFD);
    if (adopt("4", "hello") != absl::StatusCode::kNotFound) return false;
    if (adopt("", "hello") != absl::StatusCode::kNotFound) return false;
    if (adopt("3x", "hello") != absl::StatusCode::kNotFound) return false;
    if (adopt("3", "hullo") != absl::StatusCode::kNotFound) return false;
    if (adopt("3", "hello, too long") != absl::StatusCode::kNotFound) return false;
    if (::fcntl(3, F_GETFD) != flags) return false;
    if (adopt("3", "hello") != absl::StatusCode::kOk) return false;
    // A pipe with the right bytes in it is no stream; nor is a closed descriptor.
    ::close(3);
    if (adopt("3", "hello") != absl::StatusCode::kNotFound) return false;
    int fds[2];
    if (::pipe(fds) != 0) return false;
    if (::write(fds[1], "hello", 5) != 5) return false;
    if (fds[0] != 3) ::dup2(fds[0], 3);
    if (adopt("3", "hello") != absl::StatusCode::kNotFound) return false;
    // Nor is a socket of another kind.
    if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) != 0) return false;
    if (::dup2(fds[0], 3) != 3 || ::send(fds[1], "hello", 5, 0) != 5) return false;
    return adopt("3", "hello") == absl::StatusCode::kNotFound;
  }));
}

// The numbers of the caller's descriptors must not matter: each of the child's four targets may be
// the source of another one, or be closed. All permutations of four sources over 0..3.
class ShuffleTest : public testing::TestWithParam<std::array<int, 4>> {};

TEST_P(ShuffleTest, EverySourceArrives) {
  const std::array<int, 4> numbers = GetParam();
  EXPECT_TRUE(InForkedCopy([&numbers] {
    // Out of the way first: the files with which the child will be connected.
    Fd away[4];
    int fds[2];
    if (::pipe(fds) != 0) return false;
    away[0].reset(::fcntl(fds[0], F_DUPFD_CLOEXEC, 100));
    const Fd input(::fcntl(fds[1], F_DUPFD_CLOEXEC, 100));
    if (::pipe(fds) != 0) return false;
    const Fd output(::fcntl(fds[0], F_DUPFD_CLOEXEC, 100));
    away[1].reset(::fcntl(fds[1], F_DUPFD_CLOEXEC, 100));
    if (::pipe(fds) != 0) return false;
    const Fd errors(::fcntl(fds[0], F_DUPFD_CLOEXEC, 100));
    away[2].reset(::fcntl(fds[1], F_DUPFD_CLOEXEC, 100));
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return false;
    const Fd greeting(::fcntl(fds[0], F_DUPFD_CLOEXEC, 100));
    away[3].reset(::fcntl(fds[1], F_DUPFD_CLOEXEC, 100));
    for (int fd = 0; fd < 100; ++fd) ::close(fd);
    for (size_t i = 0; i < 4; ++i) {
      if (::dup2(away[i].get(), numbers[i]) != numbers[i]) return false;
      ::fcntl(numbers[i], F_SETFD, FD_CLOEXEC);
      away[i].reset();
    }
    // "wait" reads the bootstrap stream to its end; what the others lead to is checked by a shell.
    SpawnRequest request;
    request.program = "/bin/sh";
    request.arguments = {"sh", "-c", "cat; echo err >&2; cat <&3"};
    for (size_t i = 0; i < 3; ++i) {
      request.standard_streams[i] = {StandardStream::Kind::kHandle, "", numbers[i]};
    }
    PosixStream bootstrap{Fd(numbers[3])};
    request.bootstrap = &bootstrap;
    auto child = HostPort().Spawn(request);
    if (!child.ok()) return false;
    for (const int fd : numbers) ::close(fd);
    (void)FdOf(bootstrap.Detach()).release();
    if (::write(input.get(), "in,", 3) != 3) return false;
    ::close(input.get());
    if (::write(greeting.get(), "boot", 4) != 4) return false;
    ::shutdown(greeting.get(), SHUT_WR);
    if (ReadAll(output.get()) != "in,boot") return false;
    if (ReadAll(errors.get()) != "err\n") return false;
    auto end = (*child)->Wait(Soon());
    return end.ok() && end->kind == Termination::Kind::kExited && end->value == 0;
  }));
}

std::vector<std::array<int, 4>> Permutations() {
  std::vector<std::array<int, 4>> all;
  std::array<int, 4> numbers = {0, 1, 2, 3};
  do {
    all.push_back(numbers);
  } while (std::next_permutation(numbers.begin(), numbers.end()));
  all.push_back({3, 4, 5, 0});
  all.push_back({4, 3, 2, 5});
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, ShuffleTest, testing::ValuesIn(Permutations()),
                         [](const testing::TestParamInfo<std::array<int, 4>>& permutation) {
                           std::string name;
                           for (const int number : permutation.param)
                             name += std::to_string(number);
                           return name;
                         });

TEST_F(SpawnTest, ClosedStandardStreamsOfTheCaller) {
  for (int mask = 1; mask < 8; ++mask) {
    EXPECT_TRUE(InForkedCopy([mask] {
      const Fd result(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      for (int fd = 0; fd < 3; ++fd) {
        if ((mask >> fd) & 1) ::close(fd);
      }
      auto pair = HostPort().CreateStreamPair();
      if (!pair.ok() || FdOfStream(*pair->first) <= 2 || FdOfStream(*pair->second) <= 2)
        return false;
      SpawnRequest request = ChildRequest({"descriptors"});
      for (StandardStream& stream : request.standard_streams) {
        stream.kind = StandardStream::Kind::kInherit;
      }
      request.bootstrap = pair->second.get();
      // The child sees exactly its four: what the caller has closed is the null device there.
      request.program = "/bin/sh";
      request.arguments = {"sh", "-c",
                           "for i in 0 1 2 3; do [ -e /dev/fd/$i ] || exit 1; done; "
                           "[ /dev/fd/$1 -ef /dev/null ] || exit 2",
                           "sh",
                           std::to_string(mask & 1   ? 0
                                          : mask & 2 ? 1
                                                     : 2)};
      auto child = HostPort().Spawn(request);
      if (!child.ok()) return false;
      auto end = (*child)->Wait(Soon());
      return end.ok() && end->kind == Termination::Kind::kExited && end->value == 0;
    })) << mask;
  }
}

TEST_F(SpawnTest, OutOfDescriptors) {
  EXPECT_TRUE(InForkedCopy([] {
    std::vector<int> all;
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) all.push_back(fd);
    // With each number of free descriptors, from none to enough: the child exists or it does not.
    for (size_t free = 0; free < 8; ++free) {
      auto child = HostPort().Spawn(ChildRequest({"exit", "5"}));
      if (child.ok()) {
        auto end = (*child)->Wait(Soon());
        if (!end.ok() || end->value != 5 || free == 0) return false;
      } else if (child.status().code() != absl::StatusCode::kResourceExhausted) {
        return false;
      }
      if (!NoChildLeft()) return false;
      if (free == 7) return child.ok();
      ::close(all.back());
      all.pop_back();
    }
    return false;
  }));
}

TEST_F(SpawnTest, TheParentsHandlersDoNotRunInTheChild) {
  // A signal storm at the group of this process, all through the births: the handlers count in the
  // parent's memory, and may run in no other process.
  static volatile sig_atomic_t wrong = 0;
  static pid_t self;
  self = ::getpid();
  struct sigaction action = {};
  action.sa_handler = [](int) {
    if (::getpid() != self) wrong = 1;
  };
  action.sa_flags = SA_RESTART;
  struct sigaction old;
  ::sigaction(SIGALRM, &action, &old);
  const itimerval often = {.it_interval = {0, 200}, .it_value = {0, 200}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ExitCodeOf(ChildRequest({"exit", "1"})), 1);
  const itimerval never = {};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &old, nullptr);
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace isoproc::port::posix
