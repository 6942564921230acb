// A program that calls Init twice, and once more in its child.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

namespace {

using isoproc::Process;
using isoproc::conformance::Outcome;
using isoproc::conformance::Print;

void InitAgain() {
  std::string name = "other";
  std::string argument = "--other";
  char* arguments[] = {name.data(), argument.data(), nullptr};
  isoproc::Init(2, arguments);
}

std::string Arguments() {
  std::vector<std::string> arguments = isoproc::ProgramArguments();
  if (!arguments.empty()) arguments.erase(arguments.begin());  // the program
  return absl::StrJoin(arguments, " ");
}

int Grandchild() { return 5; }

int Child() {
  InitAgain();
  Print(absl::StrCat("child: ", Arguments()));
  Print(absl::StrCat("grandchild: ", Outcome(Process::Start<Grandchild>())));
  return 6;
}

}  // namespace

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  isoproc::Init(argc, argv);
  InitAgain();
  Print(absl::StrCat("main: ", Arguments()));
  Print(absl::StrCat("child: ", Outcome(Process::Start<Child>())));
  return 0;
}
