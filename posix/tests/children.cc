// The bodies of child processes: this program, started again with "child" as its first argument.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/port/port.h"
#include "posix/tests/support.h"

namespace isoproc::port::posix {
namespace {

std::string& ProgramName() {
  static auto* const name = new std::string;
  return *name;
}

constexpr char kBootstrapPrefix[] = "--bootstrap=";

// Takes the stream that the last argument names and reads the greeting off.
std::unique_ptr<Stream> TakeBootstrap(const std::vector<std::string>& arguments) {
  const std::string token = arguments.back().substr(strlen(kBootstrapPrefix));
  auto stream = HostPort().AdoptBootstrap(
      token, absl::MakeConstSpan(reinterpret_cast<const std::byte*>(kGreeting), strlen(kGreeting)));
  if (!stream.ok()) ::_exit(90);
  std::byte greeting[sizeof(kGreeting) - 1];
  const auto count = (*stream)->Read(absl::MakeSpan(greeting), Deadline::Never());
  if (!count.ok() || *count != sizeof(greeting)) ::_exit(91);
  return *std::move(stream);
}

// Reads until the other side is gone.
void AwaitEndOfStream(Stream* stream) {
  std::byte byte;
  while (true) {
    const auto count = stream->Read(absl::MakeSpan(&byte, 1), Deadline::Never());
    if (!count.ok()) ::_exit(92);
    if (*count == 0) return;
  }
}

void PrintDescriptors() {
  // Found by trying them, so that looking opens none.
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) printf("%d ", fd);
  }
}

// Sanitizers handle some, as soon as a program starts; `handled` is for children that do not.
void PrintSignals(bool handled) {
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&mask, signal) == 1) printf("blocked:%d ", signal);
    struct sigaction action;
    if (::sigaction(signal, nullptr, &action) == 0 &&
        (action.sa_handler == SIG_IGN || (handled && action.sa_handler != SIG_DFL))) {
      printf("not default:%d ", signal);
    }
  }
}

int Run(const std::string& mode, const std::vector<std::string>& arguments) {
  if (mode == "exit") return atoi(arguments[0].c_str());
  if (mode == "signal") {
    const int signal = atoi(arguments[0].c_str());
    ::signal(signal, SIG_DFL);
    return raise(signal);
  }
  if (mode == "descriptors") {
    PrintDescriptors();
  } else if (mode == "signals") {
    PrintSignals(/*handled=*/false);
  } else if (mode == "ids") {
    printf("%d %d %d", static_cast<int>(getpid()), static_cast<int>(getpgrp()),
           static_cast<int>(getsid(0)));
  } else if (mode == "environment") {
    for (char** entry = environ; *entry != nullptr; ++entry) printf("%s\n", *entry);
  } else if (mode == "directory") {
    char buffer[4096];
    printf("%s", getcwd(buffer, sizeof(buffer)));
  } else if (mode == "arguments") {
    for (const std::string& argument : arguments) printf("[%s]", argument.c_str());
  } else if (mode == "cat") {
    const std::string text = ReadAll(STDIN_FILENO);
    printf("%s", text.c_str());
  } else if (mode == "streams") {
    // Writes to the standard streams; says nothing of failures.
    (void)!write(STDOUT_FILENO, "out", 3);
    (void)!write(STDERR_FILENO, "err", 3);
  } else if (mode == "wait") {
    const std::unique_ptr<Stream> stream = TakeBootstrap(arguments);
    AwaitEndOfStream(stream.get());
  } else if (mode == "family") {
    // A grandchild in the same family; both live until they are killed.
    const pid_t grandchild = fork();
    if (grandchild != 0) {
      printf("%d\n", static_cast<int>(grandchild));
      fflush(stdout);
    }
    fclose(stdout);
    while (true) pause();
  } else if (mode == "family-then-exit") {
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      fclose(stdout);
      while (true) pause();
    }
    printf("%d\n", static_cast<int>(grandchild));
    fflush(stdout);
    _exit(7);
  } else if (mode == "end-family") {
    // Told to end by the end of its bootstrap stream, takes its grandchild along.
    const std::unique_ptr<Stream> stream = TakeBootstrap(arguments);
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      ::close(3);
      fclose(stdout);
      while (true) pause();
    }
    printf("%d\n", static_cast<int>(grandchild));
    fflush(stdout);
    AwaitEndOfStream(stream.get());
    HostPort().EndFamily();
  } else if (mode == "thread-only") {
    // Says who it is; then its first thread ends, and another one goes on.
    const ProcessIdentity self = HostPort().Self().value();
    fwrite(&self, sizeof(self), 1, stdout);
    fflush(stdout);
    if (!HostPort()
             .StartThread([] {
               while (true) pause();
             })
             .ok()) {
      return 95;
    }
    ::pthread_exit(nullptr);
  } else if (mode == "serve") {
    // A fork server whose children do what the stream tells them: 'x' exits with 42, 'i' prints who
    // they are, 'e' their environment, 'd' their descriptors, else they wait for the end of stream.
    std::unique_ptr<Stream> server = TakeBootstrap(arguments);
    const absl::Status status =
        HostPort().ServeForks(std::move(server), [](std::unique_ptr<Stream> stream) {
          std::byte order{'w'};
          (void)stream->Read(absl::MakeSpan(&order, 1), Deadline::Never());
          if (order == std::byte{'x'}) _exit(42);
          if (order == std::byte{'i'}) {
            printf("%d %d %d", static_cast<int>(getpid()), static_cast<int>(getpgrp()),
                   static_cast<int>(getsid(0)));
          } else if (order == std::byte{'e'}) {
            for (char** entry = environ; *entry != nullptr; ++entry) printf("%s\n", *entry);
          } else if (order == std::byte{'d'}) {
            PrintDescriptors();
          } else if (order == std::byte{'s'}) {
            PrintSignals(/*handled=*/true);
          } else if (order == std::byte{'c'}) {
            char buffer[4096];
            printf("%s", getcwd(buffer, sizeof(buffer)));
          } else {
            AwaitEndOfStream(stream.get());
          }
          fflush(stdout);
          _exit(0);
        });
    return status.ok() ? 0 : 93;
  } else {
    return 94;
  }
  return 0;
}

}  // namespace

void RunIfChild(int argc, char** argv) {
  ProgramName() = argv[0];
  (void)HostPort().ProgramPath(argv[0]);
  if (argc < 3 || std::string_view(argv[1]) != "child") return;
  const int code = Run(argv[2], std::vector<std::string>(argv + 3, argv + argc));
  fflush(nullptr);
  _exit(code);
}

SpawnRequest ChildRequest(std::vector<std::string> mode) {
  SpawnRequest request;
  request.program = HostPort().ProgramPath(ProgramName()).value();
  request.arguments = {ProgramName(), "child"};
  for (std::string& word : mode) request.arguments.push_back(std::move(word));
  request.standard_streams[0].kind = StandardStream::Kind::kNull;
  request.bootstrap_prefix = kBootstrapPrefix;
  return request;
}

}  // namespace isoproc::port::posix
