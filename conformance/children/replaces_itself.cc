// A program that puts another one in its place while it runs, and starts a child then.
// Arguments: its own file, the file of the other.
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "conformance/children/outcome.h"
#include "isoproc/isoproc.h"

namespace {

int OldImage() {
  isoproc::conformance::Print("the old image");
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  if (argc != 3) return 1;
  std::error_code error;
  std::filesystem::rename(argv[2], argv[1], error);
  if (error) return 2;
  isoproc::conformance::Print(
      absl::StrCat("child: ", isoproc::conformance::Outcome(isoproc::Process::Start<OldImage>())));
  return 0;
}
