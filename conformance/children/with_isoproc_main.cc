// A program that links isoproc::main.
#include "absl/strings/str_cat.h"
#include "conformance/children/answer.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

int IsoprocMain(int argc, char** argv) {
  using isoproc::conformance::Outcome;
  using isoproc::conformance::Print;
  for (int i = 1; i < argc; ++i) Print(argv[i]);
  Print(absl::StrCat("child: ", Outcome(isoproc::Process::Start<isoproc::conformance::Answer>(8))));
  return 12;
}
