#include "platform/testing/system_support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

namespace isoproc::system_support {
namespace {

// Longer than any case; nothing that a failed case leaves behind stays for ever.
constexpr unsigned kLifetime = 120;

[[noreturn]] void Fail(const char* call) {
  std::perror(call);
  std::abort();
}

int Descriptor(int64_t native) { return static_cast<int>(native); }

int DescriptorLimit() {
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) Fail("getrlimit");
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 65536));
}

}  // namespace

NativePipe MakePipe() {
  int ends[2];
  if (::pipe(ends) != 0) Fail("pipe");
  // Not at once, as pipe2 does it, which macOS lacks: no case starts processes meanwhile.
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  return {ends[0], ends[1]};
}

size_t ReadPipe(int64_t read_end, char* into, size_t size) {
  while (true) {
    const ssize_t n = ::read(Descriptor(read_end), into, size);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR) Fail("read");
  }
}

void WritePipe(int64_t write_end, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(Descriptor(write_end), bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) Fail("write");
    bytes += n;
    size -= static_cast<size_t>(n);
  }
}

void ClosePipeEnd(int64_t end) { ::close(Descriptor(end)); }

int64_t OpenInheritable(const char* path) {
  const int fd = ::open(path, O_RDWR | O_CREAT, 0600);
  if (fd < 0) Fail("open");
  // Far from the numbers that a child has anyway.
  const int inheritable = ::fcntl(fd, F_DUPFD, 50);
  if (inheritable < 0) Fail("fcntl");
  ::close(fd);
  return inheritable;
}

bool Refers(int64_t native, const char* path) {
  struct stat handle;
  struct stat file;
  return ::fstat(Descriptor(native), &handle) == 0 && ::stat(path, &file) == 0 &&
         handle.st_dev == file.st_dev && handle.st_ino == file.st_ino;
}

bool IsPipe(int64_t native) {
  struct stat handle;
  if (::fstat(Descriptor(native), &handle) != 0) return false;
  return S_ISSOCK(handle.st_mode) || S_ISFIFO(handle.st_mode);
}

int CountHandles() {
  int count = 0;
  const int limit = DescriptorLimit();
  for (int fd = 0; fd < limit; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1) ++count;
  }
  return count;
}

int CountMappings() {
  std::ifstream maps("/proc/self/maps");
  return static_cast<int>(
      std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n'));
}

int CountSharedMemoryNames(const std::string& part) {
  const std::string own_directory = "/tmp/isoproc-" + std::to_string(::geteuid());
  std::error_code none;
  int count = 0;
  for (const auto& [directory, prefix] :
       {std::pair("/dev/shm", "isoproc."), std::pair(own_directory.c_str(), "m.")}) {
    for (const auto& entry : std::filesystem::directory_iterator(directory, none)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(prefix) && name.find(part) != std::string::npos) ++count;
    }
  }
  return count;
}

std::string SignalMask() {
  sigset_t mask;
  if (::pthread_sigmask(SIG_SETMASK, nullptr, &mask) != 0) Fail("pthread_sigmask");
  std::string held;
  for (int signal = 1; signal < 32; ++signal) {
    if (::sigismember(&mask, signal) == 1) held += std::to_string(signal) + " ";
  }
  return held;
}

void CloseAllHandles() {
  const int limit = DescriptorLimit();
  for (int fd = 0; fd < limit; ++fd) ::close(fd);
}

int CountChildren() {
  siginfo_t info = {};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? 1 : 0;
}

void KillFromOutside(int64_t pid) {
  if (::kill(static_cast<pid_t>(pid), SIGKILL) != 0) Fail("kill");
}

void Suspend(int64_t pid) {
  if (::kill(static_cast<pid_t>(pid), SIGSTOP) != 0) Fail("kill");
  siginfo_t info;
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WNOWAIT) != 0) Fail("waitid");
}

void Resume(int64_t pid) {
  if (::kill(static_cast<pid_t>(pid), SIGCONT) != 0) Fail("kill");
}

int64_t StartForeignProcess() {
  const pid_t pid = ::fork();
  if (pid < 0) Fail("fork");
  if (pid > 0) return pid;
  ::alarm(kLifetime);
  while (true) ::pause();
}

int RunInFork(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) {
    ::alarm(kLifetime / 4);
    ::_exit(body());
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) Fail("waitpid");
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void StealExitStatus(int64_t pid) {
  while (::waitpid(static_cast<pid_t>(pid), nullptr, 0) < 0) {
    if (errno != EINTR) Fail("waitpid");
  }
}

}  // namespace isoproc::system_support
