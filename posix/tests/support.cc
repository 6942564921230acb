#include "posix/tests/support.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace isoproc::port::posix {

Deadline Soon() { return Deadline::After(HostPort().Now(), absl::Seconds(60)); }

Pipe MakePipe() {
  int fds[2];
  EXPECT_EQ(sys.pipe(fds), 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t count = ::read(fd, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

std::string OutputOf(SpawnRequest request) {
  Pipe pipe = MakePipe();
  request.standard_streams[1].kind = StandardStream::Kind::kHandle;
  request.standard_streams[1].native = pipe.write.get();
  absl::StatusOr<std::unique_ptr<ChildProcess>> child = HostPort().Spawn(request);
  pipe.write.reset();
  EXPECT_TRUE(child.ok()) << child.status();
  if (!child.ok()) return "";
  std::string text = ReadAll(pipe.read.get());
  const absl::StatusOr<Termination> end = (*child)->Wait(Soon());
  EXPECT_TRUE(end.ok()) << end.status();
  if (end.ok()) {
    EXPECT_EQ(end->kind, Termination::Kind::kExited);
    EXPECT_EQ(end->value, 0);
  }
  return text;
}

std::set<int> OpenDescriptors() {
  std::set<int> open;
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) open.insert(fd);
  }
  return open;
}

bool NoChildLeft() {
  int status;
  return ::waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD;
}

bool EndsSoon(pid_t pid) {
  for (int i = 0; i < 6000; ++i) {
    if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
    ::poll(nullptr, 0, 10);
  }
  return false;
}

bool InForkedCopy(const std::function<bool()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

}  // namespace isoproc::port::posix
