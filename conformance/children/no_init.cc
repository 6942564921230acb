// A program whose main does not call Init. Its argument is a program that does.
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "conformance/children/answer.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

namespace {

using isoproc::Process;
using isoproc::ProcessOptions;
using isoproc::StartMethod;
using isoproc::conformance::Answer;
using isoproc::conformance::Outcome;
using isoproc::conformance::Print;

void OnlyHere() {}

void StartWith(StartMethod method, const std::string& name) {
  ProcessOptions options;
  options.start_method = method;
  const absl::Status status = Process::Start<Answer>(options, 1).status();
  const bool teaches = absl::StrContains(status.message(), "isoproc::Init(argc, argv);") &&
                       absl::StrContains(status.message(), "int main(int argc, char** argv)");
  Print(absl::StrCat(name, ": ", Outcome(status), teaches ? ", teaches" : ""));
}

}  // namespace

int main(int argc, char** argv) {
  Print("main");
  StartWith(StartMethod::kSpawn, "spawn");
  StartWith(StartMethod::kForkServer, "fork server");
  StartWith(StartMethod::kFork, "fork");
  if (argc < 2) return 0;
  Print(absl::StrCat("SetExecutable: ", Outcome(isoproc::SetExecutable(argv[1]))));
  Print(absl::StrCat("a target of both: ", Outcome(Process::Start<Answer>(42))));
  const absl::Status unknown = Process::Start<OnlyHere>().status();
  Print(absl::StrCat("a target of this program: ", Outcome(unknown),
                     absl::StrContains(unknown.message(), "OnlyHere") ? ", named" : ""));
  Print(absl::StrCat("SetExecutable: ", Outcome(isoproc::SetExecutable(""))));
  Print(absl::StrCat("back again: ", Outcome(Process::Start<Answer>(42))));
  return 0;
}
