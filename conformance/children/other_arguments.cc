// A program whose child gives Init other arguments than those of main: none, or, if the program has
// any itself, one more. A child that comes to its main all the same starts no other.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "conformance/children/answer.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

int main(int argc, char** argv) {
  using isoproc::conformance::Outcome;
  using isoproc::conformance::Print;
  const bool is_child = std::getenv("ISOPROC_TEST_CHILD") != nullptr;
  const bool more_given = is_child ? std::getenv("ISOPROC_TEST_MORE") != nullptr : argc > 1;
  if (!is_child) {
    isoproc::Init(argc, argv);
  } else if (!more_given) {
    isoproc::Init(0, nullptr);
  } else {
    char added[] = "added";
    std::vector<char*> more(argv, argv + argc);
    more.push_back(added);
    isoproc::Init(argc + 1, more.data());
  }
  Print("main");
  if (is_child) return 17;
  isoproc::ProcessOptions options;
  options.environment = std::map<std::string, std::string>{{"ISOPROC_TEST_CHILD", "1"}};
  if (more_given) options.environment->emplace("ISOPROC_TEST_MORE", "1");
  const absl::Status status =
      isoproc::Process::Start<isoproc::conformance::Answer>(options, 3).status();
  Print(absl::StrCat(
      "child: ", Outcome(status),
      absl::StrContains(status.message(), "did not get the arguments of main") ? ", named" : ""));
  return 9;
}
