#include "bench/floor.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/lock_user.h"
#include "bench/round.h"

extern "C" char** environ;

namespace isoproc::bench {
namespace {

constexpr char kReadyArgument[] = "--floor-ready";
constexpr char kForkServerArgument[] = "--floor-fork-server";
// What such a server is asked for: a child that ends at once, or one that runs the exit handlers
// and static destructors of the program first, as a child of isoproc does.
constexpr char kEndAtOnce = 0;
constexpr char kEndByExit = 1;
constexpr int kChannel = 3;  // where a child finds the stream to its parent

bool WaitFor(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Starts this program with `argument`; `channel`, unless negative, becomes its kChannel. The pid,
// or a negative number.
pid_t SpawnSelf(const std::string& program, const char* argument, int channel) {
  std::string name = program;
  std::string only_argument = argument;
  char* const arguments[] = {name.data(), only_argument.data(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (channel >= 0) ::posix_spawn_file_actions_adddup2(&actions, channel, kChannel);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, name.c_str(), &actions, nullptr, arguments, ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

struct SocketPair {
  int ours = -1;
  int theirs = -1;
};

bool MakeSocketPair(SocketPair* pair) {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return false;
  // Above kChannel, so that dup2() to there always makes an inheritable copy.
  for (int& fd : fds) {
    const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, kChannel + 1);
    ::close(fd);
    if (moved < 0) return false;
    fd = moved;
  }
  *pair = {fds[0], fds[1]};
  return true;
}

bool SpawnAndWait(const std::string& program) {
  const pid_t pid = SpawnSelf(program, kFloorArgument, /*channel=*/-1);
  return pid > 0 && WaitFor(pid);
}

// As isoproc must do it: the parent also learns when main was reached.
bool SpawnHearAndWait(const std::string& program) {
  SocketPair pair;
  if (!MakeSocketPair(&pair)) return false;
  const pid_t pid = SpawnSelf(program, kReadyArgument, pair.theirs);
  ::close(pair.theirs);
  char byte = 0;
  const bool heard = pid > 0 && ::read(pair.ours, &byte, 1) == 1;
  ::close(pair.ours);
  return heard && WaitFor(pid);
}

bool ForkAndWait() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  return pid > 0 && WaitFor(pid);
}

// Forks once for each byte that it reads, and answers when the child has ended.
void ServeForks() {
  char order = 0;
  while (::read(kChannel, &order, 1) == 1) {
    const pid_t pid = ::fork();
    if (pid == 0 && order == kEndByExit) std::exit(0);  // NOLINT(concurrency-mt-unsafe): one thread
    if (pid == 0) ::_exit(0);
    const char answer = pid > 0 && WaitFor(pid) ? 1 : 0;
    if (::write(kChannel, &answer, 1) != 1) return;
  }
}

class BareForkServer {
 public:
  explicit BareForkServer(const std::string& program) {
    SocketPair pair;
    if (!MakeSocketPair(&pair)) return;
    channel_ = pair.ours;
    pid_ = SpawnSelf(program, kForkServerArgument, pair.theirs);
    ::close(pair.theirs);
  }
  BareForkServer(const BareForkServer&) = delete;
  BareForkServer& operator=(const BareForkServer&) = delete;
  ~BareForkServer() {
    if (channel_ >= 0) ::close(channel_);
    if (pid_ > 0) WaitFor(pid_);
  }

  bool Ask(char order) {
    char answer = 0;
    return pid_ > 0 && ::write(channel_, &order, 1) == 1 && ::read(channel_, &answer, 1) == 1 &&
           answer == 1;
  }

 private:
  int channel_ = -1;
  pid_t pid_ = -1;
};

constexpr char kPlain[] = "system";
constexpr char kRobust[] = "system+robust";

class Mutex final : public LockUser {
 public:
  explicit Mutex(std::byte* memory) : mutex_(*reinterpret_cast<pthread_mutex_t*>(memory)) {}

  bool Make(bool robust) {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (robust) ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    const bool made = ::pthread_mutex_init(&mutex_, &attributes) == 0;
    ::pthread_mutexattr_destroy(&attributes);
    return made;
  }

  bool Use(int times, volatile uint64_t& counter) override {
    for (int i = 0; i < times; ++i) {
      if (::pthread_mutex_lock(&mutex_) != 0) return false;
      counter = counter + 1;
      if (::pthread_mutex_unlock(&mutex_) != 0) return false;
    }
    return true;
  }

 private:
  pthread_mutex_t& mutex_;
};
static_assert(sizeof(pthread_mutex_t) <= kSystemLockSize);

}  // namespace

bool IsFloorChild(int argc, char** argv) {
  if (argc != 2) return false;
  const std::string_view argument = argv[1];
  if (argument == kFloorArgument) return true;
  if (argument == kReadyArgument) return ::write(kChannel, "", 1) == 1;
  if (argument != kForkServerArgument) return false;
  ServeForks();
  return true;
}

std::vector<Way> Floors(const std::string& program) {
  std::vector<Way> floors;
  floors.push_back({"spawn/system", [program] { return SpawnAndWait(program); }});
  floors.push_back({"spawn/system+ready", [program] { return SpawnHearAndWait(program); }});
  const auto server = std::make_shared<BareForkServer>(program);
  floors.push_back({"forkserver/system", [server] { return server->Ask(kEndAtOnce); }});
  floors.push_back({"forkserver/system+exit", [server] { return server->Ask(kEndByExit); }});
  floors.push_back({"fork/system", ForkAndWait});
  return floors;
}

std::vector<std::string> SystemLocks() { return {kPlain, kRobust}; }

std::unique_ptr<LockUser> MakeSystemLock(std::string_view name, std::byte* memory) {
  auto mutex = std::make_unique<Mutex>(memory);
  if (!mutex->Make(name == kRobust)) return nullptr;
  return mutex;
}

std::unique_ptr<LockUser> OpenSystemLock(std::string_view, std::byte* memory) {
  return std::make_unique<Mutex>(memory);
}

double ProcessorMicroseconds() {
  timespec used;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

}  // namespace isoproc::bench
