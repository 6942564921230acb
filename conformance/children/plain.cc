// A program as it should be. By itself it prints its arguments; with --start it starts a child
// first, from the directory above its own; with --start-deep the child starts another one, from the
// root. As a child it has the target Answer.
#include <filesystem>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "conformance/children/answer.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

namespace {

int AnswerOfAChild(int code) {
  const auto outcome =
      isoproc::conformance::Outcome(isoproc::Process::Start<isoproc::conformance::Answer>(code));
  return outcome == absl::StrCat("exited ", code) ? code : 1;
}

}  // namespace

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  using isoproc::conformance::Answer;
  using isoproc::conformance::Outcome;
  using isoproc::conformance::Print;
  if (argc == 2 && std::string_view(argv[1]) == "--start") {
    std::filesystem::current_path("..");
    Print(absl::StrCat("child: ", Outcome(isoproc::Process::Start<Answer>(21))));
  }
  if (argc == 2 && std::string_view(argv[1]) == "--start-deep") {
    isoproc::ProcessOptions options;
    options.working_directory = std::filesystem::current_path().root_path().string();
    Print(absl::StrCat("grandchild: ",
                       Outcome(isoproc::Process::Start<AnswerOfAChild>(options, 22))));
  }
  Print(absl::StrCat("arguments: ", argc - 1));
  for (int i = 1; i < argc; ++i) Print(argv[i]);
  return 9;
}
