// A program that tries to start children too early: from a static initialiser, and from main before
// Init. It counts how often its static initialiser ran.
#include "absl/strings/str_cat.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

namespace {

using isoproc::Process;
using isoproc::conformance::Outcome;
using isoproc::conformance::Print;

int count = 0;

int Target() {
  Print("target");
  return count;
}

const bool initialised = [] {
  ++count;
  Print(absl::StrCat("static initialiser: ", Outcome(Process::Start<Target>())));
  return true;
}();

}  // namespace

int main(int argc, char** argv) {
  Print(absl::StrCat("main before Init: ", Outcome(Process::Start<Target>())));
  isoproc::Init(argc, argv);
  Print("main after Init");
  count = 100;
  Print(absl::StrCat("child: ", Outcome(Process::Start<Target>())));
  return initialised ? 0 : 1;
}
