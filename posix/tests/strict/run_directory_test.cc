#include "posix/strict/run_directory.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/port/port.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix::os {
namespace {

std::set<std::string> Sockets() {
  std::set<std::string> names;
  DIR* const directory = ::opendir(RunDirectory().c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] == 'p') names.insert(entry->d_name);
  }
  ::closedir(directory);
  return names;
}

// The sockets of a process; others may come and go meanwhile.
size_t SocketsOf(uint64_t birth) {
  size_t count = 0;
  for (const std::string& name : Sockets()) {
    count += name.rfind("p" + std::to_string(birth) + ".", 0) == 0 ? 1 : 0;
  }
  return count;
}

TEST(RunDirectoryTest, IsForThisUserAlone) {
  ASSERT_OK(HostPort().Self());
  struct stat directory;
  ASSERT_EQ(::lstat(RunDirectory().substr(0, RunDirectory().size() - 1).c_str(), &directory), 0);
  EXPECT_TRUE(S_ISDIR(directory.st_mode));
  EXPECT_EQ(directory.st_mode & 0777, 0700U);
}

TEST(RunDirectoryTest, SocketsOfTheDeadAreSwept) {
  // A copy makes a parker, tells its birth, and is killed.
  Pipe pipe = MakePipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ParkerCell cell = {};
    auto parker = HostPort().CreateParker(cell);
    const uint64_t birth = HostPort().Self()->birth;
    if (!parker.ok()) ::_exit(1);
    (void)!::write(pipe.write.get(), &birth, sizeof(birth));
    ::kill(::getpid(), SIGKILL);
  }
  pipe.write.reset();
  uint64_t birth = 0;
  ASSERT_EQ(::read(pipe.read.get(), &birth, sizeof(birth)), static_cast<ssize_t>(sizeof(birth)));
  int status;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(SocketsOf(birth), 1U);
  // The next process that makes one sweeps, and leaves those of the living alone.
  ParkerCell own = {};
  auto alive = HostPort().CreateParker(own);
  ASSERT_OK(alive);
  EXPECT_TRUE(InForkedCopy([] {
    ParkerCell cell = {};
    return HostPort().CreateParker(cell).ok();
  }));
  EXPECT_EQ(SocketsOf(birth), 0U);
  EXPECT_EQ(SocketsOf(HostPort().Self()->birth), 1U);
}

TEST(RunDirectoryTest, SweepingSparesOnesOwn) {
  // To itself a process looks dead: it does not see its own locks.
  ParkerCell cell = {};
  auto parker = HostPort().CreateParker(cell);
  ASSERT_OK(parker);
  const uint64_t birth = HostPort().Self()->birth;
  SweepParkers(OpenAliveFile()->fd, birth, /*at_end=*/false);
  EXPECT_EQ(SocketsOf(birth), 1U);
}

TEST(RunDirectoryTest, SocketsGoAtExit) {
  Pipe pipe = MakePipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    static ParkerCell cell = {};
    auto parker = HostPort().CreateParker(cell);
    const uint64_t birth = HostPort().Self()->birth;
    (void)!::write(pipe.write.get(), &birth, sizeof(birth));
    static Parker* const kept = parker->release();
    ::exit(kept != nullptr ? 0 : 1);
  }
  pipe.write.reset();
  uint64_t birth = 0;
  ASSERT_EQ(::read(pipe.read.get(), &birth, sizeof(birth)), static_cast<ssize_t>(sizeof(birth)));
  int status;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(SocketsOf(birth), 0U);
}

TEST(RunDirectoryTest, ProcessesOfAnotherFileCannotBeJudged) {
  ProcessIdentity self = HostPort().Self().value();
  EXPECT_TRUE(InForkedCopy([self]() mutable {
    self.birth ^= uint64_t{1} << 50;
    return HostPort().IsAlive(self).status().code() == absl::StatusCode::kUnavailable;
  }));
}

}  // namespace
}  // namespace isoproc::port::posix::os
