#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/native_error.h"
#include "platform/port/port.h"
#include "posix/errors.h"
#include "posix/fd.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

TEST(ErrorsTest, CodesAreThoseOfTheContract) {
  using absl::StatusCode;
  for (const int error : {EMFILE, ENFILE, ENOMEM, EAGAIN, E2BIG, ENOSPC}) {
    EXPECT_EQ(StatusCodeOf(error), StatusCode::kResourceExhausted) << error;
  }
  for (const int error : {ENOENT, ENOTDIR}) EXPECT_EQ(StatusCodeOf(error), StatusCode::kNotFound);
  for (const int error : {EACCES, EPERM, ENOEXEC}) {
    EXPECT_EQ(StatusCodeOf(error), StatusCode::kPermissionDenied);
  }
  for (const int error : {EPIPE, ECONNRESET}) {
    EXPECT_EQ(StatusCodeOf(error), StatusCode::kUnavailable);
  }
  EXPECT_EQ(StatusCodeOf(EINVAL), StatusCode::kInvalidArgument);
  EXPECT_EQ(StatusCodeOf(123456), StatusCode::kUnknown);
}

TEST(ErrorsTest, TheNumberIsKept) {
  const absl::Status status = PosixError(EMFILE, "pipe");
  const auto native = GetNativeCode(status);
  ASSERT_TRUE(native.has_value());
  EXPECT_EQ(native->domain, "errno");
  EXPECT_EQ(native->code, EMFILE);
  EXPECT_EQ(native->operation, "pipe");
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("Too many open files"));
}

TEST(FdTest, MoveClosesWhatWasHeldAndKeepsErrno) {
  const ScopedSyscalls restored;
  static int closed;
  closed = 0;
  sys.close = [](int fd) {
    ++closed;
    errno = EIO;
    return ::close(fd);
  };
  Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Fd second(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  errno = EDOM;
  first = std::move(second);
  EXPECT_EQ(errno, EDOM);
  EXPECT_EQ(closed, 1);
  Fd& alias = first;
  first = std::move(alias);
  EXPECT_EQ(closed, 1);
  first.reset();
  EXPECT_EQ(closed, 2);
}

TEST(SystemTest, Clock) {
  absl::Duration last = HostPort().Now();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration now = HostPort().Now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemTest, RandomBytesFillEverything) {
  std::string big(1000, '\0');
  HostPort().RandomBytes({reinterpret_cast<std::byte*>(big.data()), big.size()});
  EXPECT_GT(std::set<char>(big.begin() + 700, big.end()).size(), 100U);
  EXPECT_GT(std::set<char>(big.begin(), big.begin() + 300).size(), 100U);
}

TEST(SystemTest, Processors) {
  EXPECT_GE(HostPort().UsableCpuCount(), 1);
  EXPECT_LE(HostPort().UsableCpuCount(), HostPort().CpuCount());
}

TEST(SystemTest, ThreadsGetNoSignals) {
  std::mutex mutex;
  std::condition_variable changed;
  sigset_t mask;
  bool done = false;
  ASSERT_OK(HostPort().StartThread([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    done = true;
    changed.notify_all();
  }));
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return done; });
  EXPECT_EQ(sigismember(&mask, SIGTERM), 1);
  sigset_t own;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGTERM), 0);
}

TEST(SystemTest, NoMoreThreads) {
  const ScopedSyscalls restored;
  sys.pthread_create = [](pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) {
    return EAGAIN;
  };
  EXPECT_CODE(HostPort().StartThread([] { ADD_FAILURE(); }), kResourceExhausted);
}

TEST(SystemTest, ProgramPathLeadsToThisImage) {
  const auto path = HostPort().ProgramPath("nonsense");
  ASSERT_OK(path);
  struct stat named;
  ASSERT_EQ(::stat(path->c_str(), &named), 0);
  EXPECT_TRUE(S_ISREG(named.st_mode));
}

TEST(SystemTest, FileIdentityTellsVersionsApart) {
  const std::string path = testing::TempDir() + "/isoproc-identity-" + std::to_string(::getpid());
  const auto write = [&](const char* text) {
    FILE* file = ::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    ::fputs(text, file);
    ::fclose(file);
  };
  write("a");
  const auto first = HostPort().FileIdentity(path);
  ASSERT_OK(first);
  EXPECT_EQ(HostPort().FileIdentity(path).value(), *first);
  const std::string other = path + ".new";
  ASSERT_EQ(::rename(path.c_str(), other.c_str()), 0);
  write("a");
  EXPECT_NE(HostPort().FileIdentity(path).value(), *first);
  ::unlink(path.c_str());
  ::unlink(other.c_str());
  EXPECT_CODE(HostPort().FileIdentity(path), kNotFound);
}

TEST(SystemTest, FileIdentityTellsAnImageApartThatWasWrittenOverInPlace) {
  const std::string path = testing::TempDir() + "/isoproc-in-place-" + std::to_string(::getpid());
  const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::write(fd.get(), "a", 1), 1);
  struct stat before;
  ASSERT_EQ(::fstat(fd.get(), &before), 0);
  const Deadline deadline = Soon();
  // The size is kept and the time of writing is set back; the clock of the file system is coarse.
  const timespec old[2] = {{.tv_sec = before.st_mtime, .tv_nsec = 0},
                           {.tv_sec = before.st_mtime, .tv_nsec = 0}};
  ASSERT_EQ(::futimens(fd.get(), old), 0);
  const std::string second = HostPort().FileIdentity(path).value();
  std::string third = second;
  while (third == second && !deadline.Expired(HostPort().Now())) {
    ASSERT_EQ(::pwrite(fd.get(), "b", 1, 0), 1);
    ASSERT_EQ(::futimens(fd.get(), old), 0);
    third = HostPort().FileIdentity(path).value();
  }
  EXPECT_NE(third, second);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace isoproc::port::posix
