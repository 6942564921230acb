#include "conformance/children/children.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "isoproc/process.h"
#include "isoproc/process_options.h"

namespace isoproc::conformance {

void DoNothing() {}

int Return(int code) { return code; }

void Linger() {
  Say("ready");
  Stay();
}

int AwaitStop(int code) {
  Say("ready");
  return WaitForStop() ? code : 255;
}

void AwaitEndOfInput() {
  Say("ready");
  ReadInput();
  Say("over");
}

int LeaveADetachedChild() {
  ProcessOptions options;
  options.detached = true;
  options.standard_input = StandardStream::Inherit();
  return Process::Start<AwaitEndOfInput>(options).ok() ? 3 : 100;
}

int End(Ending ending) {
  switch (ending) {
    case Ending::kReturn:
      return 3;
    case Ending::kExit:
      std::exit(3);  // NOLINT(concurrency-mt-unsafe)
    case Ending::kThrow:
      throw std::runtime_error("the end");
    case Ending::kExitAtOnce:
      std::_Exit(3);
    case Ending::kAbort:
      std::abort();
    case Ending::kTerminate:
      std::terminate();
    case Ending::kStay:
      Stay();
  }
  return 4;
}

void Say(std::string_view line) {
  std::printf("%s\n", std::string(line).c_str());
  std::fflush(stdout);
}

void Stay() {
  while (true) absl::SleepFor(absl::Hours(1));
}

std::string ReadInput() {
  std::string text;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) text += static_cast<char>(c);
  return text;
}

void Keep(Process process) { new Process(std::move(process)); }

ProcessOptions Killable() { return {.at_exit = AtExit::kKill}; }

}  // namespace isoproc::conformance
