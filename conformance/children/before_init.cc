// A program that tries to start children too early: from a static initialiser, and from main before
// Init. It counts how often its static initialiser ran.
#include "absl/strings/str_cat.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

namespace {

using isoproc::Process;
using isoproc::conformance::Outcome;
using isoproc::conformance::Say;

int count = 0;

int Target() {
  Say("target");
  return count;
}

const bool initialised = [] {
  ++count;
  Say(absl::StrCat("static initialiser: ", Outcome(Process::Start<Target>())));
  return true;
}();

}  // namespace

int main(int argc, char** argv) {
  Say(absl::StrCat("main before Init: ", Outcome(Process::Start<Target>())));
  isoproc::Init(argc, argv);
  Say("main after Init");
  count = 100;
  Say(absl::StrCat("child: ", Outcome(Process::Start<Target>())));
  return initialised ? 0 : 1;
}
