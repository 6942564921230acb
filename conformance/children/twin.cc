// Argument: another image of this program, which children are to run; or none.
#include "conformance/children/twin.h"

#include <cstdint>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

namespace {

using isoproc::Process;
using isoproc::conformance::Outcome;
using isoproc::conformance::Print;

uint64_t PlaceOfThisImage() {
  return reinterpret_cast<uintptr_t>(&isoproc::conformance::StartRight);
}

bool IsElsewhere(uint64_t parent) { return parent != PlaceOfThisImage(); }

}  // namespace

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  if (argc > 1) {
    if (!isoproc::SetExecutable(argv[1]).ok()) return 1;
    Print(absl::StrCat("elsewhere: ", Outcome(Process::Start<IsElsewhere>(PlaceOfThisImage()))));
  }
  Print(absl::StrCat("left: ", absl::StrJoin(isoproc::conformance::StartLeft(), ", ")));
  Print(absl::StrCat("right: ", absl::StrJoin(isoproc::conformance::StartRight(), ", ")));
  return 0;
}
