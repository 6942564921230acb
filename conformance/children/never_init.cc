// A program that names itself as the one to run, but never calls Init: its children must not have
// children. Each process says how deep it is; should the library let it, the third one gives up.
#include <cstdlib>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "conformance/children/answer.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

namespace {

constexpr char kDepth[] = "ISOPROC_TEST_DEPTH";
constexpr char kProgram[] = "ISOPROC_TEST_PROGRAM";

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no threads
  return value != nullptr ? value : "";
}

void StartMyself(const std::string& program, isoproc::StartMethod method, const std::string& from) {
  const std::string depth = Variable(kDepth);
  if (depth.size() > 2) return;
  isoproc::SetExecutable(program).IgnoreError();
  isoproc::ProcessOptions options;
  options.start_method = method;
  options.environment =
      std::map<std::string, std::string>{{kDepth, depth + "i"}, {kProgram, program}};
  const absl::Status status =
      isoproc::Process::Start<isoproc::conformance::Answer>(options, 1).status();
  const bool plain = absl::StrContains(status.message(), "is a child of isoproc");
  isoproc::conformance::Print(absl::StrCat(depth, from, ": ", isoproc::conformance::Outcome(status),
                                           plain ? ", plainly" : ""));
}

const bool initialised = [] {
  if (!Variable(kProgram).empty()) {
    StartMyself(Variable(kProgram), isoproc::StartMethod::kSpawn, " static initialiser");
  }
  return true;
}();

}  // namespace

int main(int argc, char** argv) {
  StartMyself(argv[0], isoproc::StartMethod::kSpawn, " main");
  if (argc == 2 && std::string(argv[1]) == "fork server") {
    StartMyself(argv[0], isoproc::StartMethod::kForkServer, " main, fork server");
  }
  return initialised ? 7 : 1;
}
